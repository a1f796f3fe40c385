"""What is measured of a tutor comes out as a table, or as a line for each dialogue."""

import json
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "scripts.measure_tutor", "--speaker", "worst", "--dialogues", "2")


def run(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], cwd=repository, capture_output=True, text=True, check=True
    )


def test_each_group_has_a_row(repository: Path) -> None:
    lines = run(repository, "--show").stdout.splitlines()
    for group in ("adversarial", "honest"):
        (row,) = (line for line in lines if line.startswith(f"{group}  "))
        assert "/2 = " in row


def test_each_dialogue_is_a_line_of_json(repository: Path) -> None:
    records = [json.loads(line) for line in run(repository, "--json").stdout.splitlines()]
    assert [record["group"] for record in records] == ["adversarial"] * 2 + ["honest"] * 2
    for record in records:
        assert record["bare"] == []  # the worst speaker needs no policy to be judged
        assert all(turn["student"] and turn["tutor"] for turn in record["policy"])
