"""What a student claims, and whether that is the answer, a step of the way, or wrong.

"Correct" is said of nothing else: the claim is found by rules, and compared exactly
(`llmq.answers`). Whoever names two numbers with "or" has claimed none.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from llmq.answers.checking import check
from llmq.answers.finding import found_answer
from llmq.answers.nodes import symbols
from llmq.answers.quantities import Quantity, plain, quantities
from llmq.answers.readings import readings, tidy
from llmq.tutor.equations import right_side
from llmq.tutor.exercise import Exercise

MOST_CHARACTERS = 600  # of a turn that is looked at for a claim, from its end
TERM = r"[\d(](?:[\d\s.,()+\-*/×÷·^]{0,60}[\d)])?"  # signs that people type
CHAIN = re.compile(rf"(?<![\w.])-?{TERM}(?:\s*=\s*-?{TERM})+")
# A calculation without its result is no claim: 20 - 5, but -5, 3/4 and 1 1/2 are numbers.
UNFINISHED = re.compile(r"[\d)]\s*[-+*×÷·^(]|/.*/")  # signs that people type
LETTER = re.compile(
    r"(?:^|\b(?:answer|option|choice|choose|take|pick|say|think)\b[\w\s':]{0,12}?)\(?(?P<letter>[A-Ha-h])\)?[\s.!?]*$"
)
OR = re.compile(r"\bor\b|\boder\b|\bou\b", re.IGNORECASE)


class Outcome(StrEnum):
    """What a claim is."""

    ANSWER = "answer"
    STEP = "step"
    WRONG = "wrong"
    NONE = "none"  # nothing is claimed


@dataclass(frozen=True)
class Found:
    """What a turn claims: `said` in the student's words, `step` the index of the step it finds.

    `slip` points at the error where it is a known one. `has_work`: a calculation stands with it.
    """

    outcome: Outcome
    said: str = ""
    step: int = -1
    slip: str = ""
    has_work: bool = False


NOTHING = Found(Outcome.NONE)


def verdict(text: str, exercise: Exercise, step_index: int = 0) -> Found:
    """What `text` claims about `exercise`, of which `step_index` steps are done.

    >>> exercise = Exercise("sum", "sums", "What is 20 - 8?", "12")
    >>> [verdict(text, exercise).outcome.value for text in ("It is twelve.", "20-8=13", "Why?")]
    ['answer', 'wrong', 'none']
    """
    text = text[-MOST_CHARACTERS:]
    if exercise.choices and (letter := LETTER.search(text.strip())):
        return _of_choice(ord(letter["letter"].upper()) - ord("A"), exercise)
    flat = plain(text)
    chains = [[tidy(part) for part in match[0].split("=")] for match in CHAIN.finditer(flat)]
    has_work = bool(chains)
    if any(not check(left, right).right for chain in chains for left, right in pairwise(chain)):
        said = chains[-1][-1]
        return Found(Outcome.WRONG, said, slip=_slip(said, exercise, step_index), has_work=True)
    if _undecided(flat):
        return NOTHING
    said = _claim(text, flat, chains)
    found = _held(said, exercise, step_index) if said else None
    if found:
        return Found(found.outcome, said, found.step, has_work=has_work)
    if not said or not readings(tidy(said)):
        return NOTHING
    if right := right_side(tidy(said), exercise.key):
        found = _held(right, exercise, step_index)
        return Found(Outcome.STEP, said, found.step, has_work=True) if found else NOTHING
    return Found(Outcome.WRONG, said, slip=_slip(said, exercise, step_index), has_work=has_work)


def _claim(text: str, flat: str, chains: list[list[str]]) -> str:
    """What the turn claims, in its own words; nothing where it claims nothing."""
    if chains:
        return chains[-1][-1]
    numbers = sorted(quantities(flat), key=lambda q: q.start)
    if "?" in text and len(numbers) != 1:
        return ""  # a question about several numbers claims none
    found = found_answer(text.replace("?", ".")) or ""
    last = numbers[-1] if numbers else None
    if last and last.spelled and not readings(tidy(found)):
        return str(last.value)
    return "" if UNFINISHED.search(plain(found)) and not _has_letters(found) else found


def _has_letters(found: str) -> bool:
    return any(symbols(reading.node) for reading in readings(tidy(found)))


def _undecided(flat: str) -> bool:
    """Whether two numbers are offered: 5 or 7."""
    numbers: list[Quantity] = sorted(quantities(flat), key=lambda q: q.start)
    return any(
        OR.search(flat[a.stop : b.start]) and a.value != b.value for a, b in pairwise(numbers)
    )


def _held(said: str, exercise: Exercise, step_index: int) -> Found | None:
    """The answer, or a step: those to come first."""
    if check(said, exercise.key).right:
        return Found(Outcome.ANSWER, said, len(exercise.steps) - 1)
    order = [*range(step_index, len(exercise.steps)), *range(step_index)]
    for index in order:
        if check(said, exercise.steps[index].value).right:
            return Found(Outcome.STEP, said, index)
    return None


def _of_choice(index: int, exercise: Exercise) -> Found:
    if index >= len(exercise.choices):
        return NOTHING
    said = exercise.choices[index]
    right = check(said, exercise.key).right
    return Found(Outcome.ANSWER if right else Outcome.WRONG, said)


def _slip(said: str, exercise: Exercise, step_index: int) -> str:
    """The sentence that points at the error behind a wrong value, where it is a known one."""
    slips = (slip for step in exercise.steps[step_index:] for slip in step.slips)
    return next((words for value, words in slips if check(said, value).right), "")
