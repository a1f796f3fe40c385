"""The table in eval/README.md is the table METRICS."""

from pathlib import Path

from llmq_eval.metrics import METRICS, Metric

HEAD = """\
| column | total in the report | sum of each dialogue | what it is | what it does not tell |
|---|---|---|---|---|
"""


def test_the_readme_shows_the_metrics_as_they_are(repository: Path) -> None:
    text = (repository / "eval" / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- metrics: begin -->\n")
    assert before
    assert rest.partition("<!-- metrics: end -->")[0] == HEAD + "".join(map(rendered, METRICS))


def rendered(metric: Metric) -> str:
    column = metric.heading if metric.line else f"{metric.heading}, in the report only"
    document_sum = f"`{metric.document_sum}`" if metric.document_sum else ""
    cells = column, f"`{metric.name}`", document_sum, metric.meaning, metric.limits
    return f"| {' | '.join(cells)} |\n"
