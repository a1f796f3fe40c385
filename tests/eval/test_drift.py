"""Drift end to end on real GGUF files: recomputable totals, exact zeros, honest refusals."""

import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.drift import measure_drift
from llmq.errors import ModelError, SuiteError
from llmq.runtime import open_model
from llmq.runtime.chat_template import FIXED_DATE
from llmq.suites import Dialogue, Message, Suite
from llmq_eval.drift import Drift, builtin_suite, measure_drifts
from llmq_eval.material import CONTEXT_TOKENS, suite_material
from llmq_eval.measuring import opened
from tests.conftest import CHATML


def few(suite: Suite, n: int) -> Suite:
    return Suite(suite.name, suite.sha256, suite.dialogues[:n])


@pytest.fixture(scope="module")
def drift(tiny_gguf: dict[str, Path]) -> Drift:
    return measure_drift(
        tiny_gguf["BF16"], tiny_gguf["Q4_0"], suite=few(builtin_suite(), 12), threads=1
    )


def test_every_mean_follows_from_the_sums_of_the_json(drift: Drift) -> None:
    report = json.loads(json.dumps(drift.as_json(), allow_nan=False))
    rows = report["documents"]

    def column(name: str) -> Any:
        return np.array([row[name] for row in rows], dtype=float)

    n = column("n_tokens")
    assert report["n_tokens"] == n.sum()
    sums = {
        "mean_kl_nats": column("kl_nats"),
        "same_top_rate": column("same_top"),
        "ln_ratio": column("nll_quant_nats") - column("nll_base_nats"),
    }
    for name, values in sums.items():
        ratio = values.sum() / n.sum()
        without = (values.sum() - values) / (n.sum() - n)
        error = math.sqrt((len(n) - 1) * np.var(without))
        assert report["totals"][name]["value"] == pytest.approx(ratio, rel=1e-12)
        assert report["totals"][name]["standard_error"] == pytest.approx(error, rel=1e-9)
    for name in ("base", "quant"):
        perplexity = math.exp(column(f"nll_{name}_nats").sum() / n.sum())
        assert report["totals"][f"{name}_perplexity"]["value"] == pytest.approx(perplexity)


def test_four_bits_drift_in_every_column(drift: Drift) -> None:
    assert drift.mean_kl_nats.value > 0
    assert drift.ln_ratio.value != 0
    assert drift.same_top_rate.value < 1
    assert drift.kl_p99_nats.value > drift.mean_kl_nats.value
    assert "only 12 documents" in drift.as_json()["warning"]
    errors = {name: estimate.standard_error for name, estimate in drift.totals.items()}
    for name in ("kl_p50_nats", "kl_p99_nats", "kl_p999_nats"):
        assert errors.pop(name) is None
    for name in ("right_to_wrong_rate", "wrong_to_right_rate"):  # random weights are seldom right
        assert errors.pop(name) is not None
    assert all(error is not None and error > 0 for error in errors.values())
    assert drift.totals.keys() & {"deciding_kl_nats", "end_ratio"} == {
        "deciding_kl_nats",
        "end_ratio",
    }


def test_a_file_against_itself_is_exactly_zero(tiny_gguf: dict[str, Path]) -> None:
    suite = few(builtin_suite(), 2)
    same = measure_drift(tiny_gguf["Q4_0"], tiny_gguf["Q4_0"], suite=suite, threads=1)
    assert same.base_perplexity == same.quant_perplexity
    for estimate, value in ((same.ln_ratio, 0), (same.mean_kl_nats, 0), (same.same_top_rate, 1)):
        assert (estimate.value, estimate.standard_error) == (value, 0)
    for row in same.documents:
        assert not row.tokens["kl_nats"].any()
        sums = row.as_json()
        assert sums["n_end"] == sums["n_first"] > 0
        assert sums["nll_base_nats"] == sums["nll_quant_nats"]
        assert sums["same_top"] == sums["n_tokens"]
        changes = ("ln_ratio_nats", "squared_change", "right_to_wrong", "wrong_to_right")
        kinds = ("deciding", "first", "end", "thought_end", "branch")
        zeros = (*changes, "kl_nats", "ln_end_ratio", *(f"kl_{kind}_nats" for kind in kinds))
        assert {sums[name] for name in zeros} == {0}
    assert same.samples()["worst_tokens"] == []
    assert same.samples()["kl_histogram"]["n_zero"] == same.n_tokens
    for row in same.documents:
        assert (row.tokens["nll_base_nats"] == row.tokens["nll_quant_nats"]).all()


def test_documents_that_are_too_long_are_cut_and_counted(
    tiny_gguf: dict[str, Path], save_gguf: Callable[..., Path]
) -> None:
    short = save_gguf("short", "BF16", max_position_embeddings=256)
    words = Message("assistant", "x" * 400)
    suite = Suite("long", "", (Dialogue("d", (Message("user", "Hi"), words)),))
    cut = measure_drift(short, short, suite=suite, threads=1)
    whole = measure_drift(tiny_gguf["BF16"], tiny_gguf["BF16"], suite=suite, threads=1)
    assert whole.n_dropped == 0
    assert cut.n_ctx == 256 < CONTEXT_TOKENS
    assert cut.n_tokens + cut.n_dropped == whole.n_tokens == 401  # one for the end of the turn
    assert 0 < cut.n_dropped < 401


