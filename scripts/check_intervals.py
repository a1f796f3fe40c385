"""Count how often drift's 95 % intervals hold: of many suites drawn from a large one.

    scripts/check-intervals [--checkpoint eval/tutor] [--suite FILE] [--recipes Q8_0 Q4_K_M Q4_0]
    scripts/check-intervals --rows FOLDER     # keep what was measured, and take it from there again

The checkpoint's files are measured once on the whole suite; its dialogues are the population, and
their figures are the truth. Small suites are drawn from it with replacement, each figure's interval
is computed as `llmq drift` does, and a cell says in how many of a hundred suites the interval holds
the truth; behind it, how often the truth lay below and above, and where the interval was unknown.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
from rich.console import Console
from rich.table import Table

from llmq.errors import LlmqError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.suites import Suite, read_suite
from llmq.verbs.progress import documents_bar
from llmq_eval.drift import Failure, measure_drifts
from llmq_eval.likelihood import Tokens
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened
from llmq_eval.metric import totals_of
from llmq_eval.metrics import METRICS
from llmq_eval.statistics import Estimate
from scripts.make_prompts import write_suite

PRACTICE_SEED = 20_271  # not that of the built-in suite


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("eval/tutor"))
    parser.add_argument("--suite", type=Path, help="a JSONL file; default: practice dialogues")
    parser.add_argument("--dialogues", type=int, default=1000, help="how many of these")
    parser.add_argument("--recipes", nargs="+", default=["Q8_0", "Q4_K_M", "Q4_0"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 40, 80])
    parser.add_argument("--suites", type=int, default=2000, help="how many are drawn of each size")
    parser.add_argument("--rows", type=Path, help="a folder for what is measured")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = arguments.rows or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            rows = {recipe: folder / f"{recipe}.npz" for recipe in arguments.recipes}
            missing = {recipe: path for recipe, path in rows.items() if not path.exists()}
            if missing:
                measure(arguments, missing, Path(scratch))
            for recipe, path in rows.items():
                documents = [tokens for tokens in read_rows(path) if len(tokens)]
                show(recipe, documents, arguments.sizes, n_suites=arguments.suites)
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    return 0


def measure(arguments: argparse.Namespace, rows: Mapping[str, Path], scratch: Path) -> None:
    """Write the values of every scored token of each recipe's file, dialogue by dialogue."""
    source = open_source(arguments.checkpoint)
    material = suite_material(whole_suite(arguments, scratch))
    files = [
        execute(make_plan(source, recipe=recipe), scratch / f"{recipe}.gguf")
        for recipe in dict.fromkeys(["BF16", *rows])
    ]
    with (
        opened(files, n_ctx=material.n_ctx, threads=arguments.threads) as models,
        documents_bar(material.name) as progress,
    ):
        results = measure_drifts(models, material, progress=progress)
    for path, result in zip(rows.values(), results, strict=True):
        if isinstance(result, Failure):
            raise result.error
        found = [document.tokens for document in result.documents]
        np.savez(path, lengths=[len(tokens) for tokens in found], tokens=np.concatenate(found))


def whole_suite(arguments: argparse.Namespace, scratch: Path) -> Suite:
    """The suite that is the population."""
    if arguments.suite:
        return read_suite(arguments.suite)
    practice = scratch / "practice.jsonl"
    write_suite(practice, seed=PRACTICE_SEED, count=arguments.dialogues)
    return read_suite(practice)


def read_rows(path: Path) -> list[Tokens]:
    """What `measure` wrote."""
    with np.load(path) as saved:
        return np.split(saved["tokens"], np.cumsum(saved["lengths"])[:-1])


def show(recipe: str, documents: Sequence[Tokens], sizes: Sequence[int], *, n_suites: int) -> None:
    """Print the recipe's table: a row for each figure, a column for each size of suites."""
    title = f"{recipe}: {n_suites} suites out of {len(documents)} dialogues"
    table = Table("figure", "of all", *(f"{size} dialogues" for size in sizes), title=title)
    counted = {size: coverage(documents, size, n_suites=n_suites) for size in sizes}
    for name, estimate in totals_of(METRICS, documents).items():
        shares = (shown(counted[size][name], n_suites) for size in sizes)
        table.add_row(name, f"{estimate.value:.5g}", *shares)
    Console(width=110).print(table)


def coverage(documents: Sequence[Tokens], size: int, *, n_suites: int) -> dict[str, Counter[str]]:
    """How often each figure's interval holds the truth, has it below or above, or is unknown."""
    truth = totals_of(METRICS, documents)
    counted: dict[str, Counter[str]] = {name: Counter() for name in truth}
    for suite in drawn_suites(documents, size, n_suites):
        found = totals_of(METRICS, suite)
        for name, estimate in truth.items():
            counted[name][verdict(found.get(name), estimate.value)] += 1
    return counted


def drawn_suites(documents: Sequence[Tokens], size: int, n_suites: int) -> Iterator[list[Tokens]]:
    """Suites of `size` dialogues, with replacement, the same in every run."""
    rng = Random(size)
    for _ in range(n_suites):
        yield rng.choices(documents, k=size)


def verdict(estimate: Estimate | None, truth: float) -> str:
    """Where the truth lies, seen from the interval."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return "unknown"
    return "below" if truth < estimate.low else "above" if truth > estimate.high else "held"


def shown(counted: Counter[str], n_suites: int) -> str:
    """A cell: of the intervals that there are, the share that holds, and how the others miss."""
    known = n_suites - counted["unknown"]
    if not known:
        return "no interval"
    held, below, above = (100 * counted[name] / known for name in ("held", "below", "above"))
    unknown = f", {100 * counted['unknown'] / n_suites:.0f} unknown" if known < n_suites else ""
    return f"{held:.1f} ({below:.1f}, {above:.1f}{unknown})"


if __name__ == "__main__":
    sys.exit(main())
