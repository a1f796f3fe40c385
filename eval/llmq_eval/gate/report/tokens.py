"""The worst tokens: where in the dialogues both files disagreed most, and about what."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmq.spelling import counted
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.report.markup import Html, percent, tag
from llmq_eval.gate.report.shown import cut, one_line
from llmq_eval.gate.report.tables import lead, section
from llmq_eval.verdict import significant

MOST, OPEN = 20, 5  # shown, and shown at once
TOP = 5


def worst_tokens(evidence: Evidence) -> Html:
    """Each with the text before it and both files' likeliest tokens."""
    found = list(evidence.samples.get("worst_tokens") or ())[:MOST]
    found = [item for item in found if item["kl_nats"] > 0]
    if not found:
        return Html("")
    items = [_item(item) for item in found]
    return section(
        "Where they differ most",
        lead(
            "The places with the largest KL, with the words before, the token that the dialogue goes on with, "
            "and the five tokens that each file held likeliest there. A few such places are normal; look whether "
            "they change a number, a sign or a yes."
        ),
        *items[:OPEN],
        *more(items[OPEN:], "place"),
        name="worst",
    )


def more(items: Sequence[Html], noun: str, plural: str | None = None) -> list[Html]:
    """What is folded away until somebody asks."""
    if not items:
        return []
    return [tag("details", tag("summary", counted(len(items), f"more {noun}", plural)), *items)]


def _item(item: Mapping[str, Any]) -> Html:
    before = str(item.get("before", ""))[-400:]
    where = " \u00b7 ".join(
        one_line(str(item.get(k, "")), 80) for k in ("subject", "id") if item.get(k)
    )
    return tag(
        "article",
        tag("p", tag("bdi", where), f" \u00b7 KL {significant(item['kl_nats'])}", class_="where"),
        tag(
            "p",
            tag("span", cut(before, 700), class_="before"),
            tag("mark", _token(str(item.get("token", "")))),
            tag("span", cut(str(item.get("after", "")), 120), class_="before"),
            class_="context",
            dir="auto",
        ),
        tag(
            "div",
            _top("original", item.get("base_top", ()), item.get("p_base")),
            _top("this file", item.get("quant_top", ()), item.get("p_quant")),
            class_="pair",
        ),
        class_="token",
    )


def _top(title: str, tokens: Sequence[Sequence[Any]], p: float | None) -> Html:
    """The likeliest tokens of a file as small bars."""
    said = "" if p is None else f"gave the marked token {100 * p:.1f} %"
    rows = [
        tag(
            "li",
            tag("code", _token(str(text))),
            tag("span", f"{100 * float(share):.1f} %", class_="number"),
            tag(
                "svg",
                tag("rect", width=percent(min(1.0, float(share))), height=4, class_="bar"),
                class_="small",
                width="100%",
                height=4,
                aria_hidden="true",
            ),
        )
        for text, share in list(tokens)[:TOP]
    ]
    return tag(
        "div", tag("h3", title), tag("p", said, class_="note"), tag("ol", *rows), class_="top"
    )


def _token(text: str) -> str:
    """A token as one sees it: spaces at its ends and newlines are drawn."""
    shown = cut(text, 120).replace("\n", "\u23ce").replace("\t", "\u21e5")
    inner = shown.strip(" ")
    left = len(shown) - len(shown.lstrip(" "))
    right = len(shown) - left - len(inner)
    return "\u2423" * left + inner + "\u2423" * right
