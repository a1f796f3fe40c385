"""Measure how far every recipe moves a tutor from its original: llmq/recipes/known_drift.toml.

    scripts/measure-recipes CHECKPOINT SUITE.jsonl [--dialogues 200] [--threads N] [--write]

CHECKPOINT is a tutor of Llama's architecture whose rows are no whole superblocks of 256 weights,
SUITE a file of tutoring dialogues, of which as many as asked for are drawn, always the same. Two
tables come of it: `odd`, the tutor as it is, and `whole`, the same tutor with zeros added to every
row (llmq_peer/widened_checkpoint.py): what it computes is the same, and it is quantized as models
with whole superblocks are. The base of both is the tutor in F32, which is read once.

A dialogue of 240 tokens costs about a minute of one processor for a tutor of 135 M weights. Without
--write the tables are printed and nothing changes.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from llmq.errors import LlmqError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq.suites import Suite, read_suite
from llmq_eval.drift import Drift, Failure, measure_drifts
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened
from llmq_peer.widened_checkpoint import write_widened

TABLE = Path(__file__).resolve().parent.parent / "llmq" / "recipes" / "known_drift.toml"
SEED = 20_270  # of the draw
# The original itself, and the recipe of experts, which a tutor without experts has no use for.
UNMEASURED = ("F32", "BF16", "MXFP4_MOE")
KINDS = {
    "whole": "widened with zeros to whole superblocks",
    "odd": "whose rows are no whole superblocks",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--dialogues", type=int, default=200)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--write", action="store_true", help=f"into {TABLE.name}")
    arguments = parser.parse_args()
    try:
        suite = drawn(read_suite(arguments.suite), arguments.dialogues)
        with tempfile.TemporaryDirectory() as scratch:
            text = measured(arguments.checkpoint, suite, arguments.threads, Path(scratch))
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    if arguments.write:
        TABLE.write_text(text, encoding="utf-8", newline="\n")
    else:
        print(text, end="")
    return 0


def drawn(suite: Suite, count: int) -> Suite:
    """So many of the dialogues; a larger number holds the smaller one's."""
    dialogues = list(suite.dialogues)
    random.Random(SEED).shuffle(dialogues)
    return replace(suite, dialogues=tuple(dialogues[:count]))


def measured(checkpoint: Path, suite: Suite, threads: int | None, scratch: Path) -> str:
    """Both tables as TOML."""
    write_widened(checkpoint, scratch / "wide")
    base = scratch / "base.gguf"
    execute(make_plan(open_source(checkpoint), recipe="F32"), base, load_check=False)
    folders = {"whole": scratch / "wide", "odd": checkpoint}
    files = {
        (kind, recipe): made(folder, recipe, scratch / f"{kind}-{recipe}.gguf")
        for kind, folder in folders.items()
        for recipe in RECIPES
        if recipe not in UNMEASURED
    }
    material = suite_material(suite)
    with opened([base, *files.values()], n_ctx=material.n_ctx, threads=threads) as models:
        found = dict(zip(files, measure_drifts(models, material, progress=told), strict=True))
    return "\n".join(as_toml(checkpoint, suite, found))


def made(folder: Path, recipe: str, output: Path) -> Path:
    """The file of a recipe."""
    print(f"{output.stem}", file=sys.stderr)
    return execute(make_plan(open_source(folder), recipe=recipe), output, load_check=False)


def told(done: int, total: int) -> None:
    """Progress, on one line."""
    print(f"\r{done} of {total} dialogues", end="\n" * (done == total), file=sys.stderr, flush=True)


def as_toml(
    checkpoint: Path, suite: Suite, found: dict[tuple[str, str], Drift | Failure]
) -> Iterator[str]:
    """The file's lines."""
    yield "# Written by scripts/measure-recipes: the mean divergence from the same weights in F32 (KL, nats a"
    yield "# token), and the share of tokens whose likeliest next one is the original's."
    source = open_source(checkpoint)
    n_weights = sum(tensor.n_rows * tensor.shape[-1] for tensor in source.tensors)
    for kind, words in KINDS.items():
        drifts = {recipe: drift for (its, recipe), drift in found.items() if its == kind}
        n_tokens = max(drift.n_tokens for drift in drifts.values() if isinstance(drift, Drift))
        yield ""
        yield f"[{kind}]"
        yield (
            f'on = "{source.name}, a tutor of {n_weights / 1e6:.0f} M weights, {words}:'
            f' {len(suite.dialogues)} tutoring dialogues, {n_tokens} tokens"'
        )
        yield ""
        yield f"[{kind}.drift]"
        yield from rows(list(drifts.items()))
    yield ""


def rows(drifts: Sequence[tuple[str, Drift | Failure]]) -> Iterator[str]:
    """A line for each recipe; the one that failed is an error."""
    for recipe, drift in drifts:
        if isinstance(drift, Failure):
            raise drift.error
        kl, same = drift.mean_kl_nats.value, drift.same_top_rate.value
        yield f"{recipe} = {{ kl_nats = {kl:.4f}, same_top_rate = {same:.3f} }}"


if __name__ == "__main__":
    sys.exit(main())
