"""The tables in eval/README.md are the tables METRICS and REPLY_METRICS."""

from pathlib import Path

from llmq_eval.metric import Metric
from llmq_eval.metrics import METRICS
from llmq_eval.reply_metrics import REPLY_METRICS
from llmq_eval.verdict import GRADES

HEAD = """\
| column | total in the report | sum of each dialogue | what it is | what it does not tell |
|---|---|---|---|---|
"""
REPLY_HEAD = """\
| column | total in the report | what it is | what it does not tell |
|---|---|---|---|
"""
VERDICT_HEAD = """\
| mean KL (nats) | class | what it means |
|---|---|---|
"""


def test_the_readme_shows_the_metrics_as_they_are(repository: Path) -> None:
    assert shown(repository, "metrics") == HEAD + "".join(map(rendered, METRICS))


def test_the_readme_shows_the_metrics_of_replies_as_they_are(repository: Path) -> None:
    assert shown(repository, "reply metrics") == REPLY_HEAD + "".join(
        row(m.heading, f"`{m.name}`", m.meaning, m.limits) for m in REPLY_METRICS
    )


def test_the_readme_shows_the_verdicts_as_they_are(repository: Path) -> None:
    bounds = [f"below {grade.below:g}" for grade in GRADES[:-1]]
    last = f"{GRADES[-2].below:g} and more"
    assert shown(repository, "verdicts") == VERDICT_HEAD + "".join(
        row(bound, grade.word, grade.meaning)
        for bound, grade in zip([*bounds, last], GRADES, strict=True)
    )


def test_the_first_readme_names_the_same_bounds(repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    bounds = [f"below {grade.below:g} {grade.word}" for grade in GRADES[:-1]]
    assert f"{', '.join(bounds)}, and beyond that {GRADES[-1].word}" in text


def shown(repository: Path, name: str) -> str:
    text = (repository / "eval" / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(f"<!-- {name}: begin -->\n")
    assert before
    return rest.partition(f"<!-- {name}: end -->")[0]


def rendered(metric: Metric) -> str:
    document_sum = f"`{metric.document_sum}`" if metric.document_sum else ""
    return row(metric.heading, f"`{metric.name}`", document_sum, metric.meaning, metric.limits)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"
