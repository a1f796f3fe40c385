"""Whether a sentence tells a hidden number: outright, by a calculation, or in a roundabout way."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

from llmq.answers.quantities import SMALL
from llmq.tutor.guarding.figures import figured, meant
from llmq.tutor.guarding.secrets import FIGURE, Calculation, Secrets, numbers, parts, terms
from llmq.tutor.guarding.signs import clean, flat

ASSERTED = re.compile(
    r"(?:=|≈|→|\b(?:answer|key|solution|result|option|choice|total|sum|value)\b\W*|"
    r"\b(?:is|are|be|equals?|equal to|makes?|gives?|get|gets|got|leaves?|left with|becomes?|comes to|come to|ist|sind|est|es|è|são)\b|['’]s\b)"
    r"[\s:\"'(\[{$£€*]*(?:exactly|just|simply|indeed|the|of)?\s*$",
    re.I,
)
ASSERTED_BEHIND = re.compile(
    r"^\W*(?:it is|is (?:the|your|my|our) (?:\w+ )?(?:answer|one|number|solution|result|unknown|key|mean|value)|as (?:the|your) (?:answer|result))\b", re.I
)  # fmt: skip
ON = re.compile(
    r"\s*(?:[-+*/^(]|%|(?:times|plus|minus|divided|multiplied|more|less|of|per|percent|steps?|parts?|ways?|things?|sides?)\b)"
)
BARE = 3  # words of a sentence that is nothing but the number
FREE = 3  # number words up to this one are free, where nothing asserts them
EXAMPLE = re.compile(
    r"\b(?:for (?:example|instance)|e\.g|suppose|imagine|like|say|if|when|let|another)\b", re.I
)
ANSWER = re.compile(
    r"\b(?:answer|result|solution|unknown|final (?:value|number))\b(?:\s+(?:here|must|should|would|will|to it|there|now|then))*\W*"
    r"(?:is|be|=|:|equals|comes to|comes out as|was)?\W*(?:\w+ly |just |about |around )?\W*-?(?=\d)", re.I,
)  # fmt: skip
SETTLED = re.compile(r"\b\d+ it is\b")
TRIED = r"\b(?:put|plug|substitute|insert|try|use|replace|set|let|with|where)\b[^.!?]{{0,20}}\b{letter}\b[^.!?]{{0,12}}?(?P<n>\d+(?:\.\d+)?)|(?P<m>\d+(?:\.\d+)?) (?:in |is |as |for )+(?:the )?{letter}\b"
SAID = r"(?<![\w)]){letter}\b(?:\s*(?:is|was|were|be|equals?|being|becomes?|must be|has to be|should be|stands? for|comes to|equal to)\b)?[\s:=→\"'(]*(?P<n>-?\d+(?:\.\d+)?(?:/\d+)?)(?![\w]|\s*(?:times|more|less|[*/+^-]))"
LETTER = r"(?:{letters}|unknown|variable|letter)"
N = r"(-?\d+(?:\.\d+)?)"
Near = Callable[[Fraction, Fraction, Fraction], bool]
NEAR: tuple[tuple[re.Pattern[str], Near], ...] = (
    (re.compile(rf"\bbetween {N} and {N}"), lambda n, a, b: a < n < b and b - a <= max(Fraction(4), abs(n) / 10)),
    (re.compile(rf"\b(?:bigger|greater|more|larger|higher|above|over) (?:than )?{N}\b[^.!?]{{0,25}}\b(?:less|smaller|lower|below|under) (?:than )?{N}"), lambda n, a, b: a < n < b and b - a <= max(Fraction(4), abs(n) / 10)),
    (re.compile(rf"\b(?:just|right|next number|comes?|immediately|directly|closely) (?:after|above|over|behind|follow\w*) {N}()"), lambda n, a, _: 0 < n - a <= 1),
    (re.compile(rf"\b(?:just|right|comes?|immediately|directly) (?:before|below|under) {N}()"), lambda n, a, _: 0 < a - n <= 1),
    (re.compile(rf"\b(?:bigger|greater|more|larger|higher|less|smaller|lower|fewer|above|below|under|over) (?:than )?{N}()"), lambda n, a, _: 0 < abs(n - a) <= min(Fraction(1), abs(n) / 4)),
    (re.compile(rf"\b(?:close|near|next|closest|nearest|neighbou?rs?)\w* (?:to|of) {N}()"), lambda n, a, _: abs(n - a) <= max(Fraction(2), abs(n) / 20)),
    (re.compile(rf"\b(?:almost|nearly|about|around|roughly|approximately|close to|rounds? to) {N}()"), lambda n, a, _: abs(n - a) <= max(Fraction(1), abs(n) / 50)),
)  # fmt: skip
PART = re.compile(r"\b1/(?=\d)|/100\b")  # a quarter, percent
SIGN = re.compile(r"[-+*/^]")
NEXT = re.compile(
    rf"\b(?:number|one|value|integer) (?:(?:right|just|that comes|which comes|coming|directly|immediately) )*(?P<where>after|before|above|below|following|behind) (?:the )?{N}"
)
PERCENT = re.compile(r"\s*(?:%|per ?cent)")
SIMILAR = re.compile(r"\b(?:for (?:example|instance)|similar|another example|e\.g)\b")
ESTIMATED = re.compile(
    r"\b(?:more or less|above or below|bigger or smaller|larger or smaller|higher or lower|greater or (?:less|smaller)|less or more)\b"
)
POSITION = re.compile(
    r"\bone of (?:the|these|your|those) numbers\b|\b(?:is|be) (?:the )?(?:first|second|third|fourth|fifth|last|middle|largest|smallest|biggest) (?:number|one|value)\b"
)
RELATED = re.compile(
    r"\b(?:answer|result|solution)\b|\bcommon (?:factor|divisor|denominator|multiple)\b[^.!?]{0,12}\b(?:is|:|=|of)"
)
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
    (re.compile(r"\b(?:times|multipl\w*|product|by|lots of|groups of|rows of|each)\b"), "*", lambda a, b: a * b),
    (re.compile(r"\b(?:divid\w*|split\w*|shar\w*|quotient|over|halv\w*)\b"), "/", _quotient),
)  # fmt: skip


def tells_number(text: str, secrets: Secrets) -> str | None:
    """Why a flat sentence is withheld for a number in it; None: it tells none.

    `text` has neither formulas nor signs that `figured` does not know.
    """
    if not secrets.hidden.isdisjoint(secrets.shown) and POSITION.search(text):
        return "the answer by its place"
    whole = figured(text, whole=True)
    sums = meant(whole)
    if not any(map(str.isdigit, sums)) or not (secrets.hidden or secrets.letters):
        return None
    if _adds_places(text, secrets):
        return "the answer in a roundabout way"
    return next(_reasons(figured(text, whole=False), whole, sums, secrets), None)


def echoes(text: str, guess: str, secrets: Secrets) -> bool:
    """Whether a flat sentence asserts a number that the student's last turn has guessed."""
    if "?" in text or not any(map(str.isdigit, guess)):
        return False
    whole = figured(text, whole=True)
    guessed = {n for n, _, _ in numbers(figured(flat(clean(guess)), whole=True))} - secrets.shown
    return any(n in guessed and _is_asserted(whole, *place) for n, *place in numbers(whole))


