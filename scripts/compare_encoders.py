"""Compare the encoders `ggml` and `search`: mean KL divergence of their files, recipe by recipe.

    scripts/compare-encoders [--checkpoint eval/tutor] [--imatrix FILE] [--recipes Q4_K_M ...]

Both files of a recipe have the same size and are measured against the checkpoint in F32 on the same
dialogues, so the difference is paired: its standard error is over dialogues. These are practice
dialogues, more than the built-in suite has and others: on a small model few tokens decide.
"""

import argparse
import math
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from llmq.checkpoint import open_checkpoint
from llmq.importance_file import read_importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes import RECIPES
from llmq.suites import read_suite
from llmq_eval.drift import Drift, measure_drift
from llmq_eval.statistics import Estimate, ratio_of_sums
from llmq_kernels import Strategy
from scripts.make_prompts import write_suite

SEED = 20_270  # not that of the built-in suite
QUANTIZED = [name for name in RECIPES if name not in ("F32", "F16", "BF16", "MXFP4_MOE", "Q8_0")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("eval/tutor"))
    parser.add_argument("--imatrix", type=Path)
    parser.add_argument("--suite", type=Path, help="a JSONL file; default: practice dialogues")
    parser.add_argument("--dialogues", type=int, default=240, help="how many of these")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--recipes", nargs="+", choices=QUANTIZED, default=QUANTIZED)
    arguments = parser.parse_args()
    checkpoint = open_checkpoint(arguments.checkpoint)
    importance = read_importance(arguments.imatrix) if arguments.imatrix else None
    table = Table("recipe", "KL, ggml", "KL, search", "search - ggml", "ratio")
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        practice = Path(scratch) / "practice.jsonl"
        write_suite(practice, seed=SEED, count=arguments.dialogues)
        suite = read_suite(arguments.suite or practice)
        base = execute(make_plan(checkpoint, recipe="F32"), Path(scratch) / "base.gguf")
        for recipe in arguments.recipes:
            drifts = []
            for strategy in Strategy:
                plan = make_plan(
                    checkpoint, recipe=recipe, importance=importance, strategy=strategy
                )
                output = execute(plan, Path(scratch) / f"{recipe}.gguf", force=True)
                drifts.append(measure_drift(base, output, suite=suite, threads=arguments.threads))
            ggml, search = drifts
            ratios.append(search.mean_kl_nats.value / ggml.mean_kl_nats.value)
            table.add_row(
                recipe,
                shown(ggml.mean_kl_nats),
                shown(search.mean_kl_nats),
                f"{shown(difference(ggml, search), '+.6f')}{verdict(difference(ggml, search))}",
                f"{ratios[-1]:.3f}",
            )
    table.add_row("geometric mean", "", "", "", f"{geometric_mean(ratios):.3f}")
    Console(width=110).print(table)
    return 0


def difference(ggml: Drift, search: Drift) -> Estimate:
    """Mean KL of search less that of ggml, paired by dialogue."""
    pairs = [(a.sums, b.sums) for a, b in zip(ggml.documents, search.documents, strict=True)]
    return ratio_of_sums([b.kl_nats - a.kl_nats for a, b in pairs], [a.n_tokens for a, _ in pairs])


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
