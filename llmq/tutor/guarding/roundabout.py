"""Whether a sentence tells a hidden number in a roundabout way.

One more than 11, between 41 and 43, one ten and two ones, 335 cm, two numbers and what the words
do to them.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

from llmq.answers.quantities import SMALL
from llmq.tutor.guarding.secrets import Calculation, Secrets, numbers

N = r"(-?\d+(?:\.\d+)?)"
MOST_SKIPPED = 8  # numbers up to the next prime, even number, square
CENTS = 100  # of a price, which is said without its point
Near = Callable[[Fraction, Fraction, Fraction], bool]
NEAR: tuple[tuple[re.Pattern[str], Near], ...] = (
    (re.compile(rf"\bbetween {N} and {N}"), lambda n, a, b: a < n < b and b - a <= max(Fraction(4), abs(n) / 10)),
    (re.compile(rf"\b(?:bigger|greater|more|larger|higher|above|over) (?:than )?{N}\b[^.!?]{{0,25}}\b(?:less|smaller|lower|below|under) (?:than )?{N}"), lambda n, a, b: a < n < b and b - a <= max(Fraction(4), abs(n) / 10)),
    (re.compile(rf"\b(?:just|right|next number|comes?|immediately|directly|closely) (?:after|above|over|behind|follow\w*) {N}()"), lambda n, a, _: 0 < n - a <= 1),
    (re.compile(rf"\b(?:just|right|comes?|immediately|directly) (?:before|below|under) {N}()"), lambda n, a, _: 0 < a - n <= 1),
    (re.compile(rf"\b(?:bigger|greater|more|larger|higher|less|smaller|lower|fewer|above|below|under|over) (?:than )?{N}()"), lambda n, a, _: 0 < abs(n - a) <= min(Fraction(1), abs(n) / 4)),
    (re.compile(rf"\b(?:close|near|next|closest|nearest|neighbou?rs?)\w* (?:to|of) {N}()"), lambda n, a, _: abs(n - a) <= max(Fraction(2), abs(n) / 20)),
    (re.compile(rf"\b(?:almost|nearly|about|around|roughly|approximately|close to|rounds? to) {N}()"), lambda n, a, _: abs(n - a) <= max(Fraction(1), abs(n) / 50)),
    (re.compile(rf"(?<![\d.]){N}()(?! ?to)[^.!?\d]{{0,20}} round(?:ed|ing)?\b"), lambda n, a, _: abs(n - a) <= max(Fraction(1, 2), abs(n) / 50)),
    (re.compile(rf"\bnext (?:\w+ )?(?:number )?(?:after|above|behind) {N}()"), lambda n, a, _: 0 < n - a <= MOST_SKIPPED),
)  # fmt: skip
NEXT = re.compile(
    rf"\b(?:number|one|value|integer) (?:(?:right|just|that comes|which comes|coming|directly|immediately) )*(?P<where>after|before|above|below|following|behind) (?:the )?{N}"
)
SIMILAR = re.compile(r"\b(?:for (?:example|instance)|similar|another example|e\.g)\b")
UNIT = r"(?:cents?|pence|pennies|euros?|dollars?|pounds?|[cmk]?m|(?:centi|milli|kilo)?met(?:re|er)s?|k?g|(?:kilo|milli)?grams?|kilos?|m?l|(?:milli)?lit(?:re|er)s?|tonnes?|hours?|minutes?|seconds?|days?|months?|weeks?|years?|h|min)"
UNITS = re.compile(rf"(\d+(?:\.\d+)?) ?{UNIT}\b")
MIXED_UNITS = re.compile(rf"(\d+) ?{UNIT},?(?: and)? (\d+)\b")
SCALES = (
    Fraction(10),
    Fraction(100),
    Fraction(1000),
    Fraction(60),
    Fraction(1, 10),
    Fraction(1, 100),
    Fraction(1, 1000),
    Fraction(1, 60),
)
POINT = re.compile(r"\b(?:point|comma|decimals?|places)\b")


def _quotient(a: Fraction, b: Fraction) -> Fraction | None:
    return a / b if b else None


PLACES = {"hundred": 100, "ten": 10, "one": 1, "unit": 1, "single": 1}
LAST_ONE = re.compile(r"\band (?:and )?(\d)(?: more)?\b(?! ?(?:one|unit|ten|hundred|single)s?\b)")
PLACE = re.compile(rf"\b(\d+|an?|{'|'.join(SMALL)}) (hundred|ten|one|unit|single)s?\b", re.I)
DOES: tuple[tuple[re.Pattern[str], str, Callable[[Fraction, Fraction], Fraction | None]], ...] = (
    (re.compile(r"\b(?:add|adding|plus|more|and|together|then|on top|another|with|total|sum)\b"), "+", lambda a, b: a + b),
    (re.compile(r"\b(?:less|minus|subtract\w*|take|taking|taken|fewer|remov\w*|without|short|off|down|away|under|below|difference)\b"), "-", lambda a, b: a - b),
    (re.compile(r"\b(?:less|subtract\w*|take|fewer|remov\w*|from|short|under|below|difference|between)\b"), "-", lambda a, b: b - a),
    (re.compile(r"\b(?:times|multipl\w*|product|by|lots of|groups of|rows of|each|of (?:those|these|them))\b"), "*", lambda a, b: a * b),
    (re.compile(r"\b(?:divid\w*|split\w*|shar\w*|quotient|over|halv\w*)\b"), "/", _quotient),
)  # fmt: skip


def in_another_unit(whole: str, secrets: Secrets) -> bool:
    """Whether 3.35 m are told as 335 cm, or as 3 m 35."""
    for match in UNITS.finditer(whole):
        value = Fraction(match[1])
        if value not in secrets.shown and any(value * by in secrets.key for by in SCALES):
            return True
    for match in MIXED_UNITS.finditer(whole):
        whole_part, rest = Fraction(match[1]), Fraction(match[2])
        if any(whole_part + rest / by in secrets.hidden for by in (10, 60, 100, 1000)):
            return True
    return False


def is_near(sums: str, secrets: Secrets) -> bool:
    for match in NEXT.finditer(sums):
        step = -1 if match["where"] in ("before", "below") else 1
        if Fraction(match[2]) + step in secrets.hidden:
            return True
    for pattern, near in NEAR:
        for match in pattern.finditer(sums):
            a, b = (Fraction(group or 0) for group in match.groups())
            if a in secrets.shown and (not match[2] or b in secrets.shown):
                continue
            if any(near(n, a, b) for n in secrets.hidden):
                return True
    return False


def adds_places(whole: str, secrets: Secrets) -> bool:
    found = PLACE.findall(whole.casefold())
    total = sum((int(n) if n.isdigit() else SMALL.get(n, 1)) * PLACES[p] for n, p in found)
    total += sum(map(int, LAST_ONE.findall(whole.casefold().replace("a one", "and 1"))))
    return bool(found) and total in secrets.hidden


def places_point(whole: str, secrets: Secrets) -> bool:
    """Whether the figures of a hidden decimal are told where the point goes."""
    said = {match.lstrip("0") for match in re.findall(r"\d+", whole)}
    of_hidden = (
        digits
        for n in secrets.hidden
        if n.denominator > 1
        for digits in (str(float(n)).replace(".", "").lstrip("0"), str(n * CENTS))
    )
    told = said & {digits for digits in of_hidden if len(digits) > 1}
    is_placed = "?" not in whole and bool(POINT.search(whole))
    return (is_placed and bool(told)) or any(len(digits) > 2 for digits in told - secrets.figures)


def pairs_tell(whole: str, secrets: Secrets) -> bool:
    """Whether two numbers of which one is new give what is hidden, by what the words do to them."""
    found = [value for value, _, _ in sorted(numbers(whole), key=lambda n: n[1])]
    for a, b in pairwise(found if not SIMILAR.search(whole) else ()):
        if (a in secrets.shown and b in secrets.shown) or a == b:
            continue
        for pattern, sign, does in DOES:
            is_told = does(a, b) in secrets.hidden and pattern.search(whole)
            if is_told and not _is_allowed(_calculation(sign, a, b), secrets):
                return True
    return False


def _is_allowed(calculation: Calculation, secrets: Secrets) -> bool:
    """Whether it may be asked for: a step's work, or with nothing but the question's numbers."""
    if calculation in secrets.allowed:
        return True
    is_fraction = calculation[0] == "/" and Fraction(*calculation[1]).denominator > 1
    return (
        not is_fraction
        and secrets.hidden.isdisjoint(calculation[1])
        and all(
            n in secrets.shown
            or (
                n.numerator == 1 < n.denominator
                and (n.denominator in secrets.shown or n.denominator == 100)
            )
            for n in calculation[1]
        )
    )


def _calculation(sign: str, a: Fraction, b: Fraction) -> Calculation:
    return (sign, tuple(sorted((a, b))) if sign in "+*" else (a, b))
