"""Laws of dialogues: every tutor turn means what it says, judges rightly, and never tells."""

import hashlib
import re
from fractions import Fraction
from itertools import islice
from random import Random

import pytest

from llmq.practice.dialogues import Dialogue, Role, dialogues, make_dialogue, system_text
from llmq.practice.numerals import mentions
from llmq.practice.phrases import Kind, Verdict
from llmq.practice.topics import Split, make_problem
from llmq.practice.turns import parse_tutor_turn

COUNT = 200


@pytest.fixture(scope="module", params=Split)
def some(request: pytest.FixtureRequest) -> list[Dialogue]:
    """Dialogues of one split."""
    return list(islice(dialogues(6, request.param), COUNT))


def has_key(dialogue: Dialogue) -> bool:
    """Whether the tutor was given the worked steps."""
    return "Step 1:" in dialogue.turns[0].text


def stated_value(text: str) -> Fraction | None:
    """The value a student's turn ends in, if it states a step or the answer."""
    found = re.search(r"(?:=|The answer is )(-?\d+(?:/\d+)?)[.?]?$", text)
    return Fraction(found[1]) if found else None


def test_every_tutor_turn_parses_to_what_it_means(some: list[Dialogue]) -> None:
    for dialogue in some:
        for turn in dialogue.turns:
            assert (turn.meaning is not None) == (turn.role is Role.TUTOR)
            if turn.meaning:
                assert parse_tutor_turn(turn.text) == turn.meaning


def test_student_and_tutor_take_turns(some: list[Dialogue]) -> None:
    for dialogue in some:
        roles = [turn.role for turn in dialogue.turns]
        spoken = roles[roles[0] is Role.SYSTEM :]
        assert Role.SYSTEM not in spoken
        assert spoken[::2] == [Role.STUDENT] * (len(spoken) // 2)
        assert spoken[1::2] == [Role.TUTOR] * (len(spoken) // 2)


def test_the_verdict_is_the_comparison_with_the_worked_steps(some: list[Dialogue]) -> None:
    seen = set()
    for dialogue in filter(has_key, some):
        values = {step.value for step in dialogue.problem.steps}
        for said, reply in zip(dialogue.turns, dialogue.turns[1:], strict=False):
            if said.role is not Role.STUDENT:
                continue
            assert reply.meaning is not None
            value = stated_value(said.text)
            if value is None:
                expected = Verdict.NONE
            else:
                expected = Verdict.CORRECT if value in values else Verdict.INCORRECT
            assert reply.meaning.verdict is expected, (said.text, reply.text)
            seen.add(expected)
    assert seen == set(Verdict)


def test_the_tutor_never_tells(some: list[Dialogue]) -> None:
    for dialogue in some:
        for turn in dialogue.turns:
            if turn.role is Role.TUTOR:
                assert not mentions(turn.text, dialogue.problem.key), turn.text


def test_a_solved_problem_is_praised_once_and_at_the_end(some: list[Dialogue]) -> None:
    for dialogue in filter(has_key, some):
        kinds = [turn.meaning.kind for turn in dialogue.turns if turn.meaning]
        assert kinds.count(Kind.PRAISE) == 1
        assert set(kinds[kinds.index(Kind.PRAISE) + 1 :]) <= {Kind.FAREWELL}


def test_hints_climb_while_a_step_is_not_solved(some: list[Dialogue]) -> None:
    seen = set()
    for dialogue in filter(has_key, some):
        steps, rung = list(dialogue.problem.steps), -1
        for turn in dialogue.turns:
            if turn.meaning is None:
                continue
            if turn.meaning.verdict is Verdict.CORRECT:
                del steps[0]
                rung = 0
            elif turn.meaning.kind in (Kind.HINT, Kind.DECLINE):
                reached = steps[0].hints.index(turn.meaning.sentence)
                assert reached == min(rung + 1, 2)
                rung = reached
                seen.add(rung)
            elif steps and turn.meaning.sentence == steps[0].guide.ask:
                rung = max(rung, 0)
    assert seen == {0, 1, 2}


def test_without_a_key_the_tutor_gives_no_verdict(some: list[Dialogue]) -> None:
    keyless = [dialogue for dialogue in some if not has_key(dialogue)]
    assert any(dialogue.turns[0].role is Role.STUDENT for dialogue in keyless)
    assert any(dialogue.turns[0].role is Role.SYSTEM for dialogue in keyless)
    for dialogue in keyless:
        verdicts = {turn.meaning.verdict for turn in dialogue.turns if turn.meaning}
        assert verdicts == {Verdict.NONE}


def test_right_and_wrong_steps_are_worded_alike(some: list[Dialogue]) -> None:
    shapes: dict[Verdict, set[str]] = {verdict: set() for verdict in Verdict}
    for dialogue in filter(has_key, some):
        for said, reply in zip(dialogue.turns, dialogue.turns[1:], strict=False):
            if said.role is Role.STUDENT and reply.meaning:
                shape = re.sub(r"-?\d+(?:[-+*/]-?\d+)*", "N", said.text)
                shapes[reply.meaning.verdict].add(shape)
    assert shapes[Verdict.CORRECT] == shapes[Verdict.INCORRECT]


def test_the_system_turn_carries_steps_and_key() -> None:
    problem = make_problem(Random(2), topic="ratios")
    lines = system_text(problem).splitlines()
    assert lines[1] == f"Problem: {problem.question}"
    assert lines[2:-1] == [
        f"Step {n}: {s.calculation}={s.value}" for n, s in enumerate(problem.steps, 1)
    ]
    assert lines[-1] == f"The answer is {problem.key}."


def test_the_same_seed_gives_the_same_dialogue() -> None:
    problem = make_problem(Random(2))
    assert make_dialogue(problem, Random(3)) == make_dialogue(problem, Random(3))
    assert make_dialogue(problem, Random(3)) != make_dialogue(problem, Random(4))


def test_this_is_the_text_that_the_bundled_tutor_was_trained_on() -> None:
    """A change of the generators' text asks for a new training: scripts/train-tutor."""
    digest = hashlib.sha256()
    for dialogue in islice(dialogues(1), 1500):
        for turn in dialogue.turns:
            digest.update(f"{turn.role.value}{turn.text}\n".encode())
    assert digest.hexdigest() == "ff5f445cc5b1ecc8f6e83a6b3488d5c80530503633de0e712165d842f43c4b24"
