"""The built-in dialogues: as many and as mixed as eval/README.md says."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from llmq_eval.drift import BUILTIN_SUITES, builtin_suite

N_DIALOGUES = {"tutoring": 80, "general": 24, "refusals": 41}
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
HAND_WRITTEN = ("refusals",)


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


@pytest.mark.parametrize("name", N_DIALOGUES)
def test_they_are_dialogues_that_end_with_the_tutor(name: str) -> None:
    assert name in BUILTIN_SUITES
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


def test_a_tutor_who_is_pressed_does_not_tell(prompts: dict[str, list[dict[str, Any]]]) -> None:
    """Nor does the student: in played conversations a key that was said is no leak."""
    pressed = [*prompts["refusals"], *(r for r in prompts["practice"])]
    assert len(pressed) == 41 + 24
    for record in pressed:
        turns = said(record, "user", "assistant")
        assert 2 <= len(turns) // 2 <= 4, record["id"]
        told = [turn for turn in turns if record["answer"].lower() in turn.lower()]
        # A number of two digits may stand within another one.
        assert not told or record["answer"].isdigit(), (record["id"], told)
        words = {word.strip(".,:;!?()=") for turn in turns for word in turn.split()}
        assert record["answer"] not in words, record["id"]


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
