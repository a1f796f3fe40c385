"""Whether several sentences tell together what none tells alone: figure by figure, by sums."""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from llmq.tutor.guarding.figures import KEPT, figured, meant
from llmq.tutor.guarding.secrets import Secrets, numbers
from llmq.tutor.guarding.signs import clean, flat

MOST = 6  # numbers that are put together
NEAR = 9  # characters before a number that say that it is a result
SHORT = 4  # words of a sentence whose small numbers count
SPOKEN = re.compile(
    r"\b(?:write|put|figure|digit|next|then|behind|after|follow\w*|place|type|column|and a|goes on|begins?|starts?|ends?|space)\b"
)  # fmt: skip
RUN = re.compile(r"(?<![\d.])\d(?:(?: ?[,;] ?| |-)(?:then )?\d){2,9}(?![\d.]\d|\d)")
EXAMPLE = re.compile(r"\b(?:for (?:example|instance)|another|similar|suppose|imagine)\b", re.I)
RESULT = re.compile(r"(?:=|\b(?:is|are|makes?|gives?)\b) ?$")
DIGIT = re.compile(
    r"\b(?:digits?|figures?|ten(?:th)?s? place|hundredths? place|ones? place|units? place|(?:tens?|ones|units?|hundreds|tenths|hundredths|thousandths) (?:digit|figure|column|place)|(?:it|answer|number|result|which|that|key|one|solution) (?:\w+ )?(?:starts?|begins?|ends?) (?:in|with|on)|rhymes with)\b|^\W*(?:starts|begins|ends) (?:in|with)"
)
LABEL = re.compile(
    r"\b(?:step|part|question|line) #?\d+\b|\b\d+ ?(?:%|percent)(?: of \d+)?(?= ?(?:is|are|makes?|=)\b)|^\s*\d+[.)](?=\s)"
)
ASKED = re.compile(r"\W*(?:which|what|where|how)\b[^.!?]*(?:\.\d[^.!?]*)?\?\W*$")
COUNT = re.compile(
    r"\bdigit is (?:[45] or (?:more|less|above|below|higher|lower|smaller|greater)|(?:less|more|greater|smaller) than [45]|at least 5|under 5)\b|\b\d+[ -]digits?\b|\bdigits? (?:behind|after) the\b"
)
PROPERTY = re.compile(
    r"\b(?:even|odd|prime|the same|twin|equal|identical|swapped?|swap|palindrome|multiple|divisible|alphabet)\b"
)


def in_series(sentence: str, told: Sequence[str], secrets: Secrets) -> bool:
    """Whether the numbers of `told` and of `sentence`, put side by side or added, are hidden ones.

    >>> from llmq.tutor.exercise import Exercise
    >>> from llmq.tutor.guarding.secrets import secrets_of
    >>> secrets = secrets_of(Exercise("sum", "sums", "What is 20 - 8?", "12"), ())
    >>> in_series("Behind it a 2.", ["Write a 1."], secrets), in_series("2 steps.", [], secrets)
    (True, False)
    """
    if any(Fraction(re.sub(r"\D", "", run[0])) in secrets.hidden for run in RUN.finditer(sentence)):
        return True
    new = _said(sentence, secrets)
    if not new:
        return False
    if _sums_up(*told, sentence, secrets=secrets):
        return True
    before = [number for text in told for number in _said(text, secrets)]
    is_example = bool(EXAMPLE.search(" ".join((*told, sentence))))
    found = [*before, *new][-MOST - len(new) :]
    for start in range(len(found) - 1):
        for stop in range(
            max(start + 2, len(found) - len(new) + 1), min(len(found), start + MOST) + 1
        ):
            if _together(
                found[start:stop],
                secrets,
                over_several=not is_example and start < len(found) - len(new),
            ):
                return True
    return False


def _sums_up(*texts: str, secrets: Secrets) -> bool:
    """Whether results of calculations make up what is hidden: 36 and 6 of 3 * 12 and 0.5 * 12."""
    found: list[Fraction] = []
    for text in texts if not EXAMPLE.search(" ".join(texts)) else ():
        found += _results(text)
    return any(
        sum(found[-n:]) in secrets.hidden and not secrets.shown.issuperset(found[-n:])
        for n in range(2, 1 + min(len(found), MOST))
    )


@lru_cache(maxsize=KEPT)
def _results(text: str) -> tuple[Fraction, ...]:
    whole = meant(figured(flat(clean(text)), whole=True))
    return tuple(
        n for n, start, _ in numbers(whole) if RESULT.search(whole[max(0, start - NEAR) : start])
    )


def tells_digits(sentence: str, secrets: Secrets) -> bool:
    """Whether a sentence speaks of figures of a number and says one: it ends in 2."""
    text = COUNT.sub(" ", figured(flat(sentence), whole=True))
    if ASKED.match(text) and {n for n, _, _ in numbers(text)} <= secrets.shown | {1}:
        return False
    if not DIGIT.search(text):
        return False
    return bool(PROPERTY.search(text)) or any(True for _ in numbers(text))


def _together(
    found: Sequence[tuple[Fraction, bool]], secrets: Secrets, *, over_several: bool
) -> bool:
    values = [value for value, _ in found]
    if all(is_free for _, is_free in found):
        return False
    if over_several and len(values) <= 3 and len({*values}) > 1 and sum(values) in secrets.hidden:
        return True
    if any(value.denominator > 1 or value < 0 for value in values):
        return False
    joined = "".join(str(value.numerator) for value in values)
    return any(
        n == joined or (len(n) > 2 and n.startswith(joined)) for n in map(str, secrets.hidden)
    )


def _said(text: str, secrets: Secrets) -> list[tuple[Fraction, bool]]:
    """The numbers of a sentence, and whether each is free: shown, in a sentence of some length."""
    found, is_bare = _spoken(text)
    return [(n, n in secrets.shown and not is_bare) for n in found]


@lru_cache(maxsize=KEPT)
def _spoken(text: str) -> tuple[tuple[Fraction, ...], bool]:
    """The numbers of a sentence, without small ones in words, and whether it says little else."""
    whole = LABEL.sub(" ", figured(flat(clean(text)), whole=True))
    is_short = len(re.findall(r"\w+", whole)) <= SHORT or bool(SPOKEN.search(whole))
    small = frozenset() if is_short else frozenset(map(Fraction, _spelled_small(text)))
    found = sorted(numbers(whole), key=lambda number: number[1])
    is_bare = len(re.findall(r"\w+", whole)) <= 2
    return tuple(n for n, _, _ in found if n not in small), is_bare


def _spelled_small(text: str) -> list[int]:
    words = text.casefold()
    return [
        n for n, word in enumerate(("one", "two", "three"), 1) if re.search(rf"\b{word}\b", words)
    ]
