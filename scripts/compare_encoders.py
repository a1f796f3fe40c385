"""Compare two encoders: mean KL divergence of their files, recipe by recipe.

    scripts/compare-encoders [--checkpoint eval/tutor] [--imatrix FILE] [--recipes Q4_K_M ...]
    scripts/compare-encoders --encoders search portable --recipes Q4_0 Q8_0
    scripts/compare-encoders --orders 8

Both files of a recipe have the same size and are measured against the checkpoint in F32 on the same
dialogues, so the difference is paired: its standard error is over dialogues. These are practice
dialogues, others than the built-in suite has, and more: on a small model few tokens decide.

What one file diverges by is also a matter of luck: of how the roundings of its blocks add up. With
--orders the model's channels are put into several random orders, which changes the blocks and
nothing else, and the standard error is over these.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from rich.console import Console
from rich.table import Table

from llmq.drift import measure_drift
from llmq.errors import LlmqError
from llmq.files.imatrix import read_importance
from llmq.importance import Importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq.suites import Suite, read_suite
from llmq_eval.drift import Drift
from llmq_eval.statistics import Estimate, ratio_of_sums
from llmq_kernels import Encoder
from llmq_peer.permuted_checkpoint import write_permuted
from scripts.make_prompts import write_suite

SEED = 20_270  # not that of the built-in suite
QUANTIZED = [name for name in RECIPES if name not in ("F32", "F16", "BF16", "MXFP4_MOE")]
SEARCHED = [name for name in QUANTIZED if name != "Q8_0"]  # where ggml leaves nothing to choose


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("eval/tutor"))
    parser.add_argument("--imatrix", type=Path)
    parser.add_argument("--suite", type=Path, help="a JSONL file; default: practice dialogues")
    parser.add_argument("--dialogues", type=int, default=240, help="how many of these")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--recipes", nargs="+", choices=QUANTIZED, default=SEARCHED)
    parser.add_argument("--encoders", nargs=2, type=Encoder, default=[Encoder.GGML, Encoder.SEARCH])
    parser.add_argument("--orders", type=int, help="how many orders of the channels to measure")
    arguments = parser.parse_args()
    if arguments.orders is not None and (arguments.orders < 2 or arguments.imatrix):
        parser.error("--orders takes at least 2, and no --imatrix: that knows one order")
    if arguments.dialogues < 1:
        parser.error("--dialogues takes at least 1")
    try:
        table = compare(arguments)
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    Console(width=110).print(table)
    return 0


def compare(arguments: argparse.Namespace) -> Table:
    """Measure what was asked for."""
    open_source(arguments.checkpoint)  # before any work
    with tempfile.TemporaryDirectory() as scratch:
        practice = Path(scratch) / "practice.jsonl"
        write_suite(practice, seed=SEED, count=arguments.dialogues)
        measure = Measurement(
            read_suite(arguments.suite or practice),
            read_importance(arguments.imatrix) if arguments.imatrix else None,
            arguments.threads,
            Path(scratch),
            tuple(arguments.encoders),
        )
        if arguments.orders:
            return over_orders(
                measure, arguments.checkpoint, arguments.recipes, orders=arguments.orders
            )
        return over_dialogues(measure, arguments.checkpoint, arguments.recipes)


@dataclass(frozen=True)
class Measurement:
    """What stays the same from model to model."""

    suite: Suite
    importance: Importance | None
    threads: int | None
    scratch: Path
    encoders: tuple[Encoder, Encoder]

    def drifts(self, folder: Path, recipes: list[str]) -> Iterator[tuple[str, list[Drift]]]:
        """For each recipe the drift of a checkpoint's files by each encoder."""
        checkpoint = open_source(folder)
        base, output = self.scratch / "base.gguf", self.scratch / "quantized.gguf"
        execute(make_plan(checkpoint, recipe="F32"), base, force=True, load_check=False)
        for recipe in recipes:
            Console(stderr=True).print(f"{folder.name}: {recipe}", highlight=False)
            drifts = []
            for encoder in self.encoders:
                plan = make_plan(
                    checkpoint, recipe=recipe, importance=self.importance, encoder=encoder
                )
                execute(plan, output, force=True, load_check=False)
                drifts.append(measure_drift(base, output, suite=self.suite, threads=self.threads))
            yield recipe, drifts


def over_dialogues(measure: Measurement, folder: Path, recipes: list[str]) -> Table:
    """One model, and the differences by dialogue."""
    one, other = measure.encoders
    table = Table("recipe", f"KL, {one}", f"KL, {other}", f"{other} - {one}", "ratio")
    ratios = []
    for recipe, (first, second) in measure.drifts(folder, recipes):
        ratios.append(second.mean_kl_nats.value / first.mean_kl_nats.value)
        table.add_row(
            recipe,
            shown(first.mean_kl_nats),
            shown(second.mean_kl_nats),
            f"{shown(difference(first, second), '+.6f')}{verdict(difference(first, second))}",
            f"{ratios[-1]:.3f}",
        )
    table.add_row("geometric mean", "", "", "", f"{geometric_mean(ratios):.3f}")
    return table


def over_orders(measure: Measurement, folder: Path, recipes: list[str], *, orders: int) -> Table:
    """Several orders of the model's channels, and the ratios by order."""
    logarithms: dict[str, list[float]] = {recipe: [] for recipe in recipes}
    for seed in range(orders):
        permuted = measure.scratch / f"order-{seed}"
        write_permuted(folder, permuted, seed=seed)
        for recipe, (first, second) in measure.drifts(permuted, recipes):
            ratio = second.mean_kl_nats.value / first.mean_kl_nats.value
            logarithms[recipe].append(math.log(ratio))
    one, other = measure.encoders
    table = Table("recipe", f"KL of {other} / KL of {one}, {orders} orders")
    for recipe, values in logarithms.items():
        table.add_row(recipe, typical(values))
    of_orders = [fmean(values) for values in zip(*logarithms.values(), strict=True)]
    table.add_row("geometric mean", typical(of_orders))
    return table


def typical(logarithms: list[float]) -> str:
    """The geometric mean of ratios and its standard error."""
    ratio = math.exp(fmean(logarithms))
    return f"{ratio:.3f} ± {ratio * stdev(logarithms) / math.sqrt(len(logarithms)):.3f}"


def difference(first: Drift, second: Drift) -> Estimate:
    """Mean KL of the second less that of the first, paired by dialogue."""
    pairs = list(zip(first.documents, second.documents, strict=True))
    gaps = [(b.tokens["kl_nats"].sum() - a.tokens["kl_nats"].sum()).item() for a, b in pairs]
    return ratio_of_sums(gaps, [len(a.tokens) for a, _ in pairs])


def verdict(estimate: Estimate) -> str:
    """Whether zero lies outside the 95 % interval."""
    if estimate.standard_error is None or abs(estimate.value) < 1.96 * estimate.standard_error:
        return ""
    return " worse" if estimate.value > 0 else " better"


def shown(estimate: Estimate, form: str = ".6f") -> str:
    """An estimate with its standard error."""
    error = "?" if estimate.standard_error is None else f"{estimate.standard_error:.6f}"
    return f"{estimate.value:{form}} ± {error}"


def geometric_mean(values: list[float]) -> float:
    """The exponential of the mean logarithm."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


if __name__ == "__main__":
    sys.exit(main())
