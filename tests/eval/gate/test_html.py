"""The page: what it says, that nothing in it is obeyed, and that it stays small."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.html import UNREADABLE, page
from llmq_eval.gate.judgement import AxisResult, RowResult, Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.gate.report.verdict import HEADLINES
from llmq_peer.gate_evidence import Truth, made_evidence
from tests.eval.gate.conftest import HOSTILE, hostile, judged

MOST_BYTES = 1_500_000
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "article"),
    *("h1", "h2", "h3", "p", "div", "span", "b", "bdi", "a", "ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "pre", "mark", "figure", "figcaption"),
    *("details", "summary", "svg", "desc", "line", "rect", "circle", "path", "text"),
}
VOID = ("meta",)


class Reader(HTMLParser):
    """Every element with its attributes, every text; elements close as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self) -> str:
        """All that is to be read."""
        return " ".join(" ".join(self.words).split())


def check(text: str) -> Reader:
    """The page is well formed and can ask for nothing."""
    reader = Reader(text)
    assert {name for name, _ in reader.elements} <= ELEMENTS
    for name, attributes in reader.elements:
        assert not [key for key in attributes if key.startswith("on") or key in ("src", "style")]
        if "href" in attributes:
            assert name == "a"
            assert re.fullmatch(r"#[a-z-]+", attributes["href"])
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for _, a in reader.elements if "href" in a}
    assert targets <= set(ids)
    assert not re.findall(r"url\(|@import|@font-face", text)
    assert len(text.encode("utf-8")) <= MOST_BYTES
    return reader


@pytest.mark.parametrize("status", Status)
def test_the_verdict_stands_on_top_in_words(
    measured: Mapping[str, Evidence], status: Status
) -> None:
    evidence = measured["Q2_K"]
    reader = check(page(evidence, judged(evidence, status)))
    assert reader.text.index(HEADLINES[status]) < reader.text.index("What was judged")
    assert reader.text.count("Passed") == (status is Status.PASS)
    assert "A sentence about it." in reader.text


def test_the_page_tells_what_was_measured(measured: Mapping[str, Evidence]) -> None:
    evidence, other = measured["Q2_K"], measured["Q8_0"]
    reader = check(page(evidence, judged(evidence), [other, evidence]))
    for said in (
        *("By subject", "arithmetic", "algebra", "geometry", "Size against closeness"),
        *("tutor-Q8_0.gguf", "tutor-Q2_K.gguf (this file)", evidence.quant.sha256),
        *(evidence.base.sha256, evidence.digest, "Well worked out.", "mean length in tokens"),
        *("llmq gate --from-report report.json --policy 4-bit", "20", "MIT"),
    ):
        assert said in reader.text, said
    assert UNREADABLE not in reader.text
    drawn = [a for name, a in reader.elements if name == "svg" and a.get("role") == "img"]
    assert len(drawn) == 3
    for picture in drawn:  # a title and a description for those who listen
        for label in picture["aria-labelledby"].split():
            assert any(a.get("id") == label for _, a in reader.elements)
    assert reader.text.count("(this file)") == 1


