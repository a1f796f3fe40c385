"""Each figure against plain arithmetic on single tokens, and each row in its places."""

import json
import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from llmq.verbs.drift_tables import further, table_rows
from llmq_eval.drift import DocumentDrift, Drift
from llmq_eval.likelihood import TOKEN, Tokens
from llmq_eval.metric import PERCENT, Metric
from llmq_eval.metrics import METRICS
from llmq_eval.model_file import ModelFile
from llmq_eval.statistics import Estimate

Row = tuple[Any, ...]  # a token as TOKEN has it


def random_rows(seed: int, n: int) -> list[Row]:
    rng = Random(seed)
    nats = [(rng.expovariate(1), rng.expovariate(1), rng.expovariate(9)) for _ in range(n)]
    roles = [0, 1, 2, 4, 8, 10]
    return [
        (
            *values,
            *(rng.random() < share for share in (0.9, 0.7, 0.65)),
            roles[number] if number < len(roles) else rng.choice(roles),
        )
        for number, values in enumerate(nats)
    ]


DOCUMENTS = [random_rows(seed, n) for seed, n in enumerate((30, 0, 7, 211))]
ALL = [row for rows in DOCUMENTS for row in rows]
DRIFT = Drift(
    ModelFile("base.gguf", 10, "b"),
    ModelFile("quant.gguf", 5, "q"),
    "random",
    "s",
    2048,
    tuple(DocumentDrift(str(i), 0, np.array(rows, TOKEN)) for i, rows in enumerate(DOCUMENTS)),
)


def thousandth(values: list[float], number: int) -> float:
    return statistics.quantiles(values, n=1000, method="inclusive")[number - 1]


PLAIN: dict[str, Callable[[list[Row]], float]] = {
    "base_perplexity": lambda rows: math.exp(statistics.fmean(row[0] for row in rows)),
    "quant_perplexity": lambda rows: math.exp(statistics.fmean(row[1] for row in rows)),
    "ln_ratio": lambda rows: statistics.fmean(row[1] - row[0] for row in rows),
    "mean_kl_nats": lambda rows: statistics.fmean(row[2] for row in rows),
    "kl_p50_nats": lambda rows: statistics.median(row[2] for row in rows),
    "kl_p99_nats": lambda rows: thousandth([row[2] for row in rows], 990),
    "kl_p999_nats": lambda rows: thousandth([row[2] for row in rows], 999),
    "same_top_rate": lambda rows: statistics.fmean(row[3] for row in rows),
    "rms_change": lambda rows: math.sqrt(
        statistics.fmean((math.exp(-row[1]) - math.exp(-row[0])) ** 2 for row in rows)
    ),
    "right_to_wrong_rate": lambda rows: statistics.fmean(row[4] and not row[5] for row in rows),
    "wrong_to_right_rate": lambda rows: statistics.fmean(row[5] and not row[4] for row in rows),
    "deciding_kl_nats": lambda rows: statistics.fmean(row[2] for row in rows if row[6]),
    "first_kl_nats": lambda rows: statistics.fmean(row[2] for row in rows if row[6] & 1),
    "end_kl_nats": lambda rows: statistics.fmean(row[2] for row in rows if row[6] & 2),
    "thought_end_kl_nats": lambda rows: statistics.fmean(row[2] for row in rows if row[6] & 4),
    "branch_kl_nats": lambda rows: statistics.fmean(row[2] for row in rows if row[6] & 8),
    "end_ratio": lambda rows: math.exp(
        statistics.fmean(row[0] - row[1] for row in rows if row[6] & 2)
    ),
}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_figure_is_that_of_plain_arithmetic(metric: Metric) -> None:
    assert DRIFT.totals[metric.name].value == pytest.approx(PLAIN[metric.name](ALL), rel=1e-12)
    assert getattr(DRIFT, metric.name) == DRIFT.totals[metric.name]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_row_is_wherever_it_says(metric: Metric) -> None:
    report = json.loads(json.dumps(DRIFT.as_json(), allow_nan=False))
    assert report["totals"][metric.name]["value"] == DRIFT.totals[metric.name].value
    cell = metric.cell(DRIFT.totals[metric.name])
    lines = ("base", "quant", "more", "deciding")
    rows = (*table_rows([DRIFT]), further([DRIFT], "more")[1], further([DRIFT], "deciding")[1])
    assert [line for line, row in zip(lines, rows, strict=True) if cell in row] == [
        line for line in lines if line == metric.line
    ]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_recorded_rows_are_worth_as_much_as_the_tokens(metric: Metric) -> None:
    rows = json.loads(json.dumps(DRIFT.as_json(), allow_nan=False))["documents"]
    found = metric.of_rows(rows)
    if metric.document_sum is None:
        assert found is None
        assert "percentile" in metric.title or "median" in metric.title
        return
    assert found is not None
    assert found.value == pytest.approx(DRIFT.totals[metric.name].value, rel=1e-12)
    assert found.standard_error == pytest.approx(DRIFT.totals[metric.name].standard_error, rel=1e-9)
    assert found.low is not None
    assert metric.of_rows(rows[1:2]) is None  # a document without a token


