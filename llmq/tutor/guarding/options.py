"""Whether a sentence points at the right one of several options, or rules the others out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from llmq.answers.readings import as_words
from llmq.tutor.exercise import Exercise
from llmq.tutor.guarding.figures import figured, meant
from llmq.tutor.guarding.secrets import numbers
from llmq.tutor.guarding.signs import clean, flat

CALLED = {
    "A": "alpha|alfa|ay", "B": "bravo|bee", "C": "charlie|cee|see|sea", "D": "delta|dee", "E": "echo|ee",
    "F": "foxtrot|eff", "G": "golf|gee", "H": "hotel|aitch",
}  # fmt: skip
PLACES = (
    "first|1st|top",
    "second|2nd",
    "third|3rd",
    "fourth|4th",
    "fifth|5th",
    "sixth|6th",
    "seventh|7th",
    "eighth|8th",
)
COUNTED = ("one|1", "two|2", "three|3", "four|4", "five|5", "six|6", "seven|7", "eight|8")
FROM_THE_END = (
    r"last(?! (?:one )?but)|final|bottom", r"next to (?:the )?last|last (?:one )?but one|second to last|one before (?:the )?last|penultimate|second from the (?:end|bottom)",
    r"third to last|last (?:one )?but two|third from the (?:end|bottom)",
)  # fmt: skip
ONE = r"(?:\s+(?:one|option|choice|answer|line|letter|item|number|fraction|word|unit|picture|figure|of (?:them|these|those|the \w+)|in|on|from)\b|\W*$)"
OUT = re.compile(
    r"\b(?:not|nor|neither|never|eliminat\w*|rul(?:e|es|ed|ing) (?:\w+ ){0,3}out|cross(?:es|ed)? (?:\w+ ){0,3}(?:out|off)|exclud\w*|discard\w*|drop|ignore|forget|out|wrong|false|incorrect|impossible"
    r"|too (?:big|small|large|little|high|low|far|hot|cold|slow|long|short)|except|without|anything but|other than|all but|besides)\b|n['’]t\b",
    re.I,
)  # fmt: skip
DESCRIBED = re.compile(
    r"\bthe only (?:one|option|choice|answer|fraction|decimal|word|name|number|unit)\b|\b(?:option|one|choice|answer|fraction|word|name) (?:with|whose|that (?:has|starts|begins|ends|contains)|which (?:has|starts|begins|ends)|containing|starting|beginning|ending|next to|after|before|between|above|below|under)\b"
    r"|\b(?:letter|option|choice)s?\b[^.!?]{0,20}\b(?:after|before|between|above|below|follow\w*|next)\b|\b(?:after|before|between|follows|next to) [A-H]\b",
    re.I,
)  # fmt: skip
ORDERED = re.compile(r"[<>]|\b(?:then|followed by|in order|sorted)\b", re.I)
PLACED = re.compile(r"\b(?:first|second|third|fourth|last|middle|other|others)\b(?!,)", re.I)


@dataclass(frozen=True)
class Options:
    """How the right option is pointed at, and how each of the others is named."""

    letter: re.Pattern[str]
    place: re.Pattern[str]
    name: str
    others: tuple[tuple[re.Pattern[str], str], ...]
    value: frozenset[Fraction]
    other_values: frozenset[Fraction]


@lru_cache(maxsize=64)
def options_of(exercise: Exercise) -> Options | None:
    """The options of an exercise; None where its key is none of them."""
    names = [as_words(choice) for choice in exercise.choices]
    if as_words(exercise.key) not in names:
        return None
    index, n = names.index(as_words(exercise.key)), len(names)
    places = [PLACES[index % 8], FROM_THE_END[n - index - 1] if n - index <= 3 else "(?!)"]
    if n % 2 and index == n // 2:
        places.append("middle|cent(?:er|re)")
    number = COUNTED[index % 8]
    place = re.compile(
        rf"\b(?:{'|'.join(places)}){ONE}|\b(?:{'|'.join(places)}) \w+ (?:in|on|of|from) (?:the|this|your|our) (?:list|choices|options|row)\b|\b(?:option|choice|number|no\.?|answer|pick|choose)\s*#?(?:is )?(?:{number})\b(?! of)"
        + (r"|\bin the middle\b" if len(places) == 3 else ""), re.I,
    )  # fmt: skip
    others = tuple((_letter(i), name) for i, name in enumerate(names) if i != index)
    values = [_values(choice) for choice in exercise.choices]
    other_values = frozenset().union(*values[:index], *values[index + 1 :])
    return Options(
        _letter(index), place, names[index], others, values[index] - other_values, other_values
    )


def points(sentence: str, told: Sequence[str], options: Options) -> bool:
    """Whether a `clean` sentence points at the right option, with those `told` before it.

    >>> exercise = Exercise("c", "s", "Which is larger?", "3/4", choices=("1/2", "3/4", "2/3"))
    >>> options = options_of(exercise)
    >>> [points(text, (), options) for text in ("It's B.", "Not A, not C.", "A fraction.")]
    [True, True, False]
    """
    if options.letter.search(sentence) or DESCRIBED.search(sentence):
        return True
    if options.place.search(sentence):
        return True
    said = f" {as_words(sentence)} "
    is_named = f" {options.name} " in said
    are_named = all(f" {name} " in said for _, name in options.others)
    if is_named and are_named and ORDERED.search(sentence):
        return True
    if OUT.search(sentence) and PLACED.search(sentence):
        return True
    ruled_out = {n for text in (*told, sentence) if OUT.search(text) for n in _named(text, options)}
    if OUT.search(sentence) and len(ruled_out) >= len(options.others) > 1:
        return True
    return (is_named and not are_named) or _names_in_figures(sentence, options)


def _names_in_figures(sentence: str, options: Options) -> bool:
    """Whether the right number is named in another writing, not all others: 0.70 for 0.7."""
    said = _values(sentence) if options.value else frozenset()
    return not options.value.isdisjoint(said) and not options.other_values <= said


def _values(text: str) -> frozenset[Fraction]:
    return frozenset(n for n, _, _ in numbers(meant(figured(flat(clean(text)), whole=False))))


def _named(text: str, options: Options) -> list[str]:
    said = f" {as_words(text)} "
    return [name for letter, name in options.others if f" {name} " in said or letter.search(text)]


def _letter(index: int) -> re.Pattern[str]:
    """An option's letter, alone or where it is picked; A and I are words besides."""
    letter = chr(ord("A") + index)
    called = CALLED.get(letter, "(?!)")
    alone = rf"(?<![\w'’^*/+=-]){letter}(?![\w'’^*/+=])"
    if letter == "A":
        alone = rf"{alone}(?! [a-z])|(?<=[a-z,] ){alone}(?= (?:is|and|or|nor|has|looks|either)\b)|^\W*{alone}(?= (?:is|has|looks|and|or|nor)\b)"
    picked = rf"(?i:\b(?:option|choice|letter|answer(?: is)?|pick|choose|take|select|tick|go (?:for|with))\b\W*(?:is\W+)?\(?(?:(?-i:{letter})\b(?! of)|{letter}\b(?! [a-z])|{called}\b))"
    bare = rf"(?i:^\W*(?:la |le |the )?(?:{letter}|{called})\W*$)|(?i:\(?\b{letter}\))"
    return re.compile(f"{alone}|{picked}|{bare}")
