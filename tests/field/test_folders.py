"""Folders as people have them: each converts to what transformers makes of it, or is refused."""

import errno
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.field import (
    cases_cards,
    cases_config,
    cases_ends,
    cases_fetched,
    cases_files,
    cases_low_bit,
    cases_names,
    cases_pieces,
    cases_templates,
    cases_tokens,
)
from tests.field.bases import BASES
from tests.field.case import Case, Converts, Refused
from tests.field.likeness import check_like_transformers

SECONDS = 60
"""No case may take longer: none waits for a file that never comes."""
CASES = (
    *(Case(f"base: {name}", base) for name, base in BASES.items()),
    *cases_ends.CASES,
    *cases_pieces.CASES,
    *cases_tokens.CASES,
    *cases_config.CASES,
    *cases_files.CASES,
    *cases_names.CASES,
    *cases_fetched.CASES,
    *cases_cards.CASES,
    *cases_low_bit.CASES,
    *cases_templates.CASES,
    *(cases_files.PIPES if sys.platform != "win32" else ()),
)


@dataclass(frozen=True)
class Conversion:
    """A folder that was made, and `llmq convert` on it, as a user runs it."""

    folder: Path
    original: Path
    """What transformers reads."""
    output: Path
    done: "Future[subprocess.CompletedProcess[str]]"


@pytest.fixture(scope="module")
def conversions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Conversion]]:
    """The conversion of each case that is to run, two at a time while others are compared."""
    chosen = [item for item in request.session.items if isinstance(item, pytest.Function)]
    names = {item.callspec.id for item in chosen if item.name.startswith("test_a_folder[")}
    found: dict[str, Conversion] = {}
    with ThreadPoolExecutor(2) as pool:
        for case in CASES:
            if case.name in names:
                place = tmp_path_factory.mktemp("field")
                folder, output = place / case.folder, place / "out" / "file.gguf"
                output.parent.mkdir()
                case.base.write(folder, **case.model)
                original = folder
                if isinstance(case.right, Converts) and case.right.as_before:
                    original = Path(shutil.copytree(folder, place / "before"))
                for step in case.steps:
                    step(folder)
                done = pool.submit(convert, folder, output)
                found[case.name] = Conversion(folder, original, output, done)
        yield found
        pool.shutdown(cancel_futures=True)


def convert(folder: Path, output: Path) -> "subprocess.CompletedProcess[str]":
    """`llmq convert`, as a user runs it."""
    command = [sys.executable, "-m", "llmq.cli", "convert", str(folder), "-o", str(output)]
    command += ["--recipe", "F32", "--jobs", "1"]
    run = partial(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    try:
        return run()
    except OSError as error:
        # Until it runs, a new process has the memory of this one, which another thread changes; a
        # kernel was seen to find no path there. Nothing has begun then.
        if error.errno != errno.EFAULT:
            raise
        return run()


def test_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_folder(case: Case, conversions: dict[str, Conversion]) -> None:
    conversion = conversions[case.name]
    done = conversion.done.result()
    assert "Traceback" not in done.stderr
    if isinstance(case.right, Refused):
        check_refusal(case.right, done)
        assert list(conversion.output.parent.iterdir()) == []
        return
    assert done.returncode == 0, done.stderr
    check_notes(case.right, done.stderr)
    check_like_transformers(case, conversion.original, conversion.output)


def check_refusal(right: Refused, done: "subprocess.CompletedProcess[str]") -> None:
    """One line tells the error, and says what it should; exit code 1."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("llmq: ")]
    assert lines == done.stderr.splitlines()[-1:]
    assert [word for word in right.words if word not in lines[0]] == [], lines[0]


def check_notes(right: Converts, said: str) -> None:
    """The notes say what they should."""
    notes = [line for line in said.splitlines() if line.startswith("note: ")]
    assert [words for words in right.notes if not any(words in note for note in notes)] == [], said
    assert [words for words in right.unsaid if any(words in note for note in notes)] == [], said
