"""Folders as people have them: each converts to what transformers makes of it, or is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from llmq.files.gguf import open_gguf
from tests.field import (
    cases_config,
    cases_ends,
    cases_files,
    cases_pieces,
    cases_templates,
    cases_tokens,
)
from tests.field.bases import BASES
from tests.field.case import Case, Converts
from tests.field.likeness import check_like_transformers

SECONDS = 60
"""No case may take longer: none waits for a file that never comes."""
BARE = tuple(Case(name, base) for name, base in BASES.items())
CASES = (
    *BARE,
    *cases_ends.CASES,
    *cases_pieces.CASES,
    *cases_tokens.CASES,
    *cases_config.CASES,
    *cases_files.CASES,
    *cases_templates.CASES,
    *(cases_files.PIPES if sys.platform != "win32" else ()),
)


def test_there_are_many() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_folder(case: Case, tmp_path: Path) -> None:
    folder, output = tmp_path / case.folder, tmp_path / "out" / "file.gguf"
    output.parent.mkdir()
    case.base.write(folder, **case.model)
    for step in case.steps:
        step(folder)
    done = convert(folder, output, *case.options)
    assert "Traceback" not in done.stderr
    if isinstance(case.right, Converts):
        assert done.returncode == 0, done.stderr
        check_notes(case.right, done.stderr)
        metadata = open_gguf(output).metadata
        assert {key: metadata.get(key) for key in case.right.keys} == case.right.keys
        check_like_transformers(case, folder, output)
    else:
        assert done.returncode == 1, done.stderr
        line = done.stderr.splitlines()[-1]
        assert line.startswith("llmq: ")
        assert [word for word in case.right.words if word not in line] == [], line
        assert list(output.parent.iterdir()) == []


def convert(folder: Path, output: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """`llmq convert`, as a user runs it."""
    command = [sys.executable, "-m", "llmq.cli", "convert", str(folder), "-o", str(output)]
    command += ["--recipe", "F32", "--jobs", "1", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)


def check_notes(right: Converts, said: str) -> None:
    """The notes say what they should."""
    notes = [line for line in said.splitlines() if line.startswith("note: ")]
    assert [words for words in right.notes if not any(words in note for note in notes)] == []
