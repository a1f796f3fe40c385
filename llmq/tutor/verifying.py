"""What a student claims, and whether that is the answer, a step of the way, or wrong.

"Correct" is said of nothing else: the claim is found by rules (`claims`), and compared exactly
(`llmq.answers`). A wrong calculation that ends in the right number is wrong.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from llmq.answers.checking import check
from llmq.answers.nodes import Num
from llmq.answers.readings import as_words, readings, tidy
from llmq.practice.numerals import numbers_in
from llmq.tutor.claims import GENERAL, Claim, claim_of
from llmq.tutor.equations import (
    is_asked_for,
    is_false_solution,
    is_solved_by_key,
    number_of,
    step_of,
    turned,
)
from llmq.tutor.exercise import Exercise
from llmq.tutor.forms import has_form, is_asked, is_unworked
from llmq.tutor.guarding.secrets import calculations

LETTER = re.compile(
    r"(?:^|\b(?:answer|option|choice|choose|take|pick|say|think|it|it's|is)\b[\w\s':]{0,12}?)"
    r"\(?\b(?P<letter>[A-Ha-h])\b\)?[\s.!?]*$"
)

BECAUSE = re.compile(r"\b(?:because|since)\b", re.I)
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
COUNTED = ("one", "two", "three", "four", "five", "six")
PLACED = re.compile(
    rf"^\W*(?:(?:i think|i say|it'?s|it is|maybe)\b\W*)*(?:the )?(?P<place>{'|'.join(PLACES)})"
    rf"(?: (?:one|option|choice|answer))?\W*$|\b(?:option|choice) (?P<count>{'|'.join(COUNTED)})\W*$",
    re.I,
)
PERCENT = re.compile(r"(?P<number>\d[\d.,/]*)\s*(?:%|per ?cent\b)", re.I)
ASKS_PERCENT = re.compile(
    r"\b(?:what|which|how (?:many|much)|as an?|in|the)\s+(?:%|per ?cent(?:age)?\b)", re.I
)
FIGURES = re.compile(r"\d+(?:\.\d+)?")


class Outcome(StrEnum):
    """What a claim is."""

    ANSWER = "answer"
    STEP = "step"
    WRONG = "wrong"
    FOLLOWS = "follows"  # an equation that has the same solution as the question's
    NONE = "none"  # nothing is claimed


@dataclass(frozen=True)
class Found:
    """What a turn claims: `said` in the student's words, `step` the index of the step it finds.

    `slip` points at the error where it is a known one. `has_work`: a calculation with the
    exercise's numbers stands with it.
    """

    outcome: Outcome
    said: str = ""
    step: int = -1
    slip: str = ""
    has_work: bool = False


DECIMAL = re.compile(r"-?\d+\.\d{2,}")
ROUNDED = "That is rounded: write it exactly, as a fraction."
SAME_VALUE = "That is worth the same, but it is not yet in the form that is asked for."
NOTHING = Found(Outcome.NONE)


def verdict(text: str, exercise: Exercise, step_index: int = 0) -> Found:
    """What `text` claims about `exercise`, of which `step_index` steps are done.

    >>> exercise = Exercise("sum", "sums", "What is 20 - 8?", "12")
    >>> [verdict(text, exercise).outcome.value for text in ("It is twelve.", "20-8=13", "Why?")]
    ['answer', 'wrong', 'none']
    """
    claimed, *reason = BECAUSE.split(text, maxsplit=1)  # x = 5 because 3*5 + 5 = 20
    found = verdict(claimed, exercise, step_index) if reason else NOTHING
    if found.outcome in (Outcome.ANSWER, Outcome.STEP):
        return found
    if exercise.choices and (index := _choice(text, exercise)) is not None:
        return _of_choice(index, exercise)
    text = turned(text)
    if is_false_solution(text, exercise):
        return _wrong(text, exercise, step_index, has_work=False)
    return _of_claim(text, exercise, step_index)


def _of_claim(text: str, exercise: Exercise, step_index: int) -> Found:
    claim = claim_of(text, has_list="," in exercise.key)
    shown = _shown(exercise, step_index)
    has_work = bool({Fraction(n) for n in claim.work} & shown)
    if not claim.is_sound and not _is_part(claim, text, shown):
        return _wrong(claim.said, exercise, step_index, has_work=has_work)
    # Of several calculations any may be the one that counts: 252+19=271 because 12*21=252.
    if is_unworked(claim.said):
        return NOTHING
    candidates = (claim.said, *claim.others[: len(exercise.steps)])
    held = [each for said in candidates if said and (each := _held(said, exercise, step_index))]
    if held:
        found = min(held, key=lambda each: (each.outcome is not Outcome.ANSWER, -each.step))
        return Found(found.outcome, found.said, found.step, has_work=has_work)
    if not claim.said or not readings(tidy(claim.said)) or _restates(claim, shown):
        return NOTHING
    if _says(claim.said, exercise.key, exercise):  # in another form than what is asked for
        if is_asked(claim.said, exercise):
            return NOTHING
        return Found(Outcome.WRONG, claim.said, slip=SAME_VALUE, has_work=True)
    if is_asked_for(claim.said, exercise):
        return NOTHING
    solved = is_solved_by_key(claim.said, exercise)
    if solved:
        step = step_of(claim.said, exercise)
        outcome = Outcome.FOLLOWS if step is None else Outcome.STEP
        return Found(outcome, claim.said, -1 if step is None else step, has_work=True)
    if solved is None and has_work and number_of(claim.said) in shown:
        return NOTHING  # 3*5 + 5 = 20, as the question has it: a test, and no answer
    return _wrong(claim.said, exercise, step_index, has_work=has_work or solved is not None)


def plans(text: str, exercise: Exercise, step_index: int) -> bool:
    """Whether `text` proposes the next calculation, and is no question about it nor the task again.

    >>> from llmq.tutor.exercise import Step
    >>> step = Step("How many in all?", "Multiply.", "12 * 21", "252")
    >>> exercise = Exercise("bags", "stories", "Jack has 12 bags of 21.", "252", (step,))
    >>> [plans(text, exercise, 0) for text in ("I multiply 21 by 12", "Why 12*21?", "12 + 21")]
    [True, False, False]
    """
    if GENERAL.search(text) or step_index >= len(exercise.steps):
        return False
    said, asked = set(calculations(text)), set(calculations(exercise.question))
    wanted = set(calculations(exercise.steps[step_index].work))
    return bool(wanted) and wanted <= said and not (asked and asked <= said)


def _wrong(said: str, exercise: Exercise, step_index: int, *, has_work: bool) -> Found:
    slip = _slip(said, exercise, step_index)
    return Found(Outcome.WRONG, said, slip=slip, has_work=has_work)


def _shown(exercise: Exercise, step_index: int) -> frozenset[Fraction]:
    """The numbers that the student has: the question's, and those of the steps that are done."""
    done = " ; ".join(step.value for step in exercise.steps[:step_index])
    text = f"{exercise.question} ; {done}"
    return numbers_in(text) | {*map(Fraction, FIGURES.findall(text))}  # the 3 and the 4 of 3/4 too


