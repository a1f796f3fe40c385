"""The top of the page: the verdict, the seven axes at a glance, and every row that was judged."""

from collections.abc import Iterator

from llmq_eval.gate.evidence import Axis, Evidence
from llmq_eval.gate.judgement import AxisResult, Judgement, RowResult, Status
from llmq_eval.gate.report.markup import Html, joined, tag
from llmq_eval.gate.report.shown import cut, one_line
from llmq_eval.gate.report.status import shape, status_cell, verdict

MOST_ROWS = 40  # of an axis
TEXT, CELL = 600, 200  # bytes of a sentence of the judge, and of a cell

AXIS_WORDS: dict[Axis, str] = {
    "integrity": "Is the file whole, and made as it says?",
    "fidelity": "How near do its words stay to the original's?",
    "skill": "Does it still answer what the original answers?",
    "behaviour": "Are its replies as long as the original's, and do they end?",
    "pedagogy": "Does it help without giving the answer away?",
    "device": "Is it quick and small enough for the device?",
    "privacy": "Does nothing leave the machine?",
}
HEADLINES = {
    Status.PASS: "Passed",
    Status.FAIL: "Failed",
    Status.INCONCLUSIVE: "Inconclusive: not passed",
    Status.SKIPPED: "Not fully measured: not passed",
}


def header(evidence: Evidence, judgement: Judgement) -> Html:
    """Who was judged, the verdict, and the axes at a glance."""
    status = verdict(judgement)
    return tag(
        "header",
        tag("p", "llmq gate", class_="eyebrow"),
        tag("h1", tag("bdi", one_line(evidence.quant.name, 200))),
        tag(
            "p",
            "beside its original, ",
            tag("bdi", one_line(evidence.base.name, 200)),
            class_="beside",
        ),
        tag(
            "div",
            shape(status),
            tag(
                "div",
                tag("p", HEADLINES[status], class_="headline"),
                tag("p", cut(judgement.sentence.removeprefix(f"{status}: "), TEXT)),
            ),
            class_=f"verdict {status.value.lower()}",
        ),
        tag("ul", *map(_tile, judgement.axes), class_="tiles"),
    )


def _tile(axis: AxisResult) -> Html:
    link = tag("a", tag("b", axis.name), status_cell(axis.status), href=f"#axis-{axis.name}")
    return tag("li", link)


def axes(judgement: Judgement) -> Html:
    """Every axis with its rows."""
    heads = ("what", "measured", "limit", "status")
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    policy = one_line(judgement.policy_name, 200)
    return tag(
        "section",
        tag("h2", "What was judged"),
        tag(
            "p",
            "Limits are those of the policy ",
            tag("b", tag("bdi", policy)),
            ". Behind a figure stands the range in which the truth may well lie: a limit is kept or broken "
            "only where all of that range is on one side of it.",
        ),
        tag("table", head, *map(_axis, judgement.axes), class_="judged"),
    )


def _axis(axis: AxisResult) -> Html:
    optional = "" if axis.mandatory else " (the policy does not ask for it)"
    name = tag("span", axis.name, class_="axis")
    question = tag("span", AXIS_WORDS.get(axis.name, "") + optional, class_="question")
    words = [tag("span", cut(axis.words, TEXT), class_="words")] if axis.words else []
    title = tag("th", name, question, *words, colspan="3", scope="rowgroup")
    row = tag("tr", title, tag("td", status_cell(axis.status)), class_="group")
    return tag("tbody", row, *_rows(axis), id=f"axis-{axis.name}")


def _rows(axis: AxisResult) -> Iterator[Html]:
    for row in axis.rows[:MOST_ROWS]:
        yield _row(row)
    left = len(axis.rows) - MOST_ROWS
    if left > 0:
        yield tag("tr", tag("td", f"{left} further rows are in the JSON report", colspan="4"))


def _row(row: RowResult) -> Html:
    words = [tag("span", cut(row.words, TEXT), class_="words")] if row.words else []
    return tag(
        "tr",
        tag("th", cut(row.title, CELL), *words, scope="row"),
        *_answer(row),
        tag("td", status_cell(row.status)),
    )


def _answer(row: RowResult) -> Iterator[Html]:
    """What was measured beside its limit, or what a check found, which has none."""
    measured = cut(row.measured, CELL)
    if not row.limit:
        yield tag("td", measured, colspan=2, data_label="found")
        return
    yield tag("td", measured, data_label="measured")
    yield tag("td", cut(row.limit, CELL), data_label="limit")


def remarks(judgement: Judgement) -> Html:
    """What the judge wants to be known besides."""
    if not judgement.remarks:
        return Html("")
    items = [tag("li", cut(remark, TEXT)) for remark in judgement.remarks[:MOST_ROWS]]
    return tag("section", tag("h2", "Remarks"), tag("ul", *items, class_="remarks"))


def sections_of(*parts: Html) -> Html:
    """The parts that say something."""
    return joined(part for part in parts if part)
