"""Numbers that are told by what they are next to, and digits and bounds of them."""

import re
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from llmq_peer.tutoring.figures import readings
from llmq_peer.tutoring.kept import Secret

N = r"(-?\d[\d.,]*\d|-?\d)"
MORE = "more|greater|larger|higher|bigger|above|over|past|up from|after"
LESS = "less|fewer|smaller|lower|below|under|short of|before|down from"
BIT = "(?:just|slightly|a bit|a little|a tiny bit|barely)"
FIRST = "(?:take|start with|begin with)"
NAMED = "(?:the answer|the result|it|x)"


@dataclass(frozen=True)
class Relation:
    """Words that name a number by others; `value` computes it from those.

    Where it `calculates`, the words say what is to be done, and only with numbers that are not yet
    known do they tell something.
    """

    pattern: re.Pattern[str]
    value: Callable[..., Fraction]
    calculates: bool = False


def _relation(
    pattern: str, value: Callable[..., Fraction], *, calculates: bool = False
) -> Relation:
    return Relation(re.compile(pattern), value, calculates)


def _scaled(pattern: str, by: Fraction | int) -> Relation:
    return _relation(pattern, lambda n: n * by, calculates=True)


RELATIONS = (
    _relation(rf"\b(\d|a|just) (?:[a-z]+ )?(?:{MORE})(?: than)? {N}(?![\d%])", lambda k, n: n + k),
    _relation(rf"\b(\d|a|just) (?:[a-z]+ )?(?:{LESS})(?: than)? {N}(?![\d%])", lambda k, n: n - k),
    _relation(
        rf"\b(?:(?:right|directly|just|number|one|integer) after|comes after|follows|successor of|next"
        rf" (?:number|one|integer)?\s?after) {N}",
        lambda n: n + 1,
    ),
    _relation(
        rf"\b(?:(?:right|directly|just|number) before|comes before|precedes|predecessor of) {N}",
        lambda n: n - 1,
    ),
    _relation(rf"\b{BIT} (?:over|above|more than|bigger than|larger than) {N}", lambda n: n + 1),
    _relation(rf"\b{BIT} (?:under|below|less than|smaller than) {N}", lambda n: n - 1),
    _relation(rf"\b(?:after|past) {N} (?:comes|is|you get|follows)", lambda n: n + 1),
    _relation(
        rf"\b(?:answer|result|it|x|number) \+ (\d+) (?:is|=|gives|makes|equals|comes to) {N}",
        lambda k, n: n - k,
    ),
    _relation(
        rf"\b(?:answer|result|it|x|number) - (\d+) (?:is|=|gives|makes|equals|comes to) {N}",
        lambda k, n: n + k,
    ),
    _relation(
        r"\b(\d+) tens?(?:,? (?:and |plus )?(\d+)(?: ones?| units?)?)\b",
        lambda tens, ones: 10 * tens + ones,
    ),
    _relation(rf"\b(?:double|twice|2 times|2 \*) {NAMED}\b[^.?!]{{0,15}} {N}", lambda n: n / 2),
    _relation(rf"\bhalf (?:of )?{NAMED}\b[^.?!]{{0,15}} {N}", lambda n: n * 2),
    _scaled(rf"\b(?:twice|double|2 times|the double of) {N}", 2),
    _scaled(rf"{N} (?:in pairs|doubled)", 2),
    _scaled(rf"\b(?:triple|thrice|3 times) {N}", 3),
    _scaled(rf"{N} dozens?", 12),
    _scaled(rf"\b(?:half of|half|halve|half as much as) {N}", Fraction(1, 2)),
    _scaled(rf"{N} halved", Fraction(1, 2)),
    _scaled(rf"\b(?:a |one |1 )?third of {N}", Fraction(1, 3)),
    _scaled(rf"\b(?:a |one |1 )?(?:quarter|fourth) of {N}", Fraction(1, 4)),
    _scaled(rf"\b(?:a |one |1 )?tenth of {N}", Fraction(1, 10)),
    _relation(rf"\b(?:sum of|add) {N} (?:and|to) {N}", lambda a, b: a + b, calculates=True),
    _relation(rf"\b{FIRST} {N},? (?:and |then )+add {N}", lambda a, b: a + b, calculates=True),
    _relation(rf"\bproduct of {N} and {N}", lambda a, b: a * b, calculates=True),
    _relation(rf"\bmultiply {N} (?:by|with) {N}", lambda a, b: a * b, calculates=True),
    _relation(rf"\bdifference (?:of|between) {N} and {N}", lambda a, b: a - b, calculates=True),
    _relation(rf"\b{FIRST} {N},? (?:and |then )+subtract {N}", lambda a, b: a - b, calculates=True),
    _relation(rf"\b(?:subtract|take) {N} from {N}", lambda a, b: b - a, calculates=True),
    _relation(rf"\b(?:divide|quotient of) {N} (?:by|and) {N}", lambda a, b: a / b, calculates=True),
)
NARROW = 4
BETWEEN = re.compile(rf"\bbetween {N} and {N}")
PLACES = r"(first|second|third|fourth|last|final|leading|middle|ones?|units?|tens?|hundreds?|thousands?|tenths?|hundredths?)"
PLACED = re.compile(
    rf"\b{PLACES}(?:'s)?(?: digit| place| figure| number| position| column)*(?: of (?:the |your )?(?:answer|result|solution|number|sum|product|it|key))? (?:is|=|must be|will be|should be|would be|has to be|equals|shows|reads|holds)(?: a| an| the digit| the number)? (\d)\b(?!\s*[-+*/=.,]\s*\d)"
)
PLACED_COLON = re.compile(
    rf"\b{PLACES}(?: digit| place| figure)(?: of the (?:answer|result))?\s?[:=] ?(\d)\b(?!\s*[-+*/=.,]\s*\d)"
)
PLACED_AFTER = re.compile(rf"\b(\d) (?:in|at|on|as|for) the {PLACES}\b")
STARTS = re.compile(
    r"\b(?:starts?|begins?|starting|beginning|opens?) (?:with|in|on|by) (?:a |an |the |digits? |number |figure )*(\d{1,4})\b(?![.,]?\d)"
)
ENDS = re.compile(
    r"\b(?:ends?|ending|finishes|finishing|closes?) (?:with|in|on|by) (?:a |an |the |digits? |number |figure )*(\d{1,4})\b(?![.,]?\d)"
)
DIGIT_SUM = re.compile(
    r"\b(?:its|the) digits?(?: of the (?:answer|result|number))? (?:add up|sum)|digit sum (?:is|of)|cross[- ]?sum|sum of (?:its|the) digits is"
)
ANSWER = r"\b(?:answer|result|solution|it|x|number|value|key|total|product|sum|that)\b"
BOUND = re.compile(
    rf"(?:{ANSWER}[^.?!\n]{{0,40}}?|\band |\bbut )\b(more than|bigger than|larger than|greater than|higher than|above|over|at least|smaller than|less than|lower than|below|under|fewer than|at most|>=?|<=?) {N}"
)