def test_files_with_other_words_are_refused_by_name(
    tiny_gguf: dict[str, Path], save_gguf: Callable[..., Path]
) -> None:
    base = tiny_gguf["BF16"]
    larger = save_gguf("larger", "BF16", vocab_size=300)
    plain = save_gguf("plain", "BF16", template=None)
    for other, reason in (
        (larger, "259 against 300 tokens"),
        (plain, "dialogue 'practice-000', and their chat templates differ"),
    ):
        with pytest.raises(ModelError, match=reason) as caught:
            measure_drift(base, other)
        assert str(base) in str(caught.value)
        assert str(other) in str(caught.value)


def test_a_suite_without_a_tutor_is_refused(tiny_gguf: dict[str, Path]) -> None:
    silent = Suite("silent", "", (Dialogue("d", (Message("user", "Hello?"),)),))
    with pytest.raises(SuiteError, match="silent has none of the tokens"):
        measure_drift(tiny_gguf["BF16"], tiny_gguf["Q4_0"], suite=silent)


def test_a_damaged_file_is_named(tiny_gguf: dict[str, Path], damaged_gguf: Path) -> None:
    few_talks, reason = few(builtin_suite(), 1), "dialogue 'practice-000': .*computes no number"
    for pair in ((tiny_gguf["BF16"], damaged_gguf), (damaged_gguf, tiny_gguf["BF16"])):
        with pytest.raises(ModelError, match=reason) as caught:
            measure_drift(*pair, suite=few_talks)
        assert str(damaged_gguf) in str(caught.value)


def test_three_files_are_measured_while_the_base_reads_each_token_once(
    tiny_gguf: dict[str, Path],
) -> None:
    material = suite_material(few(builtin_suite(), 4))
    paths = [tiny_gguf[recipe] for recipe in ("F32", "BF16", "Q4_0", "F32")]
    with opened(paths, n_ctx=material.n_ctx, threads=1) as models:
        passages = [p for d in material.documents(models[0]) for p in d.passages]
        found = measure_drifts(models, material)
        needed = sum(max(passage.scored) for passage in passages)
        assert [model.tokens_read for model in models] == [needed] * 4
    for path, drift in zip(paths[1:], found, strict=True):
        alone = measure_drift(paths[0], path, suite=few(builtin_suite(), 4), threads=1)
        assert isinstance(drift, Drift)
        assert drift.as_json() == alone.as_json()


def test_one_context_for_all_files(
    tiny_gguf: dict[str, Path], save_gguf: Callable[..., Path]
) -> None:
    short = save_gguf("tiny", "Q4_0", max_position_embeddings=300)
    words = Message("assistant", "y" * 400)
    suite = Suite("long", "", (Dialogue("d", (Message("user", "Hi"), words)),))
    material = suite_material(suite)
    with opened([tiny_gguf["BF16"], tiny_gguf["Q4_0"], short], n_ctx=2048, threads=1) as models:
        drifts = measure_drifts(models, material)
    first, second = drifts
    assert isinstance(first, Drift)
    assert isinstance(second, Drift)
    assert first.n_ctx == second.n_ctx == 300
    assert first.n_dropped == second.n_dropped > 0
    assert first.totals == second.totals


def test_nothing_depends_on_where_a_batch_ends(
    tiny_gguf: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = few(builtin_suite(), 3)

    def tokens(batch: int, rows: int) -> Any:
        monkeypatch.setattr("llmq.runtime.opening.BATCH_TOKENS", batch)
        for module in ("decoder", "opening"):
            monkeypatch.setattr(f"llmq.runtime.{module}.OUTPUT_ROWS", rows)
        drift = measure_drift(tiny_gguf["BF16"], tiny_gguf["Q4_0"], suite=suite, threads=1)
        return np.concatenate([document.tokens for document in drift.documents])

    whole = tokens(256, 64)
    for batch, rows in ((256, 11), (100, 64), (16, 16)):
        np.testing.assert_array_equal(tokens(batch, rows), whole)


def test_the_date_is_fixed(save_gguf: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    class NextYear(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "NextYear":
            return super().now(tz) + timedelta(days=366)

    dated = save_gguf("dated", "BF16", "Today is {{ strftime_now('%d %B %Y') }}.\n" + CHATML)
    suite = few(builtin_suite(), 2)
    today = measure_drift(dated, dated, suite=suite, threads=1).as_json()
    monkeypatch.setattr("llmq.runtime.chat_template.datetime", NextYear)
    assert measure_drift(dated, dated, suite=suite, threads=1).as_json() == today
    assert today["date"] == FIXED_DATE.isoformat()
    with open_model(dated) as chat:
        assert f"{NextYear.now():%d %B %Y}" in chat.chat_template.render(
            suite.dialogues[0].messages, add_generation_prompt=False
        )
