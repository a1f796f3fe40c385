"""What a student's turn claims, in figures: one value at its end, and the calculations on the way.

Two values that are offered side by side are no claim, nor is what is denied, asked about in general
("why 12?") or compared ("is it more than 12?").
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from llmq.answers.algebra import same
from llmq.answers.checking import check
from llmq.answers.finding import ANSWER, SAID, found_answer
from llmq.answers.nodes import Group, Rel, symbols
from llmq.answers.quantities import Quantity, plain, quantities
from llmq.answers.readings import readings, tidy
from llmq.practice.numerals import numbers_in
from llmq.tutor.spoken import in_figures

MOST_CHARACTERS = 600  # of a turn that is looked at for a claim, from its end
TERM = r"[\d(](?:[\d\s.,()+\-*/×÷·^]{0,60}[\d)])?(?: ?%)?"  # signs that people type
CHAIN = re.compile(rf"(?<![\w.])-?{TERM}(?:\s*=\s*-?{TERM})+")
OPERATOR = re.compile(r"[\d)]\s*[-+*×÷·^/]")  # signs that people type
# A calculation without its result is no claim: 20 - 5, but -5, 3/4 and 1 1/2 are numbers.
UNFINISHED = re.compile(r"[\d)]\s*[-+*×÷·^(]|/.*/")  # signs that people type
LEADING = re.compile(r"^-?\d+(?:\.\d+)?(?=\s*[-+*/×÷·])")  # signs that people type
IN_EQUATION = re.compile(r"(?:\b|\d)[A-Za-z]\s*[-+*/]\s*$")  # the 5 = 20 of 3x + 5 = 20
BARE_POINT = re.compile(r"(?<![\w.])\.(?=\d)")  # of .75
CORRECTED = re.compile(r"\b(?:no,? wait|wait|i mean|i meant|actually|sorry)\b", re.I)
BETWEEN = re.compile(
    r"\s*(?:[,;/?]|\b(?:or|and|oder|und|ou|et|o|y)\b)?\s*(?:is it|maybe)?\s*", re.I
)
THOUSANDS = re.compile(r"\d{1,3} \d{3}")
GENERAL = re.compile(
    r"^\W*(?:(?:but|so|and|ok|okay|hm+|sorry)\b\W*)*"
    r"(?:what(?!\s+(?:about|if))|what's|why|how(?!\s+about)|which|when|where|who|explain"
    r"|warum|wieso|wie|pourquoi|comment|por qu[eé]|c[oó]mo|perch[eé])\b",
    re.I,
)
ANNOUNCED = re.compile(
    r"^[\s,.:]*(?:(?:ok|okay|so|hm+|then|well|maybe|perhaps|and|now|but)\b[\s,.:]*)*"
    r"(?:(?:i|we) (?:get|got|have|think|say|found|guess|believe)(?: that)?\b[\s,:]*)?"
    r"(?:(?:it|that|(?:the|my|your) (?:answer|result|solution))(?:'s| is| has to be| must be| should be| would be| will be)"
    r"|is (?:it|that)?|(?:could|would|can) it be)?[\s:]*",
    re.I,
)
DOUBTED = re.compile(
    r"[\s,]*(?:(?:is|isn't) (?:that|it|this)[\s,]*)?(?:right|rigth|correct|ok|true)?[\s?.!]*$", re.I
)
COMPARED = re.compile(
    r"\b(?:more|less|greater|larger|bigger|smaller|higher|lower|fewer)\s+than\b|\b(?:between|above|below|under|near|close to"
    r"|digits?|(?:starts?|begins?|ends?) (?:with|in)|divisible|multiple|odd|even|first|last)\b",
    re.I,
)
DENIED = re.compile(
    r"(?:\bnot|n't|\bnever|\bnicht|\bpas)\s+(?:(?:be|equal(?: to)?|exactly|really|just)\s+)?$"
    r"|\b(?:don't|do not) think (?:it is|it's|that's|it|that is|the answer is|that it is)?\s*$",
    re.I,
)


DENIED_BEHIND = re.compile(
    r"\s*(?:is|was|can't be|cannot be)\s+(?:wrong|false|incorrect|not)\b", re.I
)


@dataclass(frozen=True)
class Claim:
    """`said` is what is claimed, "" for nothing; `is_sound`: every calculation comes to its result.

    `others` are the results of the other calculations, `work` the numbers that are calculated with.
    """

    said: str = ""
    is_sound: bool = True
    is_bare: bool = False  # a number within a sentence, which nothing announces
    others: tuple[str, ...] = ()
    work: frozenset[str] = frozenset()


def claim_of(text: str, *, has_list: bool = False) -> Claim:
    """What `text` claims; with `has_list`, several values may be one answer.

    >>> [claim_of(text).said for text in ("I think 12 times 21 is 252", "5 or 7?", "Why 5?")]
    ['252', '', '']
    """
    flat = in_figures(plain(BARE_POINT.sub("0.", _end(text).replace("\u2019", "'"))))
    corrected = CORRECTED.split(flat)[-1]
    flat = corrected if any(quantities(corrected)) else flat
    matches = [m for m in CHAIN.finditer(flat) if not IN_EQUATION.search(flat[: m.start()])]
    if not matches:
        return _without_work(flat, has_list=has_list)
    chains = [[tidy(part) for part in match[0].split("=")] for match in matches]
    steps = [pair for chain in chains for pair in pairwise(chain)]
    said, others = chains[-1][-1], tuple(chain[-1] for chain in chains[:-1])
    work = frozenset(
        str(n) for a, _ in steps if OPERATOR.search(a) for n in numbers_in(a.replace(" ", ""))
    )
    if not all(_holds(left, right) for left, right in steps):
        return Claim(said, is_sound=False, work=work)
    behind = flat[matches[-1].end() :]
    if re.search(r"\b(?:so|answer|is|altogether|total)\b", behind, re.I) and any(
        quantities(behind)
    ):
        return Claim(found_answer(behind) or said, others=(*others, said), work=work)
    return Claim(said, others=others, work=work)


def _end(text: str) -> str:
    """The end of a long turn, from a whole word on."""
    return text if len(text) <= MOST_CHARACTERS else text[-MOST_CHARACTERS:].partition(" ")[2]


def _holds(left: str, right: str) -> bool:
    """Whether both sides are the same; of 12*21 = 252 + 19 = 271 the student's next term starts."""
    leading = LEADING.match(right)
    return check(left, right).right or bool(leading and check(left, leading[0]).right)


