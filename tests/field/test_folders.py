"""Folders as people have them: each converts to what transformers makes of it, or is refused."""

import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
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
from tests.field.running import Done, started, workers

SECONDS = 60
"""No case may take longer: none waits for a file that never comes."""
AS_IT_IS = ("--recipe", "F32", "--jobs", "1")
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
    """A folder that was made, and `llmq convert` on it."""

    folder: Path
    original: Path
    """What transformers reads."""
    output: Path
    done: "Future[Done]"


@pytest.fixture(scope="module")
def conversions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Conversion]]:
    """The conversion of each case that is to run, two at a time while others are compared."""
    chosen = [item for item in request.session.items if isinstance(item, pytest.Function)]
    names = {item.callspec.id for item in chosen if item.name.startswith("test_a_folder[")}
    found: dict[str, Conversion] = {}
    with workers(2) as pool:
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
                done = started(pool, "convert", str(folder), "-o", str(output), *AS_IT_IS)
                found[case.name] = Conversion(folder, original, output, done)
        yield found


def test_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_folder(case: Case, conversions: dict[str, Conversion]) -> None:
    conversion = conversions[case.name]
    done = conversion.done.result(timeout=SECONDS)
    if isinstance(case.right, Refused):
        check_refusal(case.right, done)
        assert list(conversion.output.parent.iterdir()) == []
        return
    assert done.code == 0, done.stderr
    check_notes(case.right, done.stderr)
    check_like_transformers(case, conversion.original, conversion.output)


def check_refusal(right: Refused, done: Done) -> None:
    """One line tells the error, and says what it should; exit code 1."""
    assert done.code == 1, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("llmq: ")]
    assert lines == done.stderr.splitlines()[-1:]
    assert [word for word in right.words if word not in lines[0]] == [], lines[0]


def check_notes(right: Converts, said: str) -> None:
    """The notes say what they should."""
    notes = [line for line in said.splitlines() if line.startswith("note: ")]
    assert [words for words in right.notes if not any(words in note for note in notes)] == [], said
    assert [words for words in right.unsaid if any(words in note for note in notes)] == [], said
