"""Evidence of real measurements of the bundled tutor, and judgements of every kind."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llmq.drift import chosen_suite
from llmq.suites import spread
from llmq_eval.drift import Drift, measure_drifts
from llmq_eval.gate.evidence import AXES, Check, Evidence, SuiteUsed
from llmq_eval.gate.judgement import AxisResult, Judgement, RowResult, Status
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened
from llmq_eval.openings import choose_prompts
from llmq_eval.replies import Replies, compare_replies
from llmq_eval.statistics import ratio_of_sums
from tests.conftest import converted

N_DIALOGUES, N_PROMPTS = 9, 5
SUBJECTS = ("arithmetic", "algebra", "geometry")


@pytest.fixture(scope="session")
def measured(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Evidence]:
    """Evidence by recipe: the bundled tutor as Q8_0 and as Q2_K."""
    folder = tmp_path_factory.mktemp("measured")
    files = [converted(repository / "eval" / "tutor", r, folder) for r in ("BF16", "Q8_0", "Q2_K")]
    suite = spread(chosen_suite("tutoring"), N_DIALOGUES)
    material = suite_material(suite)
    with opened(files, n_ctx=material.n_ctx, threads=1) as models:
        drifts = measure_drifts(models, material)
        prompts = choose_prompts(models, suite, N_PROMPTS)
        replies = compare_replies(models, prompts)
    pairs = zip(drifts, replies, strict=True)
    found = [_evidence(drift, written) for drift, written in pairs]
    return {evidence.recipe: evidence for evidence in found}


def _evidence(drift: object, replies: object) -> Evidence:
    assert isinstance(drift, Drift)
    assert isinstance(replies, Replies)
    tokens = tuple(row | {"subject": SUBJECTS[i % 3]} for i, row in enumerate(drift.rows()))
    samples = {**drift.samples(), "replies": replies.samples()}
    suite = SuiteUsed(drift.suite_name, drift.suite_sha256, "MIT", 1000, len(tokens), 0, 0)
    return Evidence(
        llmq="0",
        runtime="llama.cpp",
        base=drift.base,
        quant=drift.quant,
        recipe=drift.quant.name.rpartition("-")[2].removesuffix(".gguf"),
        settings={"threads": 1, "n_ctx": drift.n_ctx},
        suites=(suite,),
        checks=(Check("integrity", "loads", "pass", "llama.cpp opens it and computes"),),
        tables={"tokens": tokens, "replies": replies.rows()},
        samples=samples,
        skipped={"device": "no profile was named"},
    )


def judged(evidence: Evidence, status: Status = Status.PASS, **changes: Any) -> Judgement:
    """A judgement with a row of mean KL, whose status is that of the axis fidelity and of all."""
    rows = evidence.tables["tokens"]
    kl = ratio_of_sums([row["kl_nats"] for row in rows], [row["n_tokens"] for row in rows])
    exit_code = {Status.PASS: 0, Status.FAIL: 1, Status.INCONCLUSIVE: 3, Status.SKIPPED: 4}[status]
    row = RowResult("mean KL", f"{kl.value:.5f} nats", "at most 0.1 nats", status, estimate=kl)
    axes = [AxisResult(axis, Status.SKIPPED, (), "not measured", mandatory=False) for axis in AXES]
    axes[AXES.index("fidelity")] = AxisResult("fidelity", status, (row,))
    found = Judgement(tuple(axes), status, exit_code, "4-bit", "0" * 64, "A sentence about it.")
    return replace(found, **changes)


Change = Callable[[Evidence], Evidence]
HOSTILE = (
    "</script><script>alert(1)</script><img src=http://127.0.0.1:9/x.png onerror=alert(2)>"
    "<a href='javascript:alert(3)'>x</a>\u202e\x00\x1b[31m\x9b\ud800\uffff]]>--> &amp; \"'`|*_#@someone\n\n\t<svg/onload=alert(4)>"
)


def hostile(evidence: Evidence) -> Evidence:
    """The same with every text replaced by what would do harm in a page, a table or an XML file."""
    return replace(
        evidence,
        base=replace(evidence.base, name=HOSTILE),
        quant=replace(evidence.quant, name=HOSTILE),
        **{
            name: _spoiled(getattr(evidence, name))
            for name in ("llmq", "runtime", "recipe", "settings", "samples", "skipped")
        },
        suites=tuple(replace(s, name=HOSTILE, license=HOSTILE) for s in evidence.suites),
        tables={
            name: tuple(
                {**row, "id": HOSTILE, "subject": f"{HOSTILE}{i % 2}"} for i, row in enumerate(rows)
            )
            for name, rows in evidence.tables.items()
        },
    )


def _spoiled(value: Any) -> Any:
    """Every text of a JSON value replaced; keys and numbers remain."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, Mapping):
        return {key: _spoiled(item) for key, item in value.items()}
    return [_spoiled(item) for item in value] if isinstance(value, list | tuple) else value
