"""What a text may mean: every way in which it can be read as mathematics."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from llmq.answers.nodes import Group, Node, Num
from llmq.answers.parser import parse
from llmq.answers.tokens import (
    IN_TEXT,
    MOST_CHARACTERS,
    NotMathError,
    Style,
    signs_unified,
    tokens_of,
)
from llmq.answers.units import Unit, unit_split

ABOUT = re.compile(
    r"^(?:it is |x )?(?:about|approximately|approx\.?|around|roughly|≈|~|\\approx)\s*", re.I
)
DOTS = re.compile(r"(?:\.\.\.|…|\\ldots|\\dots)$")
ROUNDED = re.compile(
    r"[\s,(]*(?:rounded\b|to \d+ (?:decimal|d\.?p)|\(?to the nearest|\d d\.?p\.?).*$", re.I
)
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
QUOTES = "\"'`“”„\u2018\u2019«»"


@dataclass(frozen=True)
class Reading:
    """One way to read a text: what it says, in which unit, and whether it is rounded."""

    node: Node
    unit: Unit | None = None
    label: str = ""
    is_about: bool = False


def tidy(text: str) -> str:
    r"""`text` without what only surrounds an answer: white space, marks of emphasis, a full stop.

    >>> tidy(" **3/4**. "), tidy("$x + 1$"), tidy(r"\boxed{5}"), tidy("“yes”")
    ('3/4', 'x + 1', '5', 'yes')
    """
    text = IN_TEXT.sub(r" \1 ", " ".join(text[: 4 * MOST_CHARACTERS].split()))
    before = None
    while text != before:
        before = text
        text = text.strip(" " + QUOTES)
        text = re.sub(r"(?<!\.)[.,;:]$|(?<=[^\W\d_]{2})!$", "", text)
        text = re.sub(r"^(\*\*|__|\*|_|\$\$)(.+)\1$", r"\2", text)
        text = re.sub(r"^\$([^$]+)\$$", r"\1", text)
        text = re.sub(r"^\\[(\[](.+)\\[)\]]$", r"\1", text)
        text = re.sub(r"^\\boxed\s*\{(.*)\}$", r"\1", text)
    return text


def as_words(text: str) -> str:
    """`text` as words alone, for comparing what is no mathematics.

    >>> as_words("The  Photosynthesis!")
    'photosynthesis'
    """
    folded = unicodedata.normalize("NFC", text).casefold()
    words = re.findall(r"[\w+-]+", folded)
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def readings(text: str) -> tuple[Reading, ...]:
    """All readings of a tidy text, none where it is no mathematics."""
    if len(text) > MOST_CHARACTERS:
        return ()
    return tuple(dict.fromkeys(_readings(text)))


def _readings(text: str) -> Iterator[Reading]:
    if text.casefold() in NUMBERS:
        yield Reading(Num(Fraction(NUMBERS.index(text.casefold()))))
        return
    bare = DOTS.sub("", ROUNDED.sub("", ABOUT.sub("", text)))
    is_about = bare != text
    bare = re.sub(r"\\?\$(?=[\d.])", "$", bare)
    currency = bare if re.match(r"-? ?\$", bare) else ""
    plain = bare if currency else re.sub(r"\s+", " ", signs_unified(bare)).strip()
    plain = re.sub(r"^(?:\w )?= ", "", plain) if plain.startswith("= ") else plain
    if re.search(r"\d!$", plain):  # said loudly, or a factorial
        yield from _readings(text.rstrip("! "))
    number, unit, label = unit_split(plain)
    number = signs_unified(number) if currency else number
    for style in Style:
        if unit or label:
            yield from _nodes(number, style, unit, label, is_about=is_about)
        yield from _nodes(plain, style, None, "", is_about=is_about)
        if "±" in plain or " pm " in plain:
            yield from _both_signs(plain, style)


def _nodes(
    text: str, style: Style, unit: Unit | None, label: str, *, is_about: bool
) -> Iterator[Reading]:
    try:
        node = parse(tokens_of(text, style))
    except NotMathError:
        return
    yield Reading(node, unit, label, is_about)


def _both_signs(text: str, style: Style) -> Iterator[Reading]:
    """±2 is a list of two."""
    sides = (text.replace("±", sign, 1).replace(" pm ", sign, 1) for sign in "+-")
    try:
        items = tuple(parse(tokens_of(side, style)) for side in sides)
    except NotMathError:
        return
    yield Reading(Group(",", items))
