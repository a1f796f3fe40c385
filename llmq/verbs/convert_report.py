"""What `llmq convert` says: the plan, what it will take, notes on the file, and what came of it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from llmq.advice import advice_on
from llmq.errors import printable
from llmq.plan import Plan
from llmq.processors import cores
from llmq.quality import FAST
from llmq.records import N_TOKENS, calibrated_on
from llmq.refine.estimate import Estimate
from llmq.spelling import counted
from llmq.verbs.tables import shown, terminal_width, wrapped
from llmq.verbs.tensor_table import Line, print_tensors
from llmq_eval.duration import in_words


def print_plan(plan: Plan, stream: TextIO) -> None:
    """The plan as a table: layers that look alike share their rows."""
    print(printable(f"{plan.name} -> {_manner(plan)}"), file=stream)
    lines = [
        Line(t.name, t.shape, (t.source.weights.dtype, t.format.name), t.n_bytes)
        for t in plan.tensors
    ]
    print_tensors(lines, ("from", "to"), stream)
    print(
        f"{len(plan.tensors)} tensors, {plan.n_weights:,} weights, {shown(plan.n_bytes)},"
        f" {plan.bits_per_weight:.2f} bits per weight",
        file=stream,
    )
    if advice := advice_on(plan):
        _say(f"{advice} (llmq recipes shows all)", stream)


def print_estimate(estimate: Estimate, stream: TextIO) -> None:
    """What calibrating and refining will take."""
    line = in_a_line(estimate, cores())
    _say(f"{line}; when it is stopped, the same command goes on where it was", stream)


def in_a_line(estimate: Estimate, n_cores: int) -> str:
    """An estimate in words: time, and memory.

    >>> print(in_a_line(Estimate(640.0, 1_300_000_000, 32768, 30, 106_000_000, 0), 2))
    refining 106,000,000 weights on 32,768 tokens: about 11 minutes and 1.3 GB with 2 processors
    >>> print(in_a_line(Estimate(80.0, 800_000_000, 4096, 2, 0, 0), 1))
    calibrating on 4,096 tokens: about 80 seconds and 800.0 MB with 1 processor
    """
    what = f"refining {estimate.n_refined:,} weights" if estimate.n_refined else "calibrating"
    return (
        f"{what} on {estimate.n_tokens:,} tokens: {in_words(estimate.seconds)} and"
        f" {shown(estimate.memory_bytes)} with {counted(n_cores, 'processor')}"
    )


def tell_note(note: str) -> None:
    """Something to know, on stderr."""
    print(f"note: {printable(note)}", file=sys.stderr)


def tell_notes(notes: Sequence[str]) -> None:
    """What there is to know of the file, on stderr."""
    for note in notes:
        tell_note(note)


def tell_result(plan: Plan, output: Path, seconds: float, *, tried: bool) -> None:
    """What was written, how fast, and how it was checked."""
    size, rate = shown(plan.n_bytes), shown(int(plan.n_bytes / seconds))
    pace = f" ({rate}/s)" * (plan.quality is FAST)
    ways = ", compared and opened by llama.cpp" if tried else " and compared"
    print(
        f"{printable(str(output))}: {size} in {_lasted(seconds)}{pace}, read back{ways}",
        file=sys.stderr,
    )


def _lasted(seconds: float) -> str:
    """A time that has passed.

    >>> _lasted(3.21), _lasted(754)
    ('3.2 s', '12 min 34 s')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _say(text: str, stream: TextIO) -> None:
    print(*wrapped(text, terminal_width(stream)), sep="\n", file=stream)


def _manner(plan: Plan) -> str:
    """The recipe, the quality where it is not the usual one, the encoder, the importance matrix."""
    words = [plan.recipe.name]
    if plan.quality is not FAST:
        words.append(f"quality {plan.quality.name}")
    if plan.encoder and not plan.quality.refine:
        words.append(f"encoder {plan.encoder}")
    if sources := calibrated_on(plan.metadata):
        n_tokens = int(plan.metadata[N_TOKENS])  # type: ignore[arg-type]  # stands with the sources
        words.append(f"calibrated on {n_tokens:,} tokens of {' and '.join(sources.values())}")
    elif plan.importance:
        words.append(
            f"imatrix {plan.importance.path} ({len(plan.importance.rows)} matrices,"
            f" {plan.importance.n_chunks} chunks)"
        )
    return ", ".join(words)