def _reasons(text: str, whole: str, sums: str, secrets: Secrets) -> Iterator[str]:
    if _says(text, secrets) or _says(sums, secrets) or _says_small(whole, secrets):
        yield "a hidden number"
    if _asserts_a_value(whole, secrets) or _relates(text, secrets):
        yield "a value for the answer"
    if _calculates(sums, secrets):
        yield "a calculation of the answer"
    if _in_another_unit(whole, secrets):
        yield "a hidden number in another unit"
    if (
        _is_near(sums, secrets)
        or _is_near(whole, secrets)
        or _pairs(whole, secrets)
        or _places_point(whole, secrets)
    ):
        yield "the answer in a roundabout way"
    if _says_half_a_fraction(whole, secrets):
        yield "a part of the answer"


def _words_around(text: str, start: int) -> int:
    """How many words the sentence has in which a number stands."""
    begin = max(text.rfind(mark, 0, start) for mark in ".?!:;")
    return len(re.findall(r"\w+", re.split(r"[.?!:;](?!\d)", text[begin + 1 :], maxsplit=1)[0]))


def _calculates(sums: str, secrets: Secrets) -> bool:
    """Whether a calculation comes to what is hidden, and shows more than the question does."""
    for node, written in terms(sums):
        figures = set(FIGURE.findall(PART.sub("", written)))
        is_of_question = figures <= secrets.figures
        is_short = len(figures) == 1 or len(SIGN.findall(PART.sub("", written))) == 1
        is_free = is_of_question and is_short and secrets.hidden.isdisjoint(map(Fraction, figures))
        for calculation, value in parts(node):
            is_work = is_of_question and calculation in secrets.allowed
            is_product = is_free and calculation[0] in "*/^"  # 1/4 of 20 is its 20 / 4
            if value in secrets.hidden and not (is_product or is_work):
                return True
    return False


