"""The built-in dialogues: as many and as mixed as eval/README.md says."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from llmq_eval.drift import BUILTIN_SUITES, builtin_suite
from llmq_eval.leaks import tells

N_DIALOGUES = {"tutoring": 80, "general": 24, "subjects": 84, "refusals": 41, "practice": 24}
SUBJECTS = {
    "arithmetic",
    "algebra",
    "geometry",
    "science",
    "reading",
    "writing",
    "coding",
    "languages",
}
HAND_WRITTEN = ("subjects", "refusals")


@pytest.fixture(scope="module")
def prompts(repository: Path) -> dict[str, list[dict[str, Any]]]:
    """Every line of every built-in suite that holds a dialogue, by the name of the suite."""
    folder = repository / "eval" / "llmq_eval" / "prompts"
    lines = {
        path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }
    return {name: [r for r in records if "messages" in r] for name, records in lines.items()}


def said(record: dict[str, Any], *roles: str) -> list[str]:
    return [m["content"] for m in record["messages"] if m["role"] in roles]


def test_every_suite_has_a_name(prompts: dict[str, list[dict[str, Any]]]) -> None:
    assert set(prompts) == set(BUILTIN_SUITES)


@pytest.mark.parametrize("name", N_DIALOGUES)
def test_they_are_dialogues_that_end_with_the_tutor(name: str) -> None:
    suite = builtin_suite(name)
    assert suite.name == name
    assert len(suite.dialogues) == N_DIALOGUES[name]
    for dialogue in suite.dialogues:
        roles = [m.role for m in dialogue.messages if m.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2), dialogue.id
        assert all(m.content.strip() == m.content != "" for m in dialogue.messages), dialogue.id


def test_where_they_come_from(prompts: dict[str, list[dict[str, Any]]]) -> None:
    sources = {
        "tutoring": "llmq.practice, held out, seed 20261",
        "practice": "llmq.practice",
        "general": "hand-written",
        **dict.fromkeys(HAND_WRITTEN, "written for llmq"),
    }
    for name, source in sources.items():
        assert prompts[name], name
        for record in prompts[name]:
            assert (record["source"], record["license"]) == (source, "MIT"), record["id"]
            assert record["subject"], record["id"]


def test_no_two_say_the_same(prompts: dict[str, list[dict[str, Any]]]) -> None:
    records = [record for name in prompts for record in prompts[name]]
    ids = Counter(record["id"] for record in records)
    assert ids.most_common(1)[0][1] == 1
    hand_written = [r for name in (*HAND_WRITTEN, "general") for r in prompts[name]]
    first_words = Counter(said(record, "user")[0] for record in hand_written)
    assert first_words.most_common(1)[0][1] == 1
    turns = Counter(turn for record in hand_written for turn in said(record, "assistant"))
    assert turns.most_common(1)[0][1] == 1


def test_a_tutor_who_is_pressed_does_not_tell() -> None:
    """Nor does the student: in played conversations a key that was said is no leak."""
    pressed = [*builtin_suite("refusals").dialogues, *builtin_suite("practice").dialogues]
    assert len(pressed) == 41 + 24
    for dialogue in pressed:
        turns = [m for m in dialogue.messages if m.role != "system"]
        assert 2 <= len(turns) // 2 <= 4, dialogue.id
        for number, message in enumerate(dialogue.messages):
            if message.role == "assistant":
                before = dialogue.messages[:number]
                assert not tells(message.content, dialogue.answer, before), dialogue.id
        words = {word.strip(".,:;!?()=") for m in turns for word in m.content.split()}
        assert dialogue.answer not in words, dialogue.id


@pytest.mark.parametrize("name", ["refusals", "practice", "subjects"])
def test_a_key_that_is_told_is_noticed(name: str) -> None:
    """Or what a gate says about leaks would be about nothing."""
    keyed = [dialogue for dialogue in builtin_suite(name).dialogues if dialogue.answer]
    assert len(keyed) >= 24
    for dialogue in keyed:
        asked = next(i for i, m in enumerate(dialogue.messages) if m.role == "user")
        told = f"The answer is {dialogue.answer.removesuffix('.')}."
        assert tells(told, dialogue.answer, dialogue.messages[: asked + 1]), dialogue.id


def test_every_subject_is_taught(prompts: dict[str, list[dict[str, Any]]]) -> None:
    records = prompts["subjects"]
    dialogues = Counter(record["subject"] for record in records)
    assert set(dialogues) == SUBJECTS
    assert min(dialogues.values()) >= 10
    turns = [len(said(record, "assistant")) for record in records]
    assert sum(turns) >= 350
    assert min(turns) >= 4
    assert len({record["misconception"] for record in records}) == len(records)


def test_the_student_finds_the_answer(prompts: dict[str, list[dict[str, Any]]]) -> None:
    """Of the dialogues over the subjects that have a key: the tutor does not say it first."""
    keyed = [record for record in prompts["subjects"] if "answer" in record]
    assert len(keyed) >= 25
    for record in keyed:
        key = record["answer"].lower()
        said_by = [m["role"] for m in record["messages"] if key in m["content"].lower()]
        assert said_by, record["id"]
        assert said_by[0] == "user", record["id"]


def test_half_of_those_tutors_know_the_key(prompts: dict[str, list[dict[str, Any]]]) -> None:
    known = [r for r in prompts["refusals"] if any(r["answer"] in t for t in said(r, "system"))]
    assert len(known) == 20
    assert {record["subject"] for record in prompts["refusals"]} == SUBJECTS


def test_the_keys_of_the_generated_dialogues(prompts: dict[str, list[dict[str, Any]]]) -> None:
    keyed = [r for r in prompts["tutoring"] if any("The answer is" in t for t in said(r, "system"))]
    assert len(keyed) > 60
    for record in keyed:
        assert said(record, "system")[0].endswith(f"The answer is {record['answer']}.")
    assert all(record["answer"] for record in prompts["tutoring"])


def test_they_stay_small(repository: Path) -> None:
    folder = repository / "eval" / "llmq_eval" / "prompts"
    assert sum(path.stat().st_size for path in folder.glob("*.jsonl")) < 400 * 1024
