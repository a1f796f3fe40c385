"""The numbers that a text speaks of, in figures or in English words, as exact fractions.

1,200 and 1200, 0.5 and .5, 3/4 and \\frac{3}{4}, 1½ and 1 1/2, 25 %, -3, twenty-five, two thirds.
What is no quantity is left out: the numeral of a list, Step 3, the 7 of 7x, x^7, 7th and 7:30. A
fraction is one number; its parts are none.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SMALL = {name: i for i, name in enumerate(ONES)} | {
    name: 20 + 10 * i for i, name in enumerate(TENS)
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4,
    "fourths": 4, "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8,
    "tenth": 10, "tenths": 10,
}  # fmt: skip

DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
FIGURE = re.compile(
    r"(?<![\w.^])(?:(?P<whole>\d+) (?P<over>\d+)/(?P<under>\d+)"
    r"|(?P<top>\d+) ?/ ?(?P<bottom>\d+)"
    rf"|(?P<number>{DIGITS})(?P<percent> ?%)?)"
    r"(?![\d^]|[.,:/]\d)"
)
WORD = "|".join(sorted((*SMALL, *SCALES), key=len, reverse=True))
SPELLED = re.compile(
    rf"\b(?:(?P<a>an?|{WORD})[ -](?P<part>{'|'.join(PARTS)})|(?P<half>half)"
    rf"|(?P<words>(?:{WORD})(?:(?: and | |-)(?:{WORD}))*))\b",
    re.IGNORECASE,
)
UNIT = re.compile(r"(?:[A-Za-z]{2,}|[mgslhLVWJNK°])(?![\w^])")  # what may touch a number: 5cm, 5m
ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
NUMBERED = re.compile(
    r"(?:\b(?:step|question|problem|part|example|exercise|page|line|grade|chapter|section|level)"
    r"\s*#?|(?:^|\n)[ \t]*\(?)$",
    re.IGNORECASE,
)
LIST_MARK = re.compile(r"[.)](?:\s|$)")
MINUS = re.compile(r"(?:^|[\s(\[=,])-$")  # it touches the number and nothing before it
NEAR = 40  # characters before a number, in which what it counts stands
LONGEST = 60  # characters of a number; what is longer is none that anybody asks for
NAMED = re.compile(r"[a-z#]\s*#?$", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A number of a text at `start` to `stop`.

    `reduced` is False of a fraction that can be made simpler, which is a task and no number.
    """

    value: Fraction
    start: int
    stop: int
    reduced: bool = True
    percent: bool = False
    spelled: bool = False


def plain(text: str) -> str:
    """`text` with the signs of numbers as on a keyboard, and without marks of emphasis.

    >>> plain("\\u22121½ is \\\\frac{3}{4}, **1\u202f200**")
    '-1 1/2 is 3/4, 1200'
    """
    text = re.sub(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}", r"\1/\2", text)
    text = re.sub(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3})", "", text)
    text = "".join(_written(character) for character in text)
    text = re.sub(r"(?<=\d)~(?=\d)", " ", text).replace("~", "")
    return re.sub(r"\*\*|__|\\[()\[\]]", "", text)


def _written(character: str) -> str:
    if character in "\u2212\u2010\u2011\u2012\u2013":
        return "-"
    if character == "\u2044":
        return "/"
    if character == "~":
        return " "
    if unicodedata.decomposition(character).startswith("<super>") and character.isdigit():
        return f"^{unicodedata.digit(character)}"
    if unicodedata.decomposition(character).startswith("<fraction>"):
        value = Fraction(unicodedata.numeric(character)).limit_denominator(100)
        return f"~{value.numerator}/{value.denominator}"
    return character


def quantities(text: str) -> Iterator[Quantity]:
    """Every quantity of a `plain` text; figures first, then words.

    >>> [str(q.value) for q in quantities("Step 2: 1,200 x 3/4 - 7x, twenty-five or two thirds")]
    ['1200', '3/4', '25', '2/3']
    """
    for match in FIGURE.finditer(text):
        if len(match[0]) <= LONGEST and not _is_label(text, match):
            yield _in_figures(text, match)
    for match in SPELLED.finditer(text):
        value = _value(match)
        if value is not None:
            yield Quantity(value, *match.span(), spelled=True)


def _is_label(text: str, match: re.Match[str]) -> bool:
    """Whether it counts or names something: 2nd, 7x, Step 3, the numeral of a list."""
    start, stop = match.span()
    if ORDINAL.match(text, stop):
        return True
    if text[stop : stop + 1].isalpha() and not UNIT.match(text, stop):
        return True
    numbered = NUMBERED.search(text, max(0, start - NEAR), start)
    return bool(numbered and (NAMED.search(numbered[0]) or LIST_MARK.match(text, stop)))


def _in_figures(text: str, match: re.Match[str]) -> Quantity:
    over, under = (
        int(match[a] or match[b] or 1) for a, b in (("over", "top"), ("under", "bottom"))
    )
    if match["number"] or not under:
        value = Fraction((match["number"] or match["whole"] or match["top"]).replace(",", ""))
    else:
        value = int(match["whole"] or 0) + Fraction(over, under)
    start, percent = match.start(), bool(match["percent"])
    sign = -1 if MINUS.search(text, max(0, start - 2), start) else 1
    return Quantity(sign * value, *match.span(), reduced=gcd(over, under) == 1, percent=percent)


def _value(match: re.Match[str]) -> Fraction | None:
    """The number that words say."""
    if match["half"]:
        return Fraction(1, 2)
    if match["part"]:
        count = _counted(match["a"]) if match["a"].lower() not in ("a", "an") else 1
        return Fraction(count, PARTS[match["part"].lower()])
    return Fraction(_counted(match["words"]))


def _counted(words: str) -> int:
    total = group = 0
    for word in re.split(r"[ -]+", words.lower()):
        if word in SCALES:
            group = max(group, 1) * SCALES[word]
            if SCALES[word] > 100:
                total, group = total + group, 0
        elif word != "and":
            group += SMALL[word]
    return total + group