def _restates(claim: Claim, shown: frozenset[Fraction]) -> bool:
    """Whether a number of the question is only spoken of: Jack has 12 bags."""
    nodes = (reading.node for reading in readings(tidy(claim.said)))
    return claim.is_bare and any(isinstance(n, Num) and n.value in shown for n in nodes)


def _is_part(claim: Claim, text: str, shown: frozenset[Fraction]) -> bool:
    """Whether a part of a number of the question is meant: "a quarter is 5", of 20."""
    value = number_of(claim.said)
    parts = [Fraction(n) for n in claim.work]
    return "=" not in text and any(
        0 < part < 1 and part * n == value for part in parts for n in shown
    )


def _held(said: str, exercise: Exercise, step_index: int) -> Found | None:
    """The answer, or a step: those to come first."""
    if _says(said, exercise.key, exercise) and has_form(said, exercise):
        return Found(Outcome.ANSWER, said, len(exercise.steps) - 1)
    order = [*range(step_index, len(exercise.steps)), *range(step_index)]
    for index in order:
        value = exercise.steps[index].value
        is_final = check(value, exercise.key).right
        if _says(said, value, exercise) and (has_form(said, exercise) or not is_final):
            return Found(Outcome.STEP, said, index)
    return None


def _says(said: str, value: str, exercise: Exercise) -> bool:
    """Whether `said` is `value`; 30% is 30 where a percentage is asked for, else 30/100."""
    if not PERCENT.search(value) and not ASKS_PERCENT.search(exercise.question):
        said = PERCENT.sub(r"(\g<number>/100)", said)
    return check(said, value).right


def _choice(text: str, exercise: Exercise) -> int | None:
    """The index of the option that is named, by its letter or by its words."""
    if letter := LETTER.search(text.strip()):
        return ord(letter["letter"].upper()) - ord("A")
    if placed := PLACED.search(text.strip()):
        place, count = placed["place"], placed["count"]
        return PLACES.index(place.lower()) if place else COUNTED.index(count.lower())
    said = f" {as_words(text)} "
    named = [i for i, choice in enumerate(exercise.choices) if f" {as_words(choice)} " in said]
    return (
        named[0] if len(named) == 1 and not number_of(exercise.key) and "not" not in said else None
    )


def _of_choice(index: int, exercise: Exercise) -> Found:
    if index >= len(exercise.choices):
        return NOTHING
    said = exercise.choices[index]
    right = check(said, exercise.key).right
    return Found(Outcome.ANSWER if right else Outcome.WRONG, said)


def _slip(said: str, exercise: Exercise, step_index: int) -> str:
    """The sentence that points at the error behind a wrong value, where it is a known one."""
    slips = (slip for step in exercise.steps[step_index:] for slip in step.slips)
    known = next((words for value, words in slips if check(said, value).right), "")
    return known or (ROUNDED if _is_rounded(said, exercise.key) else "")


def _is_rounded(said: str, key: str) -> bool:
    """Whether a decimal is a key without end, cut or rounded."""
    wanted, places = number_of(key), len(said.partition(".")[2].rstrip("."))
    if not DECIMAL.fullmatch(said) or wanted is None or 10**places % wanted.denominator == 0:
        return False
    return abs(Fraction(said) - wanted) < Fraction(1, 10**places)
