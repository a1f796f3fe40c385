"""What scripts/measure-gate kept, as Markdown: verdicts for README, all rows for eval/README."""

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]
MAIN = ("tokens: mean KL (nats)", "tokens: same top token", "tokens: P(end) ratio")


def verdicts(record: Record) -> str:
    """A line a file: its size, how far it is, and what each axis says."""
    axes = [name for name in record["files"][0]["axes"] if name != "device"]
    head = ["recipe", "MB", "mean KL (nats)", "same top token", "P(end) ratio", "policy", *axes]
    rows = [
        [
            file["recipe"],
            f"{file['size_bytes'] / 1e6:.1f}",
            *(file["figures"].get(name, "") for name in MAIN),
            file["policy"],
            *(file["axes"][axis] for axis in axes),
            f"**{file['status']}**",
        ]
        for file in record["files"]
    ]
    return table([*head, "verdict"], rows)


def every_row(record: Record) -> str:
    """A line a figure, a column a file."""
    files = record["files"]
    names = dict.fromkeys(name for file in files for name in file["figures"])
    rows = [[name, *(file["figures"].get(name, "") for file in files)] for name in names]
    return table(["figure", *(file["recipe"] for file in files)], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Rows of cells as a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