def _without_work(flat: str, *, has_list: bool) -> Claim:
    numbers = sorted(quantities(flat), key=lambda q: q.start)
    if not (GENERAL.search(flat) or COMPARED.search(flat)) and (said := _announced(flat)):
        return said
    if GENERAL.search(flat) or ("?" in flat and (len(numbers) != 1 or COMPARED.search(flat))):
        return Claim()
    if numbers and (
        DENIED.search(flat[: _sign(flat, numbers[-1].start)])
        or DENIED_BEHIND.match(flat[numbers[-1].stop :])
    ):
        return Claim()
    if not has_list and _undecided(flat, numbers):
        return Claim()
    text = flat.replace("?", ".")
    found = found_answer(text) or ""
    alone = tidy(found) == tidy(text)
    if UNFINISHED.search(found.replace("- ", "-")) and not _has_letters(found):
        return Claim()
    is_bare = not (alone or ANSWER.search(text) or SAID.search(text) or "=" in text)
    return Claim(found, is_bare=is_bare)


def _announced(flat: str) -> Claim | None:
    """The claim of a turn that says nothing but it: I get 6x + 15, is that right?"""
    said = tidy(DOUBTED.sub("", ANNOUNCED.sub("", flat)))
    nodes = [each.node for each in readings(said) if not (each.unit or each.label)]
    if (
        not nodes
        or said == tidy(flat)
        or isinstance(nodes[0], Group)
        or (UNFINISHED.search(said) and not _has_letters(said))
    ):
        return None
    first = nodes[0]
    if isinstance(first, Rel) and first.name == "=" and symbols(first.left) == symbols(first.right):
        holds = same(first.left, first.right)
        return Claim(
            said.rpartition("=")[2].strip(),
            is_sound=holds,
            work=frozenset(map(str, numbers_in(said))),
        )
    return Claim(said)


def _sign(flat: str, start: int) -> int:
    return start - 1 if flat[:start].endswith("-") else start


def _undecided(flat: str, numbers: list[Quantity]) -> bool:
    """Whether several values are offered: 5 or 7, 5, 6, 7."""
    return any(
        BETWEEN.fullmatch(flat[a.stop : b.start])
        and a.value != b.value
        and not THOUSANDS.fullmatch(flat[a.start : b.stop])
        for a, b in pairwise(numbers)
    )


def _has_letters(found: str) -> bool:
    return any(symbols(reading.node) for reading in readings(tidy(found)))
