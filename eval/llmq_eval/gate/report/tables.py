"""Tables and texts that several sections of the page are made of."""

from collections.abc import Sequence

from llmq_eval.gate.report.markup import Html, html, tag
from llmq_eval.gate.report.shown import cut


def section(title: str, *content: str, name: str) -> Html:
    """A part of the page under its heading."""
    return tag("section", tag("h2", title), *content, id=name)


def lead(*text: str) -> Html:
    """The paragraph that says what a section shows."""
    return tag("p", *text, class_="lead")


def remark(text: str) -> Html:
    """A small line below: what was left out, what is not known."""
    return tag("p", text, class_="note")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], class_: str = "plain") -> Html:
    """A table whose first column names the row; the others are numbers, or cells of markup."""
    top = tag("tr", *(tag("th", text, scope="col") for text in heads))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    return tag(
        "div",
        tag("table", tag("thead", top), tag("tbody", *body)),
        class_=f"scroll {class_}",
        tabindex=0,
    )


def quoted(text: str, n_bytes: int) -> Html:
    """What somebody wrote, as it stands, in the direction of its own script."""
    shown = cut(text.strip("\n"), n_bytes)
    return tag("div", shown or html("(nothing)"), class_="quoted", dir="auto")


def share(part: int, whole: int) -> str:
    """`3 of 80 (3.8 %)`."""
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f} %)" if whole else "none"