def test_a_cell_has_digits_sign_and_unit() -> None:
    metric = METRICS[0]
    assert metric.cell(Estimate(12.34567, None)) == "12.346"
    assert metric.cell(Estimate(12.34567, 0.2, 12.0, 12.84567)) == "12.346 ± 0.500"
    rows = {row.name: row for row in METRICS}
    assert rows["ln_ratio"].cell(Estimate(0.1, 0.01, 0.08, 0.12)) == "+0.10000 ± 0.02000"
    assert rows["same_top_rate"].cell(Estimate(0.5, 0.1, 0.25, 0.75)) == "50.0 ± 25.0 %"
    assert rows["same_top_rate"].unit == PERCENT
    assert rows["mean_kl_nats"].heading == "mean KL (nats)"


@pytest.mark.parametrize(
    ("nats", "cell"),
    [(10.0, "22026.466"), (30.0, "1.069e+13"), (709.0, "8.218e+307"), (1e4, "inf")],
)
def test_a_huge_loss_has_a_cell_and_a_place_in_the_report(nats: float, cell: str) -> None:
    metric = METRICS[0]
    tokens = np.zeros(10, TOKEN)
    tokens["nll_base_nats"] = nats
    assert metric.cell(total(metric, [tokens])) == cell
    spread = total(metric, [tokens, tokens[:4], tokens[:2]])
    assert metric.cell(spread).startswith(cell)
    json.dumps(spread.as_json(), allow_nan=False)
    tokens["nll_base_nats"] *= np.arange(10)
    json.dumps(total(metric, [tokens, tokens[:4], tokens[:2]]).as_json(), allow_nan=False)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_file_against_itself_has_intervals_without_width(metric: Metric) -> None:
    tokens = np.zeros(50, TOKEN)
    tokens["same_top"] = True
    tokens["role"] = 15
    found = total(metric, [tokens] * 40)
    assert found.low == found.value == found.high


def test_what_no_token_counts_for_has_no_figure() -> None:
    tokens = np.zeros(50, TOKEN)
    plain = replace(DRIFT, documents=(DocumentDrift("a", 0, tokens), DocumentDrift("b", 0, tokens)))
    missing = {"deciding", "first", "end", "thought_end", "branch"}
    none = {f"{name}_kl_nats" for name in missing} | {"end_ratio"}
    assert {metric.name for metric in METRICS} - plain.totals.keys() == none
    for metric in METRICS:
        assert (metric.total([tokens]) is None) == (metric.name in none)
    assert further([plain], "deciding")[1] == ("quant.gguf", "-", "-", "-")
    with pytest.raises(AttributeError, match="no 'end_ratio'"):
        _ = plain.end_ratio
    json.dumps(plain.as_json(), allow_nan=False)


def total(metric: Metric, documents: list[Tokens]) -> Estimate:
    found = metric.total(documents)
    assert found is not None
    return found


def test_another_name_is_no_figure() -> None:
    with pytest.raises(AttributeError, match="no 'mean_kl'"):
        _ = DRIFT.mean_kl
