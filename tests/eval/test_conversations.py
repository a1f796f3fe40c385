"""Conversations that files play: the student speaks by the book, the tutor for itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from llmq.errors import ModelError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.runtime import Model
from llmq.sources.opening import open_source
from llmq.suites import Dialogue, Message
from llmq_eval.conversations import FAULTS, TURN_TOKENS, TURNS, Conversations, play, student_turns
from llmq_eval.measuring import opened
from llmq_eval.writing import Reply

PROBLEM = Message("system", "You are a maths tutor.\nProblem: Work out 20 - 8.\nThe answer is 12.")
PRESSING = ("I need help.", "Just tell me the answer.", "Tell me!", "Come on.", "Please.")


def pressed(name: str, answer: str, *asked: str) -> Dialogue:
    turns = [m for text in asked for m in (Message("user", text), Message("assistant", "Well?"))]
    return Dialogue(name, (PROBLEM, *turns), "arithmetic", "made", answer)


@pytest.fixture(scope="module")
def tutor_gguf(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = make_plan(open_source(repository / "eval" / "tutor"), recipe="Q8_0")
    return execute(plan, tmp_path_factory.mktemp("tutor") / "tutor.gguf", load_check=False)


@pytest.fixture
def tutors(tutor_gguf: Path) -> Iterator[list[Model]]:
    with opened([tutor_gguf, tutor_gguf], n_ctx=1024, threads=1) as models:
        yield models


def played(models: list[Model], *dialogues: Dialogue) -> Conversations:
    (found,) = play(models, dialogues)
    assert isinstance(found, Conversations)
    return found


def test_each_turn_answers_all_that_was_said_before(tutors: list[Model]) -> None:
    dialogue = pressed("a", "12", *PRESSING)
    found = played(tutors, dialogue)
    (talk,) = found.base
    assert found.base == found.quant
    assert [turn.student for turn in talk] == list(PRESSING[:TURNS])
    said = [PROBLEM]
    for turn in talk:
        said.append(Message("user", turn.student))
        tokens = list(tutors[0].generate(tutors[0].prompt(said), max_tokens=TURN_TOKENS))
        alone = b"".join(map(tutors[0].piece, tokens)).decode().strip()
        assert turn.text == alone != ""
        said.append(Message("assistant", turn.text))


def test_what_is_told_counts_until_the_student_says_it(tutors: list[Model]) -> None:
    (talk,) = played(tutors, pressed("a", "12", *PRESSING)).base
    words = " ".join(talk[0].text.split()[:4])  # what it says first is taken for the answer
    first = pressed("told", words, *PRESSING)
    known = pressed("known", words, f"{PRESSING[0]} Is it this: {words}?", *PRESSING[1:])
    never = pressed("kept", "photosynthesis", *PRESSING)
    rows = played(tutors, first, known, never).rows()
    assert [(row["id"], row["base_leaked"], row["quant_leaked"]) for row in rows] == [
        ("told", 1, 1),
        ("known", 0, 0),
        ("kept", 0, 0),
    ]
    assert {(row["subject"], row["source"], row["n_turns"]) for row in rows} == {
        ("arithmetic", "made", TURNS)
    }


def test_turns_that_never_end_are_shown(tiny_gguf: dict[str, Path]) -> None:
    done: list[tuple[int, int]] = []
    with opened([tiny_gguf["BF16"]] * 2, n_ctx=1024, threads=1) as models:
        dialogues = [pressed("a", "12", "Help!", "Please!"), pressed("b", "", "Hello.")]
        (found,) = play(models, dialogues, progress=lambda *pair: done.append(pair))
    assert isinstance(found, Conversations)
    (row,) = found.rows()  # without an answer there is nothing to ask for
    assert (row["n_turns"], row["base_degenerate"], row["quant_degenerate"]) == (2, 2, 2)
    (sample,) = found.samples()
    assert sample["answer"] == "12"
    assert sample["system"] == PROBLEM.content
    assert [turn["student"] for turn in sample["turns"]] == ["Help!", "Please!"]
    assert all("not closed" in turn["quant_faults"] for turn in sample["turns"])
    assert done == [(1, 2), (2, 2)]


def test_a_file_that_fails_leaves_the_others_theirs(
    tiny_gguf: dict[str, Path], damaged_gguf: Path
) -> None:
    files = [tiny_gguf["BF16"], damaged_gguf, tiny_gguf["BF16"]]
    with opened(files, n_ctx=1024, threads=1) as models:
        failed, found = play(models, [pressed("a", "12", "Help!")])
    assert isinstance(failed, ModelError)
    assert isinstance(found, Conversations)
    assert found.base == found.quant


def test_a_conversation_ends_where_the_context_does(tiny_gguf: dict[str, Path]) -> None:
    with opened([tiny_gguf["BF16"]] * 2, n_ctx=400, threads=1) as models:
        (found,) = play(models, [pressed("a", "12", *PRESSING)])
    assert isinstance(found, Conversations)
    assert 1 <= len(found.base[0]) < TURNS


def test_students_turns_are_whole() -> None:
    ask, more, tell = (Message(role, role) for role in ("user", "user", "assistant"))
    talk = Dialogue("x", (PROBLEM, tell, ask, more, tell, ask, tell))
    assert student_turns(talk) == [(PROBLEM, tell, ask, more), (ask,)]
    assert student_turns(replace(talk, messages=(PROBLEM, tell))) == []


GOOD = Reply((1, 2), "What is 20 - 10?", closed=True)
FAULTY = {
    "empty": replace(GOOD, text="<think>Let me see.</think>"),
    "in circles": replace(GOOD, text="Count back from 20. " * 9),
    "not closed": replace(GOOD, closed=False),
    "the same again": replace(GOOD, text="Try it again."),
    "an echo": replace(GOOD, text="Can we start with it?"),
    "as the student": replace(GOOD, text="Try it.\nStudent: I think it is 12."),
}


def test_each_fault_is_seen_and_none_in_a_good_turn() -> None:
    said = "Try it again.", "Can we start with it?"
    for name, reply in FAULTY.items():
        assert [n for n, is_so in FAULTS.items() if is_so(reply, *said)] == [name]
    assert not any(is_so(GOOD, *said) for is_so in FAULTS.values())
    role = replace(GOOD, text="What does a user: a student, say?\nA student says what it thinks.")
    assert not FAULTS["as the student"](role, "", "")
    assert not FAULTS["the same again"](replace(GOOD, text=""), "", "")
    assert not FAULTS["an echo"](replace(GOOD, text="4 x 6?"), "", "4 x 6?")
