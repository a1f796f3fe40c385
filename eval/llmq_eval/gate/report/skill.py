"""Questions: how many each file answers, and those whose answer changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.shown import cut, one_line
from llmq_eval.gate.report.tables import lead, quoted, remark, section, share, table
from llmq_eval.gate.report.tokens import more

KINDS = {"choices": "multiple choice", "problems": "problems with one answer"}
MOST, OPEN, MOST_CHOICES = 40, 4, 8


def questions(evidence: Evidence) -> Html:
    """A line for each kind, and the flips."""
    counted = [
        _line(words, evidence.tables[kind])
        for kind, words in KINDS.items()
        if evidence.tables.get(kind)
    ]
    if not counted:
        return Html("")
    heads = ("", "original right", "this file right", "only the original", "only this file")
    return section(
        "Questions whose answer changed",
        lead(
            "Both files answered the same questions. What only one of them gets right is what rounding has changed: "
            "a few in both directions are chance, many more in one are not."
        ),
        table(heads, counted),
        *_flips(evidence.samples.get("flips") or ()),
        name="flips",
    )


def _line(words: str, rows: Sequence[Row]) -> tuple[str, ...]:
    pairs = [(bool(row["base_right"]), bool(row["quant_right"])) for row in rows]
    n = len(pairs)
    return (
        words,
        share(sum(base for base, _ in pairs), n),
        share(sum(quant for _, quant in pairs), n),
        f"{pairs.count((True, False)):,}",
        f"{pairs.count((False, True)):,}",
    )


def _flips(found: Sequence[Mapping[str, Any]]) -> list[Html]:
    items = [_flip(item) for item in list(found)[:MOST]]
    left = len(found) - MOST
    rest = [remark(f"{left} further ones are in the JSON report.")] if left > 0 else []
    return [*items[:OPEN], *more(items[OPEN:], "question"), *rest]


def _flip(item: Mapping[str, Any]) -> Html:
    lost = bool(item.get("base_right"))
    word = "lost" if lost else "won"
    where = " \u00b7 ".join(
        one_line(str(item.get(k, "")), 80) for k in ("subject", "id") if item.get(k)
    )
    choices = [tag("li", cut(str(c), 200)) for c in list(item.get("choices") or ())[:MOST_CHOICES]]
    answers = (("right", "right"), ("original", "base"), ("this file", "quant"))
    listed = [
        part
        for title, key in answers
        for part in (tag("dt", title), tag("dd", tag("bdi", cut(str(item.get(key, "")), 400))))
    ]
    return tag(
        "article",
        tag("p", tag("span", word, class_=f"flag {word}"), " ", tag("bdi", where), class_="where"),
        quoted(str(item.get("question", "")), 800),
        *([tag("ul", *choices, class_="choices")] if choices else []),
        tag("dl", *listed),
    )