def test_the_means_by_subject_are_those_of_the_rows(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    rows = [row for row in evidence.tables["tokens"] if row["subject"] == "algebra"]
    mean = sum(row["kl_nats"] for row in rows) / sum(row["n_tokens"] for row in rows)
    reader = check(page(evidence, judged(evidence)))
    shown = re.search(r"algebra (\d+) ([\d.]+) \(", reader.text)
    assert shown
    assert int(shown[1]) == len(rows)
    assert float(shown[2]) == pytest.approx(mean, rel=0.05)


def test_a_figure_has_one_range_on_the_page() -> None:
    """What the judge says of a subject and of turns, the sections below repeat to the digit."""
    evidence = made_evidence(Truth(degenerate_quant=0.1, kl_nats=0.05))
    judgement = judge(evidence, read_policy("4-bit"))
    text = check(page(evidence, judgement)).text
    rows = {row.title: row for axis in judgement.axes for row in axis.rows}
    for title in ("mean KL (nats) in each subject", "turns that say nothing"):
        assert text.count(rows[title].measured) >= 2, rows[title].measured


def test_every_bar_is_as_high_as_its_count(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    text = page(evidence, judged(evidence))
    plot = text[text.index('aria-labelledby="histogram') :].partition("</svg>")[0]
    bars = [float(x) for x in re.findall(r'<rect y="[\d.]+" height="([\d.]+)"', plot)]
    found = evidence.samples["kl_histogram"]
    pairs = zip(found["edges_nats"], found["counts"], strict=False)
    counts = [count for edge, count in pairs if count and edge >= 0.999e-6]
    assert len(bars) == len(counts) > 5
    for bar, count in zip(bars, counts, strict=True):
        assert bar == pytest.approx(max(1, 170 * count / max(counts)), rel=1e-3)


def test_hostile_texts_remain_text(measured: Mapping[str, Evidence]) -> None:
    evidence = hostile(everything(measured["Q2_K"]))
    row = RowResult(HOSTILE, HOSTILE, HOSTILE, Status.FAIL, HOSTILE)
    axis = AxisResult("skill", Status.FAIL, (row,), HOSTILE)
    named: dict[str, Any] = {"policy_name": HOSTILE, "sentence": HOSTILE, "remarks": (HOSTILE,)}
    text = page(evidence, judged(evidence, axes=(axis,), **named), [evidence])
    reader = check(text)
    assert UNREADABLE not in reader.text
    assert reader.text.count("<script>alert(1)</script>") > 30
    assert "\u27e8U+202E\u27e9" in reader.text
    assert not set(text) & set("\u202e\x00\x1b\x9b\ud800\uffff")
    text.encode("utf-8")


@pytest.mark.parametrize("letter", ["a", "\u202e", "&", "\U0001f600"])
def test_the_page_stays_small_whatever_was_recorded(
    measured: Mapping[str, Evidence], letter: str
) -> None:
    text = letter * 1200
    evidence = everything(measured["Q2_K"], text=text, n=70)
    row = RowResult(text, text, text, Status.FAIL, text)
    axes = tuple(replace(axis, rows=(row,) * 200, words=text) for axis in judged(evidence).axes)
    remarks = (text,) * 200
    reader = check(page(evidence, judged(evidence, axes=axes, remarks=remarks), [evidence] * 100))
    assert UNREADABLE not in reader.text
    assert "further" in reader.text


@pytest.mark.parametrize(
    "samples",
    [
        {"kl_histogram": {"edges_nats": "x", "counts": 1}},
        {"kl_histogram": {"edges_nats": [], "counts": []}},
        {"kl_histogram": {"edges_nats": [-1.0, 2.0], "counts": [1]}},
        {"worst_tokens": [1, None]},
        {"worst_tokens": {"kl_nats": 3}},
        {"replies": ["x"]},
    ],
)
def test_samples_of_another_form_are_left_out(
    measured: Mapping[str, Evidence], samples: Mapping[str, Any]
) -> None:
    """They come from a file that anyone may have written."""
    evidence = replace(measured["Q2_K"], samples=samples)
    assert UNREADABLE in check(page(evidence, judged(evidence))).text


def test_what_was_not_recorded_has_no_section(measured: Mapping[str, Evidence]) -> None:
    evidence = replace(measured["Q2_K"], samples={}, tables={"tokens": ()}, suites=())
    reader = check(page(evidence, judged(measured["Q2_K"])))
    assert UNREADABLE not in reader.text
    headings = [name for name, _ in reader.elements if name == "h2"]
    assert len(headings) == 2  # what was judged, and what exactly


def test_a_file_against_itself_is_the_same_everywhere(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    zeros = {"edges_nats": [0.1, 1.0], "counts": [0], "n_below": 7, "n_above": 0, "n_zero": 7}
    rows = tuple({**row, "kl_nats": 0.0} for row in evidence.tables["tokens"])
    same = replace(
        evidence, samples={"kl_histogram": zeros}, tables={**evidence.tables, "tokens": rows}
    )
    reader = check(page(same, judged(same), [same]))
    assert "At every place the odds are exactly the same." in reader.text
    assert UNREADABLE not in reader.text


def everything(evidence: Evidence, text: str = "text", n: int = 30) -> Evidence:
    """The evidence with every kind of sample besides, `n` of each."""
    named = {"id": text, "subject": text, "source": text}
    sides = {"base": text, "quant": text}
    top = [[text, 0.6], [text, 0.2], [text, 0.1], [text, 0.05], [text, 0.01]]
    token = {"before": text, "token": text, "after": text, "base_top": top, "quant_top": top}
    turn = {"student": text, **sides, "quant_leaked": 1, "base_faults": [text, "silent"]}
    flip = {"kind": "choice", "question": text, "choices": [text] * 4, "right": text, **sides}
    counts = {
        "n_turns": 4,
        "base_leaked": 0,
        "quant_leaked": 1,
        "base_degenerate": 0,
        "quant_degenerate": 2,
    }
    samples = {
        **evidence.samples,
        "worst_tokens": [{**named, **token, "kl_nats": 3.0, "p_base": 0.9, "p_quant": 0.01}] * n,
        "replies": [{**named, **sides, "mode": "greedy", "asked": text, "quant_loop": 1}] * n,
        "conversations": [{**named, "answer": text, "turns": [turn] * 9}] * n,
        "flips": [
            {**named, **flip, "base_right": i % 2, "quant_right": 1 - i % 2} for i in range(n)
        ],
    }
    tables = {
        **evidence.tables,
        "conversations": tuple({**named, **counts} for _ in range(n)),
        "choices": tuple({**named, "base_right": 1, "quant_right": i % 2} for i in range(n)),
        "problems": tuple({**named, "base_right": 1, "quant_right": i % 2} for i in range(n)),
        "tokens": tuple(
            {**row, "subject": f"{i}{row['subject']}"}
            for i in range(n)
            for row in evidence.tables["tokens"]
        ),
    }
    suites = evidence.suites * n
    return replace(evidence, samples=samples, tables=tables, suites=suites, recipe=text)
