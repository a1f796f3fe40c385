"""The summary of a CI job: the verdict, and no text that Markdown or the service would obey."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import AxisResult, RowResult, Status
from llmq_eval.gate.markdown import escaped, summary
from llmq_eval.gate.report.shown import one_line
from tests.eval.gate.conftest import HOSTILE, hostile, judged

VERDICTS = {
    Status.PASS: "tutor-Q2_K.gguf: passed",
    Status.FAIL: "tutor-Q2_K.gguf: failed",
    Status.INCONCLUSIVE: "tutor-Q2_K.gguf: inconclusive: not passed",
    Status.SKIPPED: "tutor-Q2_K.gguf: not fully measured: not passed",
}


@pytest.mark.parametrize("status", Status)
def test_the_heading_is_the_verdict(measured: Mapping[str, Evidence], status: Status) -> None:
    evidence = measured["Q2_K"]
    text = summary(evidence, judged(evidence, status))
    heading = unescape(text.splitlines()[0])
    assert re.fullmatch(r"## \S ", heading[:5])
    assert heading[5:] == VERDICTS[status]


def test_the_table_holds_every_axis_and_row(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    text = summary(evidence, judged(evidence, Status.FAIL, remarks=("one", "two")))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 7 + 1
    assert all(line.count("|") == 5 for line in rows)
    assert re.search(r"\| mean KL \| 0\.\d+ nats \| at most", text)
    assert "| at most 0.1 nats | \u274c failed |" in text
    assert "\n- one\n- two\n" in text
    for file in (evidence.quant, evidence.base):
        assert f"{file.name}, SHA-256 <code>{file.sha256}</code>" in text.replace("&#95;", "_")


def test_hostile_texts_remain_text(measured: Mapping[str, Evidence]) -> None:
    evidence = hostile(measured["Q2_K"])
    row = RowResult(HOSTILE, HOSTILE, HOSTILE, Status.FAIL, HOSTILE)
    axis = AxisResult("skill", Status.FAIL, (row,), HOSTILE)
    named: dict[str, Any] = {"policy_name": HOSTILE, "sentence": HOSTILE, "remarks": (HOSTILE,)}
    text = summary(evidence, judged(evidence, axes=(axis,), **named))
    plain = re.sub(r"&#\d+;", "", text)
    assert set(re.findall(r"<[^>]*>", plain)) == {"<br>", "<code>", "</code>"}
    assert not set(plain) & set("@`[]()\\_!~\x1b\u202e")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") == 5 for line in rows)


def test_what_is_escaped_reads_as_it_was() -> None:
    shown = unescape(escaped(HOSTILE, 2000)).replace("\u200b", "")
    assert shown == one_line(HOSTILE, 2000)
