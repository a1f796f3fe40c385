"""Suites are read strictly: every defect has its line, and the hash follows the content alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmq.errors import SuiteError
from llmq.suites import Choice, Dialogue, Message, Problem, Suite, read_suite, spread

TURNS = [
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "What do you think?"},
]


def record(**changes: Any) -> str:
    return json.dumps({"id": "a", "messages": TURNS} | changes)


def suite_file(folder: Path, *lines: str) -> Path:
    path = folder / "some.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_dialogue_is_read(tmp_path: Path) -> None:
    suite = read_suite(suite_file(tmp_path, record(source="me", license="MIT"), "", record(id="b")))
    turns = (Message("user", "1+1?"), Message("assistant", "What do you think?"))
    assert suite.name == "some"
    assert suite.dialogues == (Dialogue("a", turns, source="me"), Dialogue("b", turns))
    assert (suite.license, suite.n_bytes) == ("MIT", (tmp_path / "some.jsonl").stat().st_size)


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "a\u2028b"}]
    line = json.dumps({"id": "a", "messages": turns}, ensure_ascii=False)
    assert read_suite(suite_file(tmp_path, line)).dialogues[0].messages[0].content == "a\u2028b"


def test_the_hash_follows_content_and_nothing_else(tmp_path: Path) -> None:
    def digest(*lines: str) -> str:
        return read_suite(suite_file(tmp_path, *lines)).sha256

    # As it has always been, so that what was calibrated on a suite still knows it.
    assert digest(record()).startswith("7093f01e511c")
    same = {
        digest(record()),
        digest(record(license="MIT", subject="sums")),
        digest("", json.dumps({"messages": TURNS, "id": "a"}, indent=None, separators=(",", ":"))),
    }
    other = {
        digest(record(id="b")),
        digest(record(messages=TURNS[:1])),
        digest(record(messages=[TURNS[0], {"role": "user", "content": "What do you think?"}])),
        digest(record(), record(id="b")),
        digest(record(answer="2")),
        digest(record(answer="3")),
    }
    assert len(same) == 1
    assert len(other) == 6
    assert not same & other


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: not valid JSON"),
        ("[" * 100_000, "line 2"),
        ("[]", "line 2"),
        ('{"id": "x", "id": "y"}', "line 2.*'id'"),
        (
            json.dumps({"id": "b", "mesages": TURNS}),
            "line 2: 'messages' is missing; is it 'mesages'",
        ),
        (record(id=3), "line 2: 'id' must be text, not int"),
        (record(id="b", messages=[]), "line 2: 'messages' must be a list"),
        (record(id="b", messages=[3]), "line 2, turn 1: an object"),
        (
            record(id="b", messages=[{"role": "asistant", "content": ""}]),
            "did you mean 'assistant'",
        ),
        (
            record(id="b", messages=[{"role": "tutor", "content": ""}]),
            "unknown role 'tutor'; known are system, user, assistant",
        ),
        (record(id="b", messages=[{"role": "user"}]), "line 2, turn 1: 'content' is missing"),
        (record(id="b", messages=[*TURNS, {"role": "system", "content": ""}]), "turn 3: a system"),
        (record(id="b", messages=[{"role": "user", "content": "\ud800"}]), "half a surrogate"),
        (record(), "line 2: the id 'a' is taken by line 1"),
        (record(id="b", answer=["2"]), "line 2: 'answer' must be text, not list"),
        (record(id="b", answer=" "), "line 2: 'answer' is empty"),
        (record(id="b", messages=[{"role": "x" * 10**6, "content": ""}]), "role 'x{40}...'; known"),
        (" " * 2**22 + record(id="b"), "line 2: [0-9]+ characters are more than"),
    ],
)
def test_a_defect_is_named_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(SuiteError, match=complaint) as caught:
        read_suite(suite_file(tmp_path, record(), line))
    assert "\n" not in str(caught.value)


def test_without_ids_lines_are_numbered(tmp_path: Path) -> None:
    bare = json.dumps({"messages": TURNS})
    suite = read_suite(suite_file(tmp_path, bare, record(), bare))
    assert [dialogue.id for dialogue in suite.dialogues] == ["1", "a", "3"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.jsonl").open("wb") as file:
        file.truncate(2**28 + 1)
    with pytest.raises(SuiteError, match="at most 268435456 bytes"):
        read_suite(tmp_path / "large.jsonl")


def test_files_that_are_no_suites(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_bytes(b"\n")
    for name, complaint in (
        ("none", "cannot read"),
        ("binary", "not UTF-8"),
        ("empty", "no dialogue, choice or problem"),
    ):
        with pytest.raises(SuiteError, match=complaint):
            read_suite(tmp_path / name)


def test_real_tutoring_dialogues_are_a_suite(shared: Path) -> None:
    suite = read_suite(shared / "data" / "tutor_dialogues_test.jsonl")
    assert len(suite.dialogues) == 1284


def test_a_part_is_spread_evenly_and_known_by_its_own_hash() -> None:
    dialogues = tuple(Dialogue(f"d{i}", (Message("user", "Hi"),)) for i in range(10))
    whole = Suite("ten", "hash of ten", dialogues)
    part = spread(whole, 4)
    assert [dialogue.id for dialogue in part.dialogues] == ["d0", "d2", "d5", "d7"]
    assert part.name == "ten"
    assert part.sha256 not in {whole.sha256, spread(whole, 5).sha256}
    assert spread(whole, 10) is whole
    assert spread(whole, 11) is whole


def test_a_part_has_some_of_each_kind() -> None:
    dialogues = tuple(Dialogue(f"d{i}", (Message("user", "Hi"),)) for i in range(3))
    choices = tuple(Choice(f"c{i}", "1+1?", ("2", "3"), 0) for i in range(10))
    problems = tuple(Problem(f"p{i}", "1+1?", "2") for i in range(4))
    part = spread(Suite("all", "hash", dialogues, choices, problems, "MIT", 5), 4)
    assert [item.id for item in part.items] == [
        "d0",
        "d1",
        "d2",
        "c0",
        "c2",
        "c5",
        "c7",
        "p0",
        "p1",
        "p2",
        "p3",
    ]
    assert (part.license, part.n_bytes) == ("MIT", 5)
