"""Numbers that are told by what they are next to, and digits and bounds of them."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from fractions import Fraction

from llmq_peer.tutoring.figures import readings
from llmq_peer.tutoring.kept import Secret

N = r"(-?\d[\d.,]*\d|-?\d)"
SMALL = {"one": 1, "a": 1, "two": 2, "three": 3, "just": 1}
MORE, LESS = "more|greater|larger|higher|bigger|above|over|past|up from|after", "less|fewer|smaller|lower|below|under|short of|before|down from"
OFFSETS = (
    (re.compile(rf"\b(\d|a|just) (?:[a-z]+ )?(?:{MORE})(?: than)? {N}(?![\d%])"), 1),
    (re.compile(rf"\b(\d|a|just) (?:[a-z]+ )?(?:{LESS})(?: than)? {N}(?![\d%])"), -1),
)
NEXT = (
    (re.compile(rf"\b(?:right after|directly after|just after|(?:number|one|integer) after|comes after|follows|successor of|next (?:number|one|integer)?\s?after) {N}"), 1),
    (re.compile(rf"\b(?:right before|directly before|just before|comes before|precedes|predecessor of|number before) {N}"), -1),
    (re.compile(rf"\b(?:just|slightly|a bit|a little|a tiny bit|barely) (?:over|above|more than|bigger than|larger than) {N}"), 1),
    (re.compile(rf"\b(?:just|slightly|a bit|a little|a tiny bit|barely) (?:under|below|less than|smaller than) {N}"), -1),
    (re.compile(rf"\b(?:after|past) {N} (?:comes|is|you get|follows)"), 1),
)  # fmt: skip
SCALED = (
    (re.compile(rf"\b(?:twice|double|2 times|the double of) {N}"), Fraction(2)),
    (re.compile(rf"\b(?:triple|thrice|3 times) {N}"), Fraction(3)),
    (re.compile(rf"\b(?:half of|half|halve|half as much as) {N}"), Fraction(1, 2)),
    (re.compile(rf"\b(?:a |one |1 )?third of {N}"), Fraction(1, 3)),
    (re.compile(rf"\b(?:a |one |1 )?(?:quarter|fourth) of {N}"), Fraction(1, 4)),
    (re.compile(rf"\b(?:a |one |1 )?tenth of {N}"), Fraction(1, 10)),
    (re.compile(rf"{N} dozens?"), Fraction(12)),
    (re.compile(rf"{N} (?:in pairs|doubled)"), Fraction(2)),
    (re.compile(rf"{N} halved"), Fraction(1, 2)),
    (re.compile(rf"\b(?:double|twice|2 times|2 \*) (?:the answer|the result|it|x)\b[^.?!]{{0,15}} {N}"), Fraction(1, 2)),
    (re.compile(rf"\bhalf (?:of )?(?:the answer|the result|it|x)\b[^.?!]{{0,15}} {N}"), Fraction(2)),
)
TENS_AND_ONES = re.compile(r"\b(\d+) tens?(?:,? (?:and |plus )?(\d+)(?: ones?| units?)?)?\b")
SHIFTED = re.compile(rf"\b(?:answer|result|it|x|number) ([-+]) (\d+) (?:is|=|gives|makes|equals|comes to) {N}")

BETWEEN = re.compile(rf"\bbetween {N} and {N}")
PAIRS = (
    (re.compile(rf"\b(?:sum of|add) {N} (?:and|to) {N}"), "+"),
    (re.compile(rf"\bproduct of {N} and {N}|\bmultiply {N} (?:by|with) {N}"), "*"),
    (re.compile(rf"\b(?:difference (?:of|between) {N} and {N})"), "-"),
    (re.compile(rf"\b(?:subtract|take) {N} from {N}"), "r-"),
    (re.compile(rf"\b(?:take|start with|begin with) {N},? (?:and |then )+subtract {N}"), "-"),
    (re.compile(rf"\b(?:take|start with|begin with) {N},? (?:and |then )+add {N}"), "+"),
    (re.compile(rf"\b(?:divide|quotient of) {N} (?:by|and) {N}"), "/"),
)
PLACES = r"(first|second|third|fourth|last|final|leading|middle|ones?|units?|tens?|hundreds?|thousands?|tenths?|hundredths?)"
PLACED = re.compile(
    rf"\b{PLACES}(?:'s)?(?: digit| place| figure| number| position| column)*(?: of (?:the |your )?(?:answer|result|solution|number|sum|product|it|key))? (?:is|=|must be|will be|should be|would be|has to be|equals|shows|reads|holds)(?: a| an| the digit| the number)? (\d)\b(?!\s*[-+*/=.,]\s*\d)"
)
PLACED_COLON = re.compile(rf"\b{PLACES}(?: digit| place| figure)(?: of the (?:answer|result))?\s?[:=] ?(\d)\b(?!\s*[-+*/=.,]\s*\d)")
PLACED_AFTER = re.compile(rf"\b(\d) (?:in|at|on|as|for) the {PLACES}\b")
STARTS = re.compile(r"\b(?:starts?|begins?|starting|beginning|opens?) (?:with|in|on|by) (?:a |an |the |digits? |number |figure )*(\d{1,4})\b(?![.,]?\d)")
ENDS = re.compile(r"\b(?:ends?|ending|finishes|finishing|closes?) (?:with|in|on|by) (?:a |an |the |digits? |number |figure )*(\d{1,4})\b(?![.,]?\d)")
DIGIT_SUM = re.compile(r"\b(?:its|the) digits?(?: of the (?:answer|result|number))? (?:add up|sum)|digit sum (?:is|of)|cross[- ]?sum|sum of (?:its|the) digits is")
ANSWER = r"\b(?:answer|result|solution|it|x|number|value|key|total|product|sum|that)\b"
BOUND = re.compile(
    rf"(?:{ANSWER}[^.?!\n]{{0,40}}?|\band |\bbut )\b(more than|bigger than|larger than|greater than|higher than|above|over|at least|smaller than|less than|lower than|below|under|fewer than|at most|>=?|<=?) {N}"
)


def number(text: str) -> Fraction | None:
    """A figure as a number, a point or comma at its end left out."""
    text = text.rstrip(".,")
    sign = -1 if text.startswith("-") else 1
    found = readings(text.lstrip("-"))
    return sign * min(found) if found else None


def relations(text: str, known: Set[Fraction]) -> Iterator[tuple[str, Fraction]]:
    """Numbers that a text names by another one: "one more than 11", "half of 24".

    A calculation with `known` numbers names none: it says what is to be done.
    """
    for pattern, sign in OFFSETS:
        for match in pattern.finditer(text):
            by = SMALL.get(match[1]) or int(match[1])
            value = number(match[2])
            if value is not None:
                yield match[0], value + sign * by
    for pattern, sign in NEXT:
        for match in pattern.finditer(text):
            value = number(match[1])
            if value is not None:
                yield match[0], value + sign
    for pattern, factor in SCALED:
        for match in pattern.finditer(text):
            value = number(match[1])
            if value is not None and value not in known:
                yield match[0], value * factor
    for match in BETWEEN.finditer(text):
        low, high = number(match[1]), number(match[2])
        if low is not None and high is not None and 0 < high - low <= 4:
            yield from ((match[0], low + n) for n in range(1, 4) if low + n < high)
    for match in TENS_AND_ONES.finditer(text):
        yield match[0], Fraction(10 * int(match[1]) + int(match[2] or 0))
    for match in SHIFTED.finditer(text):
        value = number(match[3])
        if value is not None:
            yield match[0], value + int(match[2]) * (1 if match[1] == "-" else -1)
    yield from _pairs(text, known)


def _pairs(text: str, known: Set[Fraction]) -> Iterator[tuple[str, Fraction]]:
    for pattern, sign in PAIRS:
        for match in pattern.finditer(text):
            one, other = (number(group) for group in match.groups() if group)
            if one is None or other is None or {one, other} <= known:
                continue
            if sign == "/":
                yield from ((match[0], one / other) for _ in range(bool(other)))
            else:
                results = {"+": one + other, "*": one * other, "-": one - other, "r-": other - one}
                yield match[0], results[sign]


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
    names = {"first": 0, "leading": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "final": -1}
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
            if value is None or text[match.end() : match.end() + 40].split(".")[0].endswith("?"):
                continue
            if match[1] in ("at least", ">", ">=", "above", "over") or match[1].startswith(("more", "big", "lar", "gre", "hig")):
                low = value if low is None else max(low, value)
            else:
                high = value if high is None else min(high, value)
        return Bounds(low, high)

    def pin(self, value: Fraction) -> bool:
        """Whether they leave next to nothing but `value`."""
        if self.low is None or self.high is None or not self.low <= value <= self.high:
            return False
        return self.high - self.low <= 3
