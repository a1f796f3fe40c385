"""Put files of several recipes of one tutor through the gate: a table, a picture, the reports.

    scripts/measure-gate CHECKPOINT [--recipes Q8_0 Q4_K_M ...] [--suite FILE] [--work DIR]
        [--json eval/gate.json] [--picture scripts/pictures/gate.svg]

All files are measured side by side, so that the base is read once, and each is judged by the policy
that fits its recipe. The reports, one a recipe, stay in --work; `llmq gate --from-report` judges
them again. --json keeps the figures, which README's tables are rendered from.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmq.errors import LlmqError
from llmq.gate import measure_all
from llmq.gate_plan import gate_plan
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.judging import judge
from llmq_eval.gate.policy import fitting_policy
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.metric import Metric
from llmq_eval.metrics import METRICS
from llmq_eval.reply_metrics import REPLY_METRICS

ROOT = Path(__file__).resolve().parent.parent
RECIPE_NAMES = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0", "Q3_K_M", "Q2_K")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPE_NAMES)
    parser.add_argument("--suite", action="append", default=[], help="may come again")
    parser.add_argument("--every", type=int, default=1, help="one item in so many of each suite")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--work", type=Path, default=Path("build/gate"))
    parser.add_argument("--json", type=Path, help="what README's tables are rendered from")
    arguments = parser.parse_args()
    try:
        found = measured(arguments)
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    judged = [(each, judge(each, read_policy(fitting_policy(each.recipe)))) for each in found]
    record = recorded(arguments.checkpoint.name, judged)
    for each in found:
        path = arguments.work / f"{each.quant.name}.json"
        path.write_text(json.dumps(each.as_json(), indent=1) + "\n", encoding="utf-8")
    for each, judgement in judged:
        print(f"{each.recipe}: {judgement.sentence}")
    if arguments.json:
        text = json.dumps(record, indent=1) + "\n"
        arguments.json.write_text(text, encoding="utf-8", newline="\n")
    return 0


def measured(arguments: argparse.Namespace) -> tuple[Evidence, ...]:
    """The evidence of a file of each recipe, made if it is not there yet."""
    arguments.work.mkdir(parents=True, exist_ok=True)
    source = open_source(arguments.checkpoint)
    files = []
    for recipe in arguments.recipes:
        file = make_plan(source, recipe=recipe)
        files.append(arguments.work / f"{file.name}-{recipe}.gguf")
        if not files[-1].exists():
            execute(file, files[-1])
    plan = replace(gate_plan(arguments.suite, every=arguments.every), threads=arguments.threads)
    shown = {"step": ""}

    def tell(step: str, done: int, total: int) -> None:
        if step != shown["step"] or done == total:
            print(f"{step}: {done}/{total}", file=sys.stderr, flush=True)
        shown["step"] = step

    return measure_all(arguments.checkpoint, files, plan, progress=tell)


def recorded(model: str, judged: Sequence[tuple[Evidence, Judgement]]) -> dict[str, Any]:
    """The figures and verdicts, and on what they were measured."""
    first = judged[0][0]
    return {
        "model": model,
        "llmq": first.llmq,
        "runtime": first.runtime,
        "suites": {suite.name: suite.sha256 for suite in first.suites},
        "n_rows": {name: len(rows) for name, rows in first.tables.items()},
        "n_tokens": sum(row["n_tokens"] for row in first.tables["tokens"]),
        "files": [file_record(*pair) for pair in judged],
    }


def file_record(evidence: Evidence, judgement: Judgement) -> dict[str, Any]:
    """What stands in the tables of a file."""
    return {
        "recipe": evidence.recipe,
        "size_bytes": evidence.quant.size_bytes,
        "sha256": evidence.quant.sha256,
        "policy": judgement.policy_name,
        "status": judgement.status,
        "axes": {axis.name: axis.status for axis in judgement.axes},
        "broken": [
            row.title for axis in judgement.axes for row in axis.rows if row.status == "FAIL"
        ],
        "figures": dict(figures(evidence)),
    }


def figures(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Every row of drift and of replies as a cell, by its heading."""
    tables: tuple[tuple[Sequence[Metric], str], ...] = (
        (METRICS, "tokens"),
        (REPLY_METRICS, "replies"),
    )
    for metrics, table in tables:
        rows: Sequence[Row] = evidence.tables.get(table, ())
        for metric in metrics:
            if (estimate := metric.of_rows(rows)) is not None:
                yield metric.name, metric.cell(estimate)


if __name__ == "__main__":
    sys.exit(main())
