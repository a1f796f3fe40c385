"""Suites out of `datasets`: what its library reads from a folder, without a network."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from llmq.errors import SuiteError
from llmq.suites import Choice, Dialogue, Problem, is_dataset
from llmq.suites.columns import Columns
from llmq.suites.hub import DatasetName, read_dataset

ROWS = (
    {"question": "1+1?", "answer": "2", "id": 7},
    {"question": "3+4?", "choices": ["6", "7"], "answer": "7", "license": "CC0"},
    {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a dataset `mine` of one split, where nothing can be fetched."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "mine" / "test.jsonl", *ROWS)
    return tmp_path


def save(path: Path, *rows: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.usefixtures("here")
def test_rows_of_every_kind() -> None:
    suite = read_dataset("hf:mine")
    assert suite.problems == (Problem("7", "1+1?", "2", source="mine"),)
    assert suite.choices == (Choice("2", "3+4?", ("6", "7"), 1, source="mine"),)
    assert [type(item) for item in suite.items] == [Dialogue, Choice, Problem]
    assert (suite.name, suite.license) == ("hf:mine", "CC0")
    assert suite.n_bytes > 100
    assert read_dataset("hf:mine:test[:1]").items == suite.problems
    assert read_dataset("hf:mine:test").sha256 == suite.sha256


def test_columns_and_several_splits(here: Path) -> None:
    for split in ("train", "validation"):
        save(here / "two" / f"{split}.jsonl", {"stem": f"1+1, {split}?", "key": 2})
    suite = read_dataset("hf:two", columns=Columns.parse("question=stem,answer=key"))
    assert [item.question for item in suite.problems] == ["1+1, validation?"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("hf:mine:dev", 'Unknown split "dev"'),
        ("hf:org/not-here", "cannot read hf:org/not-here: "),
        ("hf:", "is no dataset; write such as hf:org/name"),
        ("hf:a:b:c", "is no dataset"),
        ("hf:bad", "hf:bad, row 1: a dialogue lacks 'messages'"),
        ("hf:cut", "cannot read hf:cut: "),
    ],
)
def test_what_is_amiss_is_one_line(here: Path, name: str, complaint: str) -> None:
    save(here / "bad" / "test.jsonl", {"text": "Hello"})
    save(here / "cut" / "test.jsonl")
    (here / "cut" / "test.jsonl").write_text('{"question": ')
    with pytest.raises(SuiteError, match=complaint.replace("(", r"\(")) as caught:
        read_dataset(name)
    assert "\n" not in str(caught.value)


def test_without_the_library_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # as where it is not installed
    with pytest.raises(SuiteError, match=r'-m pip install "datasets>=5"$'):
        read_dataset("hf:org/name")


def test_names() -> None:
    assert is_dataset("hf:x")
    assert not is_dataset("tutoring")
    assert DatasetName.parse("hf:openai/gsm8k/main:test@v1") == DatasetName(
        "openai/gsm8k", "main", "test", "v1"
    )
