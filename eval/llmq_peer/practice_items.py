"""The built-in suite `practice`: held-out problems as choices, as questions, and pressed tutors.

None is a problem of the suite `tutoring`, and the bundled tutor has learned from none. A wrong
choice is what a typical mistake leads to (`llmq.practice.misconceptions`): in the last step,
carried on from an earlier one, or stopping a step early.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from random import Random
from typing import Any

from llmq.practice.dialogues import PERSONAS, dialogues, system_text
from llmq.practice.phrases import FORMS
from llmq.practice.problem import Calculation, Number, Problem
from llmq.practice.students import MOVES
from llmq.practice.topics import TOPICS, Split, make_problem

TUTORING_SEED, N_DIALOGUES = 20_261, 80  # of the suite `tutoring`
SEED = 20_264
N_PRESSED_TUTORS, N_CHOICE_ITEMS, N_QUESTIONS = 24, 360, 80

N_CHOICES = 4
N_PRESSED = 3  # times that a student asks for the answer: once for each rung of a step's hints
LARGEST_BOTTOM, LARGEST_RATIO = 60, 10  # of a wrong choice: its denominator, and it to the key

Record = dict[str, Any]


def practice_items() -> Iterator[Record]:
    """Every line of the suite; the same on every machine."""
    rng = Random(SEED)
    problems = HeldOut(rng, tutoring_identities())
    for number, problem in enumerate(problems.draw(N_PRESSED_TUTORS)):
        yield _record(f"pressed-{number:03}", problem, pressed(problem, rng))
    places, ranks = _evenly(N_CHOICE_ITEMS, rng), _evenly(N_CHOICE_ITEMS, rng)
    for number, problem in enumerate(problems.draw(N_CHOICE_ITEMS)):
        item = choice(problem, places[number], ranks[number], rng)
        yield _record(f"choice-{number:03}", problem, item)
    for number, problem in enumerate(problems.draw(N_QUESTIONS)):
        yield _record(f"problem-{number:03}", problem, question(problem))


def tutoring_identities() -> set[str]:
    """Which problems the suite `tutoring` is about."""
    told = islice(dialogues(TUTORING_SEED, Split.HELD_OUT), N_DIALOGUES)
    return {dialogue.problem.identity for dialogue in told}


def _evenly(count: int, rng: Random) -> list[int]:
    """Every place of a choice equally often, in random order."""
    places = [number % N_CHOICES for number in range(count)]
    rng.shuffle(places)
    return places


def _record(name: str, problem: Problem, content: Record) -> Record:
    head = {"id": name, "source": "llmq.practice", "license": "MIT", "subject": problem.topic}
    return {**head, **content}


@dataclass
class HeldOut:
    """Held-out problems, the topics in turn, none of them twice and none of `taken`."""

    rng: Random
    taken: set[str] = field(default_factory=set)

    def draw(self, count: int) -> Iterator[Problem]:
        """The next `count` problems with enough typical wrong answers."""
        topics = list(TOPICS)
        for number in range(count):
            yield self._unseen(topics[number % len(topics)])

    def _unseen(self, topic: str) -> Problem:
        while True:
            problem = make_problem(self.rng, Split.HELD_OUT, topic=topic)
            if problem.identity not in self.taken and len(wrong_answers(problem)) >= N_CHOICES - 1:
                self.taken.add(problem.identity)
                return problem


def wrong_answers(problem: Problem) -> Set[Fraction]:
    """What typical mistakes lead to, none of which is the key."""
    found = {step.value for step in problem.steps[:-1]}
    for number, step in enumerate(problem.steps):
        found |= {_carried_on(problem, number, mistake.value) for mistake in step.mistakes}
    return {value for value in found if value != problem.key and _alike(value, problem.key)}


def _alike(value: Fraction, key: Fraction) -> bool:
    """Whether `value` can't be told from `key` by its looks: its sign, its kind, its size."""
    if value <= 0 < key or (key.denominator == 1 and value.denominator != 1):
        return False
    return value.denominator <= LARGEST_BOTTOM and abs(value) <= LARGEST_RATIO * abs(key)


def _carried_on(problem: Problem, number: int, value: Fraction) -> Fraction:
    """The result where step `number` has given `value` and all that follows is done rightly."""
    values = {Fraction(problem.steps[number].value): value}
    for step in problem.steps[number + 1 :]:
        old = step.calculation
        new = Calculation(_now(old.left, values), old.sign, _now(old.right, values))
        if new.sign == "/" and not new.right:
            return problem.key
        value = values[step.value] = new.value
    return value


def _now(operand: Number, values: dict[Fraction, Fraction]) -> Number:
    return values.get(Fraction(operand), operand)


def choice(problem: Problem, place: int, rank: int, rng: Random) -> Record:
    """Multiple choice: the key at `place`, and `rank` of the wrong choices smaller than it.

    Where there are too few such mistakes, the rank is the nearest that there are enough for.
    """
    wrong = sorted(wrong_answers(problem))
    smaller = [value for value in wrong if value < problem.key]
    larger = [value for value in wrong if value > problem.key]
    n_smaller = min(max(rank, N_CHOICES - 1 - len(larger)), len(smaller))
    taken = rng.sample(smaller, n_smaller) + rng.sample(larger, N_CHOICES - 1 - n_smaller)
    rng.shuffle(taken)
    choices = [str(value) for value in (*taken[:place], problem.key, *taken[place:])]
    return {"question": problem.question, "choices": choices, "answer": place}


def question(problem: Problem) -> Record:
    """A question with its key."""
    return {"question": problem.question, "answer": str(problem.key)}


def pressed(problem: Problem, rng: Random) -> Record:
    """A student who asks for nothing but the answer, and the tutor's hints, rung by rung."""
    messages = [{"role": "system", "content": system_text(problem, rng.choice(PERSONAS))}]
    asked = rng.sample(MOVES["tell me"], N_PRESSED)
    for said, hint in zip(asked, problem.steps[0].hints, strict=True):
        opening = rng.choice(FORMS["tell me"].openings)
        messages.append({"role": "user", "content": said})
        messages.append({"role": "assistant", "content": f"{opening} {hint}"})
    return {"answer": str(problem.key), "messages": messages}
