"""Drift end to end on real GGUF files: recomputable totals, exact zeros, honest refusals."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.cli import main
from llmq.errors import ModelError, SuiteError
from llmq.suites import Dialogue, Message, Suite
from llmq_eval.drift import CONTEXT_TOKENS, Drift, builtin_suite, measure_drift


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
    assert "only 12 dialogues" in drift.as_json()["warning"]
    errors = {name: estimate.standard_error for name, estimate in drift.totals.items()}
    for name in ("kl_p50_nats", "kl_p99_nats", "kl_p999_nats"):
        assert errors.pop(name) is None
    assert all(error is not None and error > 0 for error in errors.values())


def test_a_file_against_itself_is_exactly_zero(tiny_gguf: dict[str, Path]) -> None:
    suite = few(builtin_suite(), 2)
    same = measure_drift(tiny_gguf["Q4_0"], tiny_gguf["Q4_0"], suite=suite, threads=1)
    assert same.base_perplexity == same.quant_perplexity
    for estimate, value in ((same.ln_ratio, 0), (same.mean_kl_nats, 0), (same.same_top_rate, 1)):
        assert (estimate.value, estimate.standard_error) == (value, 0)
    for row in same.documents:
        assert not row.tokens["kl_nats"].any()
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
    for other, reason in ((larger, "259 against 300 tokens"), (plain, "dialogue 'practice-000'")):
        with pytest.raises(ModelError, match=reason) as caught:
            measure_drift(base, other)
        assert str(base) in str(caught.value)
        assert str(other) in str(caught.value)


def test_a_suite_without_a_tutor_is_refused(tiny_gguf: dict[str, Path]) -> None:
    silent = Suite("silent", "", (Dialogue("d", (Message("user", "Hello?"),)),))
    with pytest.raises(SuiteError, match="silent has no tutor turn"):
        measure_drift(tiny_gguf["BF16"], tiny_gguf["Q4_0"], suite=silent)


def test_a_damaged_file_is_named(tiny_gguf: dict[str, Path], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    data = bytearray(tiny_gguf["BF16"].read_bytes())
    data[-60_000:] = b"\xff\x7f" * 30_000  # BF16 NaN
    damaged.write_bytes(data)
    with pytest.raises(ModelError, match=r"damaged\.gguf computes no number for 'practice-000'"):
        measure_drift(tiny_gguf["BF16"], damaged, suite=few(builtin_suite(), 1))


# The command line

ONE = '{"id": "a", "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "Count."}]}\n'


@pytest.fixture
def suite_path(tmp_path: Path) -> Path:
    path = tmp_path / "two.jsonl"
    path.write_text(ONE + ONE.replace('"a"', '"b"'), encoding="utf-8")
    return path


def test_the_table_has_a_row_for_the_base_and_for_each_file(
    tiny_gguf: dict[str, Path], suite_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, quant = str(tiny_gguf["BF16"]), str(tiny_gguf["Q4_0"])
    assert main(["drift", base, quant, base, "--suite", str(suite_path)]) == 0
    out, err = capsys.readouterr()
    lines = out.strip().splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "tiny-BF16.gguf",
        "tiny-Q4_0.gguf",
        "tiny-BF16.gguf",
    ]
    assert "100.00 ± 0.00 %" in lines[3]
    assert "two: 2 dialogues, 14 tokens of the tutor's turns" in err


def test_json_goes_to_stdout_and_the_report_to_its_file(
    tiny_gguf: dict[str, Path],
    suite_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "report.json"
    arguments = [
        "drift",
        str(tiny_gguf["BF16"]),
        str(tiny_gguf["Q4_0"]),
        "--suite",
        str(suite_path),
    ]
    assert main([*arguments, "--json", "--report-json", str(report)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(report.read_text(encoding="utf-8"))
    (drift,) = printed["drifts"]
    assert drift["quant"]["size_bytes"] == tiny_gguf["Q4_0"].stat().st_size
    assert len(drift["base"]["sha256"]) == len(drift["suite"]["sha256"]) == 64
    assert "llama.cpp" in drift["runtime"]


def test_a_report_replaces_no_model_and_is_refused_before_the_work(
    tiny_gguf: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, quant = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
    before = quant.read_bytes()
    for report, reason in (
        (quant, "it is measured"),
        (tmp_path, "it is a folder"),
        (tmp_path / "missing" / "report.json", "there is no such folder"),
    ):
        assert main(["drift", str(base), str(quant), "--report-json", str(report)]) == 1
        assert f"cannot write the report {report}: {reason}" in capsys.readouterr().err
    assert quant.read_bytes() == before


def test_a_checkpoint_folder_is_measured_as_bf16_and_leaves_nothing_behind(
    make_checkpoint: Callable[..., Path],
    suite_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, quant = str(make_checkpoint()), str(tmp_path / "quant.gguf")
    assert main(["convert", folder, "--recipe", "Q8_0", "-o", quant]) == 0
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert main(["drift", folder, quant, "--suite", str(suite_path)]) == 0
    assert "tiny-BF16.gguf" in capsys.readouterr().out
    assert main(["drift", folder, str(tmp_path / "none.gguf")]) == 1
    assert not list(scratch.iterdir())


def test_wrong_input_is_one_line(
    tiny_gguf: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("hello", encoding="utf-8")
    good = str(tiny_gguf["Q4_0"])
    for arguments in ([good, str(text)], [str(text), good], [good, good, "--suite", str(text)]):
        assert main(["drift", *arguments]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("llmq: ")
        assert err.count("\n") == 1
