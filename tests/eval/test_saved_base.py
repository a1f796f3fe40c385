"""A base that was saved: its figures beside the base's own, and files that are none."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.errors import ModelError, OutputError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.runtime import Model
from llmq.sources.opening import open_source
from llmq.suites import Suite
from llmq_eval.base_writer import saving
from llmq_eval.drift import Drift, builtin_suite, measure_documents
from llmq_eval.material import Material, suite_material
from llmq_eval.measuring import opened, read_alike, read_as_saved
from llmq_eval.observer import Observer
from llmq_eval.saved_base import PLACE, RECORD, START, SavedBase, is_saved_base
from tests.conftest import run

MATERIAL = suite_material(Suite("few", "few's hash", builtin_suite().dialogues[:6]))
KL = {"mean_kl_nats", "kl_p50_nats", "kl_p99_nats", "kl_p999_nats"} | {
    f"{name}_kl_nats" for name in ("deciding", "first", "end", "branch")
}
Save = Callable[[Path, Path, Path], Drift]


def measured(base: Model | SavedBase, quants: list[Model], material: Material) -> Drift:
    if isinstance(base, SavedBase):
        documents = read_as_saved(base, quants, material)
    else:
        documents = read_alike([base, *quants], material)
    (drift,) = measure_documents(base, material, documents, Observer(quants))
    assert isinstance(drift, Drift)
    return drift


def save(base: Path, quant: Path, path: Path) -> Drift:
    """The drift of `quant`, while the base is saved."""
    with opened([base, quant], n_ctx=MATERIAL.n_ctx, threads=1) as models:
        documents = read_alike(models, MATERIAL)
        with saving(path, models, MATERIAL, documents) as writer:
            observer = Observer(models[1:], keep=writer.keep)
            (drift,) = measure_documents(models[0], MATERIAL, documents, observer)
    assert isinstance(drift, Drift)
    return drift


def beside(path: Path, quant: Path, material: Material = MATERIAL) -> Drift:
    with opened([quant], n_ctx=material.n_ctx, threads=1) as models:
        return measured(SavedBase(path), models, material)


@pytest.fixture(scope="module")
def files(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bundled tutor, whose vocabulary is too large to be kept whole."""
    folder = tmp_path_factory.mktemp("saved")
    source = open_source(repository / "eval" / "tutor")
    return {
        recipe: execute(
            make_plan(source, recipe=recipe), folder / f"{recipe}.gguf", load_check=False
        )
        for recipe in ("BF16", "Q4_0")
    }


@pytest.fixture(scope="module")
def saved(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Drift]:
    path = tmp_path_factory.mktemp("saved") / "tutor.base"
    return path, save(files["BF16"], files["Q4_0"], path)


def test_figures_are_those_beside_the_base_itself(
    saved: tuple[Path, Drift], files: dict[str, Path]
) -> None:
    path, whole = saved
    found = beside(path, files["Q4_0"])
    assert whole.kl_error_nats == 0 < found.kl_error_nats < whole.mean_kl_nats.value / 100
    for name, estimate in whole.totals.items():
        if name not in KL:
            assert found.totals[name] == estimate, name
    off = found.mean_kl_nats.value - whole.mean_kl_nats.value
    assert 0 < abs(off) < 4 * found.kl_error_nats
    assert found.as_json()["kl_error_nats"] == found.kl_error_nats
    assert found.base == whole.base
    again = beside(path, files["Q4_0"])
    assert again.as_json() == found.as_json()
    assert [w.base_top for w in found.worst[:3]] == [w.base_top for w in whole.worst[:3]]
    assert path.stat().st_size < 2700 * whole.n_tokens


def test_the_base_itself_is_exactly_zero(saved: tuple[Path, Drift], files: dict[str, Path]) -> None:
    same = beside(saved[0], files["BF16"])
    assert same.verdict.word == "identical"
    assert (same.mean_kl_nats.value, same.kl_error_nats, same.end_ratio.value) == (0, 0, 1)