def number(text: str) -> Fraction:
    """A figure as a number, a point or comma at its end left out; "a" is 1."""
    if text.isalpha():
        return Fraction(1)
    text = text.rstrip(".,")
    return (-1 if text.startswith("-") else 1) * min(readings(text.lstrip("-")))


def relations(text: str, known: Set[Fraction]) -> Iterator[tuple[str, Fraction]]:
    """Numbers that a text names by other ones: "one more than 11", "half of 24"."""
    for relation in RELATIONS:
        for match in relation.pattern.finditer(text):
            numbers = [number(group) for group in match.groups()]
            if not (relation.calculates and known >= set(numbers)):
                with suppress(ZeroDivisionError):
                    yield match[0], relation.value(*numbers)
    for match in BETWEEN.finditer(text):
        low, high = number(match[1]), number(match[2])
        if high - low <= NARROW:
            yield from ((match[0], low + n) for n in range(1, NARROW) if low + n < high)


def digits(text: str, secret: Secret) -> Iterator[str]:
    """What a text says, truly, of single digits of a secret."""
    for pattern, place, digit in ((PLACED, 1, 2), (PLACED_COLON, 1, 2), (PLACED_AFTER, 2, 1)):
        for match in pattern.finditer(text):
            if _digit_at(secret, match[place]) == match[digit]:
                yield match[0]
    whole = secret.digits
    for match in STARTS.finditer(text):
        if whole.startswith(match[1]):
            yield match[0]
    for match in ENDS.finditer(text):
        if whole.endswith(match[1]):
            yield match[0]
    for match in DIGIT_SUM.finditer(text):
        yield match[0]


def _digit_at(secret: Secret, place: str) -> str:
    whole, _, part = secret.whole.partition(".")
    name = place.rstrip("s")
    if name in ("tenth", "hundredth"):
        n = ("tenth", "hundredth").index(name)
        return part[n] if n < len(part) else ""
    if name in ("one", "unit", "ten", "hundred", "thousand"):
        n = {"one": 1, "unit": 1, "ten": 2, "hundred": 3, "thousand": 4}[name]
        return whole[-n] if n <= len(whole) else ""
    names = {
        "first": 0,
        "leading": 0,
        "second": 1,
        "third": 2,
        "fourth": 3,
        "last": -1,
        "final": -1,
    }
    n = names.get(place, len(secret.digits) // 2)
    return secret.digits[n] if -1 <= n < len(secret.digits) else ""


@dataclass(frozen=True)
class Bounds:
    """Between which numbers the answer was said to lie."""

    low: Fraction | None = None
    high: Fraction | None = None

    def with_those_of(self, text: str) -> "Bounds":
        """These and what a text asserts."""
        low, high = self.low, self.high
        for match in BOUND.finditer(text):
            value = number(match[2])
            if text[match.end() : match.end() + 40].split(".")[0].endswith("?"):
                continue
            if match[1] in ("at least", ">", ">=", "above", "over") or match[1].startswith(
                ("more", "big", "lar", "gre", "hig")
            ):
                low = value if low is None else max(low, value)
            else:
                high = value if high is None else min(high, value)
        return Bounds(low, high)

    def pin(self, value: Fraction) -> bool:
        """Whether they leave next to nothing but `value`."""
        if self.low is None or self.high is None or not self.low <= value <= self.high:
            return False
        return self.high - self.low <= 3
