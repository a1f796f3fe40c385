"""Put files of several recipes of one tutor through the gate: the reports, and their figures.

    scripts/measure-gate CHECKPOINT [--recipes Q8_0 Q4_K_M ...] [--suite FILE] [--work DIR]
        [--every N] [--replies N] [--json eval/gate.json]

All files are measured side by side, so that the base is read once, and each is judged by the policy
that fits its recipe. The reports, one a recipe, stay in --work; `llmq gate --from-report` judges
them again, and scripts/draw-sizes makes README's picture of them. --json keeps the figures, which
README's and eval/README's tables are rendered from (eval/gate.json).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmq.errors import LlmqError
from llmq.gate import measure_all
from llmq.gate_plan import N_REPLIES, gate_plan
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.judging import judge
from llmq_eval.gate.policy import Policy, fitting_policy
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.gate.record import read_record, record_text
from llmq_eval.metric import Metric, totals_of
from llmq_eval.metrics import METRICS
from llmq_eval.reply_metrics import REPLY_METRICS, documents_of
from llmq_eval.skill import SKILL_METRICS, skill_totals
from llmq_eval.statistics import Estimate

Judged = tuple[Evidence, Policy, Judgement]
RECIPE_NAMES = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0", "Q3_K_M", "Q2_K")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPE_NAMES)
    parser.add_argument("--suite", action="append", default=[], help="may come again")
    parser.add_argument("--every", type=int, default=1, help="one item in so many of each suite")
    parser.add_argument("--replies", type=int, default=N_REPLIES, help="and as many conversations")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--work", type=Path, default=Path("build/gate"))
    parser.add_argument("--json", type=Path, help="what README's tables are rendered from")
    arguments = parser.parse_args()
    try:
        found = measured(arguments)
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    judged = [judged_of(each) for each in found]
    for each, policy, judgement in judged:
        path = report_of(arguments.work / each.quant.name)
        path.write_text(record_text(each, policy, judgement) + "\n", encoding="utf-8")
        print(f"{each.recipe}: {judgement.sentence}")
    if arguments.json:
        text = json.dumps(recorded(arguments.checkpoint.name, judged), indent=1) + "\n"
        arguments.json.write_text(text, encoding="utf-8", newline="\n")
    return 0


def judged_of(evidence: Evidence) -> Judged:
    """The evidence with the policy that fits its recipe, and the verdict."""
    policy = read_policy(fitting_policy(evidence.recipe))
    return evidence, policy, judge(evidence, policy)


def measured(arguments: argparse.Namespace) -> tuple[Evidence, ...]:
    """The evidence of a file of each recipe; files and reports in --work are not made again."""
    arguments.work.mkdir(parents=True, exist_ok=True)
    source = open_source(arguments.checkpoint)
    found: dict[Path, Evidence | None] = {}
    for recipe in arguments.recipes:
        file = make_plan(source, recipe=recipe)
        path = arguments.work / f"{file.name}-{recipe}.gguf"
        if not path.exists():
            execute(file, path)
        report = report_of(path)
        found[path] = read_record(report).evidence if report.exists() else None
    missing = [path for path, evidence in found.items() if evidence is None]
    plan = replace(
        gate_plan(arguments.suite, every=arguments.every),
        threads=arguments.threads,
        n_replies=arguments.replies,
        n_conversations=arguments.replies,
    )
    new = measure_all(arguments.checkpoint, missing, plan, progress=tell) if missing else ()
    all_of_them = found | dict(zip(missing, new, strict=True))
    return tuple(evidence for evidence in all_of_them.values() if evidence)


def report_of(path: Path) -> Path:
    """Where the report of a file stands."""
    return path.with_name(f"{path.name}.json")


def tell(step: str, done: int, total: int) -> None:
    """How far it is, a line for each tenth."""
    if done * 10 // total > (done - 1) * 10 // total:
        print(f"{step}: {done}/{total}", file=sys.stderr, flush=True)


def recorded(model: str, judged: Sequence[Judged]) -> dict[str, Any]:
    """The figures and verdicts, and on what they were measured."""
    first = judged[0][0]
    return {
        "model": model,
        "llmq": first.llmq,
        "runtime": first.runtime,
        "suites": {suite.name: suite.sha256 for suite in first.suites},
        "n_rows": {name: len(rows) for name, rows in first.tables.items()},
        "n_tokens": sum(row["n_tokens"] for row in first.tables["tokens"]),
        "files": [file_record(each, judgement) for each, _, judgement in judged],
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
    """Every row of drift, of skill and of replies as a cell, by its heading."""
    for table, metrics, totals in ROWS:
        found = {**percentiles(evidence), **totals(evidence.tables.get(table, ()))}
        for metric in metrics:
            if metric.name in found:
                yield heading(metric, table), metric.cell(found[metric.name])


def of_tokens(rows: Sequence[Row]) -> Mapping[str, Estimate]:
    """The figures of drift that follow from rows."""
    found = {metric.name: metric.of_rows(rows) for metric in METRICS}
    return {name: estimate for name, estimate in found.items() if estimate is not None}


def percentiles(evidence: Evidence) -> Mapping[str, Estimate]:
    """Those of drift, as they were when it was measured: they do not follow from rows."""
    kept = evidence.samples.get("kl_percentiles", {})
    return {name: Estimate(**figure) for name, figure in kept.items()}


def of_replies(rows: Sequence[Row]) -> Mapping[str, Estimate]:
    """The figures of replies."""
    return totals_of(REPLY_METRICS, documents_of(rows))


def heading(metric: Metric, table: str) -> str:
    """What a figure is called beside those of other tables, and of the base."""
    side = ", original" if metric.line == "base" else ""
    return f"{table}: {metric.heading}{side}"


ROWS: tuple[
    tuple[str, Sequence[Metric], Callable[[Sequence[Row]], Mapping[str, Estimate]]], ...
] = (
    ("tokens", METRICS, of_tokens),
    ("choices", SKILL_METRICS, skill_totals),
    ("problems", SKILL_METRICS, skill_totals),
    ("replies", REPLY_METRICS, of_replies),
)

if __name__ == "__main__":
    sys.exit(main())
