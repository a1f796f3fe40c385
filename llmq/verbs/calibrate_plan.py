"""What `llmq calibrate` says of the text before it computes: how much of which, is it enough?"""

import sys
from collections.abc import Sequence
from typing import Any

from llmq.calibration.text import (
    CalibrationTokens,
    Portion,
    tokens_per_column,
    too_few,
)
from llmq.errors import printable
from llmq.sources.source import Source
from llmq.verbs.tables import aligned, terminal_width


def notes_on(
    tokens: CalibrationTokens, source: Source, portions: Sequence[Portion], wanted: int
) -> list[str]:
    """Where the text is shorter than was asked for, and where it is too short."""
    found = []
    whole = sum(portion.share for portion in portions)
    short = [
        used.name
        for used in tokens.sources
        if used.n_tokens + tokens.window <= wanted * used.share / whole
    ]
    if short:
        found.append(
            f"all of {' and '.join(short)} is read, which makes {tokens.ids.size:,} tokens of the"
            f" {wanted:,} asked for; more text of your own (--suite, --text) helps"
        )
    if small := too_few(tokens.ids.size, source):
        found.append(f"{small}; give more text, or more --tokens")
    return found


def print_plan(tokens: CalibrationTokens, source: Source) -> None:
    """What is taken of which text, on standard error."""
    rows = [("text", "share", "tokens")]
    rows += [(s.name, f"{s.share:g}", f"{s.n_tokens:,}") for s in tokens.sources]
    each, columns = tokens_per_column(tokens.ids.size, source)
    n, window = tokens.ids.shape
    windows = "1 window" if n == 1 else f"{n} windows"
    print(f"{printable(source.name)} reads {windows} of {window} tokens", file=sys.stderr)
    for line in aligned(rows, "<>>", terminal_width(sys.stderr)):
        print(line, file=sys.stderr)
    print(
        f"{tokens.ids.size:,} tokens, {each:.1f} for each of the {columns:,} columns of the widest"
        " matrix",
        file=sys.stderr,
    )


def as_json(tokens: CalibrationTokens, source: Source, notes: list[str]) -> dict[str, Any]:
    """The plan for machines."""
    return {
        "model": source.name,
        "n_tokens": tokens.ids.size,
        "window": tokens.window,
        "tokens_per_column": round(tokens_per_column(tokens.ids.size, source)[0], 3),
        "sha256": tokens.sha256,
        "sources": [vars(used) for used in tokens.sources],
        "notes": notes,
    }