def test_nothing_is_left_where_not_all_was_compared(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "half.base"
    with opened(list(files.values()), n_ctx=MATERIAL.n_ctx, threads=1) as models:
        documents = read_alike(models, MATERIAL)
        with saving(path, models, MATERIAL, documents) as writer:
            observer = Observer(models[1:], keep=writer.keep)
            measure_documents(models[0], MATERIAL, documents[:1], observer)
        with (
            pytest.raises(OutputError, match="no/such/place"),
            saving(tmp_path / "no/such/place", models, MATERIAL, documents),
        ):
            pass
    assert not list(tmp_path.iterdir())


def test_another_suite_and_another_tokenizer_are_refused(
    saved: tuple[Path, Drift], files: dict[str, Path], tiny_gguf: dict[str, Path]
) -> None:
    path = saved[0]
    other = suite_material(Suite("other", "x", builtin_suite().dialogues[:6]))
    with pytest.raises(ModelError, match=r"was saved of few, .*\(other\)"):
        beside(path, files["Q4_0"], other)
    with pytest.raises(ModelError, match=r"tiny-BF16.gguf does not read few as the tokens"):
        beside(path, tiny_gguf["BF16"])


def rewritten(
    path: Path, target: Path, *, header: dict[str, Any] | None = None, **fields: Any
) -> Path:
    """The file with another header or first record, and a hash that fits."""
    data = bytearray(path.read_bytes())
    magic, stop, _ = START.unpack_from(data)
    if header is not None:
        data[stop:] = json.dumps({**json.loads(data[stop:]), **header}).encode()
    if fields:
        names = ("nll", "total", "rest", "likeliest", "sampled")
        values = dict(zip(names, RECORD.unpack_from(data, START.size), strict=True))
        n = values["likeliest"] + values["sampled"]
        start = START.size + RECORD.size
        if "token" in fields:
            data[start : start + 4] = np.uint32(fields.pop("token")).tobytes()
        if "logit" in fields:
            data[start + 4 * n : start + 4 * n + 4] = np.float32(fields.pop("logit")).tobytes()
        RECORD.pack_into(data, START.size, *{**values, **fields}.values())
    START.pack_into(
        data, 0, magic, stop, hashlib.sha256(data[START.size :] + PLACE.pack(stop)).digest()
    )
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"header": {"form": 2}}, "is of form 2, and this llmq reads 1"),
        ({"header": {"n_tokens": 10**6}}, "records for 1000000 tokens"),
        ({"header": {"n_vocab": "many"}}, "its header counts nothing"),
        ({"header": {"material": None}}, "its header names nothing"),
        ({"header": {"file": {}}}, "its header is not whole"),
        ({"header": {"more": 1}}, "its header is not whole"),
        ({"likeliest": 0}, "keeps 0 and"),
        ({"likeliest": 60_000}, "keeps 60000 and"),
        ({"nll": float("nan")}, "no prediction"),
        ({"nll": -1.0}, "no prediction"),
        ({"total": 0.5}, "no prediction"),
        ({"rest": float("inf")}, "no prediction"),
        ({"token": 1 << 31}, "no prediction"),
        ({"logit": float("nan")}, "no prediction"),
        ({"logit": -1e30}, "out of order"),
    ],
    ids=str,
)
def test_a_hostile_file_is_one_clear_line(
    saved: tuple[Path, Drift],
    files: dict[str, Path],
    tmp_path: Path,
    change: dict[str, Any],
    reason: str,
) -> None:
    path = rewritten(saved[0], tmp_path / "hostile.base", **change)
    with pytest.raises(ModelError, match=reason) as caught:
        beside(path, files["Q4_0"])
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_damaged_file_is_told_from_a_whole_one(saved: tuple[Path, Drift], tmp_path: Path) -> None:
    data, path = saved[0].read_bytes(), tmp_path / "damaged.base"
    for place in (9, 20, START.size, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelError, match="is damaged"):
            SavedBase(path)
    for size in (8, START.size, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        assert is_saved_base(path)
        with pytest.raises(ModelError, match="is damaged"):
            SavedBase(path)
    for wrong in (b"", b"GGUF" * 20):
        path.write_bytes(wrong)
        assert not is_saved_base(path)
        with pytest.raises(ModelError):
            SavedBase(path)


def test_a_saved_base_stands_in_the_place_of_the_base(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, base = tmp_path / "one.jsonl", tmp_path / "a.base"
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "Count on."}]
    suite.write_text("".join(
        json.dumps({"id": str(i), "subject": "sums", "messages": turns}) + "\n" for i in range(3)
    ))  # fmt: skip
    options = ["--suite", suite, "--threads", "1", "--by", "subject"]
    assert run("drift", files["BF16"], files["Q4_0"], *options, "--save-base", base) == 0
    first = capsys.readouterr()
    assert "a.base: " in first.err
    assert f"{files['Q4_0'].name} by subject" in first.out
    assert run("drift", base, files["Q4_0"], *options) == 0
    second = capsys.readouterr()
    assert "BF16.gguf was read from" in second.err
    assert first.out.splitlines()[:2] == second.out.splitlines()[:2]
    for wrong, said in (
        ((files["BF16"], files["Q4_0"], "--save-base", base), "exists already"),
        ((base, files["Q4_0"], "--save-base", tmp_path / "b"), "is a saved base already"),
        ((base, files["Q4_0"], "--generate", "1"), "writes no replies"),
        ((files["BF16"], files["Q4_0"], "--save-base", tmp_path / "no" / "b"), "no such folder"),
    ):
        assert run("drift", *wrong, "--suite", suite) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
