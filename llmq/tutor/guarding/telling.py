"""Whether a sentence tells a hidden number: outright, by a calculation, or in a roundabout way."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from llmq.tutor.guarding.figures import figured, meant, resolved
from llmq.tutor.guarding.roundabout import (
    adds_places,
    in_another_unit,
    is_near,
    pairs_tell,
    places_point,
)
from llmq.tutor.guarding.secrets import FIGURE, FREE, Secrets, numbers, parts, terms

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
EXAMPLE = re.compile(
    r"\b(?:for (?:example|instance)|e\.g|suppose|imagine|like|say|if|when|let|another)\b", re.I
)
ANOTHER = re.compile(r"\b(?:for (?:example|instance)|another|similar|suppose|imagine)\b", re.I)
ANSWER = re.compile(
    r"\b(?:answer|result|solution|unknown|final (?:value|number))\b(?:\s+(?:here|must|should|would|will|to it|there|now|then))*\W*"
    r"(?:is|be|=|:|equals|comes to|comes out as|was)?\W*(?:\w+ly |just |about |around )?\W*-?(?=\d)", re.I,
)  # fmt: skip
SETTLED = re.compile(r"\b\d+ it is\b")
TRIED = r"\b(?:put|plug|substitute|insert|try|use|replace|set|let|with|where)\b[^.!?]{{0,20}}\b{letter}\b[^.!?^]{{0,12}}?(?P<n>\d+(?:\.\d+)?)|(?P<m>\d+(?:\.\d+)?) (?:in |is |as |for )+(?:the )?{letter}\b"
SAID = r"(?<![\w)]){letter}\b(?:\s*(?:is|was|were|be|equals?|being|becomes?|must be|has to be|should be|stands? for|comes to|equal to)\b)?[\s:=→\"'(]*(?P<n>-?\d+(?:\.\d+)?(?:/\d+)?)(?![\w]|\s*(?:times|more|less|[*/+^-]))"
LETTER = r"(?:{letters}|unknown|variable|letter)"
PART = re.compile(r"\b1/(?=\d)|/100\b")  # a quarter, percent
SIGN = re.compile(r"[-+*/^]")
PERCENT = re.compile(r"\s*(?:%|per ?cent)")
ESTIMATED = re.compile(
    r"\b(?:more or less|above or below|bigger or smaller|larger or smaller|higher or lower|greater or (?:less|smaller)|less or more)\b"
)
POSITION = re.compile(
    r"\bsame (?:number|value) (?:that|as|which)\b|\bone of (?:the|these|your|those) numbers\b|\bin the middle\b|(?:\b(?:is|be)|['’]s) (?:the )?(?:first|second|third|fourth|fifth|last|middle|largest|smallest|biggest) (?:number|one|value)\b"
)
PAUSE = re.compile(r"[.?!:;](?!\d)")
PLAIN = re.compile(r"^\W*(?:which|what)\b[^.!?]*\?\W*$", re.I)  # a question that offers no answer
REST = re.compile(r"\b(?:subtract|take|rest|remain\w*|left|other|difference|add)\b")
SAID_OVER = re.compile(r"(?<=\d) over (?=\d)")
CHANGED = re.compile(
    r"\b(?:answer|result|solution)\b(?:\s*[-+*/]|\W+(?:minus|plus|times|less|divided|doubled|halved|squared|and)\b)"
)
WORKED = re.compile(
    r"(?P<work>[\d(][\d\s.()+\-*/:^]{0,60}[-+*/:^][\d\s.()]*)(?:=|\b(?:is|makes?|gives?|equals?)\b)\s*(?P<value>\d+(?:\.\d+)?)(?!\s*[-+*/])"
)
OVER = re.compile(r"(?<![\d.])(\d+)/(\d+)(?![\d.])")
RELATED = re.compile(
    r"\b(?:answer|result|solution)\b|\b(?:number|value|one)s? (?:that|which) works?\b|\bcommon (?:factor|divisor|denominator|multiple)\b[^.!?]{0,12}\b(?:is|:|=|of)"
)


def tells_number(text: str, secrets: Secrets, before: str = "") -> str | None:
    """Why a flat sentence is withheld for a number in it; None: it tells none.

    `before` are the sentences before it, which may say that an example follows.
    `text` has neither formulas nor signs that `figured` does not know.
    """
    if (
        not secrets.hidden.isdisjoint(secrets.shown)
        and not PLAIN.search(text)
        and POSITION.search(text)
    ):
        return "the answer by its place"
    whole = figured(text, whole=True)
    sums = meant(resolved(whole))
    if not any(map(str.isdigit, sums)) or not (secrets.hidden or secrets.letters):
        return None
    if adds_places(text, secrets):
        return "the answer in a roundabout way"
    is_example = bool(ANOTHER.search(before))
    return next(_reasons(figured(text, whole=False), whole, sums, secrets, is_example), None)


def _reasons(text: str, whole: str, sums: str, secrets: Secrets, is_example: bool) -> Iterator[str]:
    if (
        _says(text, secrets)
        or _says(sums, secrets)
        or _says(SAID_OVER.sub("/", whole), secrets)
        or _says_small(whole, secrets)
    ):
        yield "a hidden number"
    if _asserts_a_value(whole, secrets, is_example) or _relates(text, secrets):
        yield "a value for the answer"
    if not is_example and _is_worked(sums, secrets):
        yield "a calculation with its result"
    if calculates(sums, secrets):
        yield "a calculation of the answer"
    if in_another_unit(whole, secrets):
        yield "a hidden number in another unit"
    if (
        is_near(sums, secrets)
        or is_near(whole, secrets)
        or pairs_tell(whole, secrets)
        or places_point(whole, secrets)
    ):
        yield "the answer in a roundabout way"
    if (
        "?" not in whole
        and secrets.listed.intersection(
            said := {n for n, _, _ in numbers(whole) if n in secrets.shown}
        )
        == said
        != set()
    ):
        yield "one of the numbers alone"
    if _leaves(whole, secrets):
        yield "the rest of the answer"
    if _says_half_a_fraction(whole, secrets):
        yield "a part of the answer"


def _words_around(text: str, start: int) -> int:
    """How many words the sentence has in which a number stands."""
    begin = max((end.end() for end in PAUSE.finditer(text, 0, start)), default=0)
    return len(re.findall(r"\w+", PAUSE.split(text[begin:], maxsplit=1)[0]))


def calculates(sums: str, secrets: Secrets) -> bool:
    """Whether a calculation comes to what is hidden, and shows more than the question does."""
    for node, written in terms(sums):
        figures = set(FIGURE.findall(PART.sub("", written)))
        is_of_question = figures <= secrets.figures
        is_short = len(figures) == 1 or len(SIGN.findall(PART.sub("", written))) == 1
        is_free = is_of_question and is_short and secrets.hidden.isdisjoint(map(Fraction, figures))
        for calculation, value in parts(node):
            is_work = calculation in secrets.allowed and (is_of_question or calculation[0] == "*")
            is_product = is_free and calculation[0] in "*/"  # 1/4 of 20 is its 20 / 4
            if value in secrets.hidden and not (is_product or is_work):
                return True
    return False


def _says(text: str, secrets: Secrets) -> bool:
    for value, start, stop in numbers(text):
        values = {value, value / 100} if PERCENT.match(text, stop) else {value}
        if value in secrets.decimals and "." in text[start:stop]:
            return True
        if value in secrets.percents and PERCENT.match(text, stop):
            return True
        if not (
            values & secrets.hidden or any(map(secrets_near(secrets, text, start, stop), values))
        ):
            continue
        if (
            value not in secrets.shown
            or is_asserted(text, start, stop)
            or (_words_around(text, start) < BARE and text[start - 1 : start] != "(")
        ):
            return not ON.match(text, stop) or value not in secrets.shown
    return False


def secrets_near(secrets: Secrets, text: str, start: int, stop: int) -> Callable[[Fraction], bool]:
    """Whether a decimal is a hidden fraction, rounded."""
    places = len(text[start:stop].partition(".")[2]) + 2 * bool(PERCENT.match(text, stop))
    error = Fraction(1, 10**places)  # cut off or rounded
    endless = [n for n in secrets.hidden if _is_endless(n)]
    return lambda value: places >= 2 and any(abs(value - n) < error for n in endless)


def _is_endless(value: Fraction) -> bool:
    return value.denominator > 1 and 10**12 % value.denominator != 0


def is_asserted(text: str, start: int, stop: int) -> bool:
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
            or (is_asserted(whole, start, stop) and not ON.match(whole, stop))
        )
        for value, start, stop in numbers(whole)
    )


def _asserts_a_value(whole: str, secrets: Secrets, is_example: bool) -> bool:
    """Whether the answer or the letter is said to be a number, right or wrong."""
    is_example = is_example or bool(EXAMPLE.search(whole))
    if (ANSWER.search(whole) and not is_example) or SETTLED.search(whole):
        return True
    letter = LETTER.format(letters="|".join(sorted(secrets.letters)).lower() or "[nxyz]")
    for pattern in (SAID, TRIED):
        for match in re.finditer(pattern.format(letter=letter), whole):
            found = match.groupdict()
            if re.sub(r"\s", "", match[0]) in secrets.asked:
                continue
            value = node_value(found.get("n") or found.get("m") or "0")
            if value in secrets.hidden or (pattern is SAID and not is_example):
                return True
    return False


def node_value(written: str) -> Fraction | None:
    """What a written number or fraction is; None of 1/0."""
    over, _, under = written.partition("/")
    return Fraction(over) / int(under or 1) if int(under or 1) else None


def _relates(text: str, secrets: Secrets) -> bool:
    """Whether the answer, or what is common to two numbers, is spoken of with a new number."""
    if CHANGED.search(text) and any(map(str.isdigit, text)):
        return True
    new = {value for value, _, _ in numbers(text)} - secrets.shown - {0, 1}
    return bool(new and RELATED.search(text) and not ESTIMATED.search(text))


def _leaves(whole: str, secrets: Secrets) -> bool:
    """Whether a new number is stated that the key makes up to one of the question: 18 of 45."""
    if "?" in whole or not REST.search(whole):
        return False
    return any(
        value not in secrets.shown
        and is_asserted(whole, start, stop)
        and any({n - value, n + value} & secrets.key for n in secrets.shown)
        for value, start, stop in numbers(whole)
    )


def _is_worked(sums: str, secrets: Secrets) -> bool:
    """Whether a calculation with a number of the exercise stands with a result that is new."""
    return not EXAMPLE.search(sums) and any(
        secrets.figures & {*FIGURE.findall(found["work"])}
        and Fraction(found["value"]) not in secrets.shown
        for found in WORKED.finditer(sums)
    )


def _says_half_a_fraction(whole: str, secrets: Secrets) -> bool:
    said = {value for value, _, _ in numbers(whole)} - secrets.shown
    return any(
        (n.numerator in said and re.search(r"\b(?:numerator|top)\b", whole))
        or (n.denominator in said and re.search(r"\b(?:denominator|bottom)\b", whole))
        for n in secrets.hidden
        if n.denominator > 1
    ) or any(
        {*map(Fraction, match.groups())} & (secrets.hidden - secrets.shown)
        for match in OVER.finditer(whole)
    )