def _says(text: str, secrets: Secrets) -> bool:
    for value, start, stop in numbers(text):
        values = {value, value / 100} if PERCENT.match(text, stop) else {value}
        if not (
            values & secrets.hidden or any(map(secrets_near(secrets, text, start, stop), values))
        ):
            continue
        if (
            not values & secrets.shown
            or _is_asserted(text, start, stop)
            or _words_around(text, start) < BARE
        ):
            return not ON.match(text, stop) or not values & secrets.shown
    return False


def secrets_near(secrets: Secrets, text: str, start: int, stop: int) -> Callable[[Fraction], bool]:
    """Whether a decimal is a hidden fraction, rounded."""
    places = len(text[start:stop].partition(".")[2]) + 2 * bool(PERCENT.match(text, stop))
    error = Fraction(6, 10 ** (places + 1))
    endless = [n for n in secrets.hidden if _is_endless(n)]
    return lambda value: places >= 2 and any(abs(value - n) < error for n in endless)


def _is_endless(value: Fraction) -> bool:
    return value.denominator > 1 and 10**12 % value.denominator != 0


def _is_asserted(text: str, start: int, stop: int) -> bool:
    before = text[max(0, start - 40) : start]
    return bool(ASSERTED.search(before) or ASSERTED_BEHIND.match(text[stop : stop + 40]))


def _says_small(whole: str, secrets: Secrets) -> bool:
    """Whether one, two or three is the hidden number, and asserted."""
    if not any(n <= FREE for n in secrets.hidden):
        return False
    return any(
        value in secrets.hidden
        and (
            _words_around(whole, start) < BARE
            or (_is_asserted(whole, start, stop) and not ON.match(whole, stop))
        )
        for value, start, stop in numbers(whole)
    )


def _asserts_a_value(whole: str, secrets: Secrets) -> bool:
    """Whether the answer or the letter is said to be a number, right or wrong."""
    if (ANSWER.search(whole) and not EXAMPLE.search(whole)) or SETTLED.search(whole):
        return True
    letter = LETTER.format(letters="|".join(sorted(secrets.letters)).lower() or "[nxyz]")
    for pattern in (SAID, TRIED):
        for match in re.finditer(pattern.format(letter=letter), whole):
            found = match.groupdict()
            value = node_value(found.get("n") or found.get("m") or "0")
            if value in secrets.hidden or (pattern is SAID and not EXAMPLE.search(whole)):
                return True
    return False


def node_value(written: str) -> Fraction | None:
    """What a written number or fraction is; None of 1/0."""
    over, _, under = written.partition("/")
    return Fraction(over) / int(under or 1) if int(under or 1) else None


def _relates(text: str, secrets: Secrets) -> bool:
    """Whether the answer, or what is common to two numbers, is spoken of with a new number."""
    new = {value for value, _, _ in numbers(text)} - secrets.shown - {0, 1}
    return bool(new and RELATED.search(text) and not ESTIMATED.search(text))


def _in_another_unit(whole: str, secrets: Secrets) -> bool:
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


def _is_near(sums: str, secrets: Secrets) -> bool:
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


def _adds_places(whole: str, secrets: Secrets) -> bool:
    found = PLACE.findall(whole.casefold())
    total = sum((int(n) if n.isdigit() else SMALL.get(n, 1)) * PLACES[p] for n, p in found)
    total += sum(map(int, LAST_ONE.findall(whole.casefold().replace("a one", "and 1"))))
    return bool(found) and total in secrets.hidden


def _places_point(whole: str, secrets: Secrets) -> bool:
    """Whether the figures of a hidden decimal are told where the point goes."""
    if "?" in whole or not POINT.search(whole):
        return False
    said = {match.lstrip("0") for match in re.findall(r"\d+", whole)}
    return any(
        n.denominator > 1 and (str(float(n)).replace(".", "").lstrip("0") in said)
        for n in secrets.hidden
    )


def _pairs(whole: str, secrets: Secrets) -> bool:
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


def _says_half_a_fraction(whole: str, secrets: Secrets) -> bool:
    said = {value for value, _, _ in numbers(whole)} - secrets.shown
    return any(
        (n.numerator in said and re.search(r"\b(?:numerator|top)\b", whole))
        or (n.denominator in said and re.search(r"\b(?:denominator|bottom)\b", whole))
        for n in secrets.hidden
        if n.denominator > 1
    )
