"""calib.gguf: written, read back, and refused where something is wrong with it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.calibration.file import OWN, Moments, read_calibration, write_calibration
from llmq.calibration.text import CalibrationTokens, TextSource, fingerprint
from llmq.errors import CalibrationError, ImportanceError, LlmqError, OutputError
from llmq.files.gguf import open_gguf
from llmq.files.imatrix import read_importance
from llmq.sources.opening import open_source
from llmq_peer.imatrix_files import save_gguf, sums_and_counts
from tests.conftest import converted

IDS = np.arange(48, dtype=np.int32).reshape(3, 16)
TOKENS = CalibrationTokens(
    IDS,
    (IDS % 3 / 2).astype(np.float32),
    (TextSource("tutoring", "a" * 64, 3.0, 32), TextSource("prosé.txt", "b" * 64, 0.1, 16)),
    "c" * 64,
)
MOMENTS: Moments = {
    "blk.0.attn_q.weight": (np.array([[1, 4, 0, 2.5]], np.float32), 24.0),
    "blk.0.ffn_up.weight": (np.array([[3, 3, 3, 3, 1e-9]], np.float32), 24.0),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_calibration(tmp_path / "calib.gguf", TOKENS, MOMENTS)


def test_what_is_written_is_read(file: Path) -> None:
    found = read_calibration(file)
    assert np.array_equal(found.tokens.ids, TOKENS.ids)
    assert np.array_equal(found.tokens.weights, TOKENS.weights)
    assert (found.tokens.sources, found.tokens.tokenizer) == (TOKENS.sources, TOKENS.tokenizer)
    assert found.tokens.sha256 == TOKENS.sha256
    assert found.path == file
    assert [path.name for path in file.parent.iterdir()] == ["calib.gguf"]


def test_it_is_an_importance_matrix(file: Path) -> None:
    found = read_importance(file, exact=True)
    assert found.datasets == ("tutoring", "prosé.txt")
    assert found.n_chunks == 3
    for name, (sums, count) in MOMENTS.items():
        assert found.rows[name].read().tolist() == (sums / np.float32(count)).tolist()
    metadata = open_gguf(file).metadata
    assert (metadata["general.type"], metadata["imatrix.chunk_size"]) == ("imatrix", 16)


def test_a_column_never_seen_keeps_its_weights(file: Path) -> None:
    """Its importance is zero in the file, as llama-imatrix's, and a little above when read."""
    rows = read_calibration(file).importance.rows["blk.0.attn_q.weight"].read()
    assert rows[0, 2] == pytest.approx(1e-6 * 2.5 / 24)
    assert (
        read_calibration(file, exact=True).importance.rows["blk.0.attn_q.weight"].read()[0, 2] == 0
    )


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tokens", None, "is no calibration, for it holds no tokens; --imatrix takes it"),
        ("tokens", np.arange(48, dtype=np.uint32), "tokens is of uint32 instead of int32"),
        ("tokens", np.arange(47, dtype=np.int32), "47 tokens and 48 weights are no windows of 16"),
        ("tokens", np.arange(-1, 47, dtype=np.int32), "are no numbers from 0"),
        ("tokens", np.arange(1, 49, dtype=np.int32), "the hash of its tokens is not the one"),
        ("weights", np.full(48, np.nan, np.float32), "are no numbers from 0"),
        ("weights", np.zeros(48, np.float32), "are no numbers from 0"),
        ("weights", np.ones(48, np.float32), "the hash of its tokens is not the one"),
        ("weights", ["1"] * 48, "weights is missing or of another kind"),
        ("window", np.uint32(0), "are no windows of 0"),
        ("window", np.uint32(24), "the hash of its tokens is not the one"),
        ("window", np.int32(16), "window is missing or of another kind"),
        ("sha256", None, "sha256 is missing or of another kind"),
        ("tokenizer", True, "tokenizer is missing or of another kind"),
        ("sources", ["one"], "unequal numbers of sources"),
        ("sources.sha256", [True, False], "is no list of texts"),
        ("sources.n_tokens", np.array([32, 17], np.uint32), "the tokens of its sources are not"),
        ("sources.share", None, "sources.share is missing or of another kind"),
    ],
)
def test_damage_is_one_line(file: Path, key: str, value: Any, message: str) -> None:
    metadata = dict(open_gguf(file).metadata)
    if value is None:
        del metadata[OWN + key]
    else:
        metadata[OWN + key] = value
    name = "blk.0.attn_q.weight"
    rows = sums_and_counts(name, MOMENTS[name][0], [24.0])
    with pytest.raises(CalibrationError, match=message) as raised:
        read_calibration(save_gguf(file, rows, metadata))
    assert str(raised.value).startswith(str(file))


def test_files_of_another_kind(file: Path, tiny_gguf: dict[str, Path]) -> None:
    with pytest.raises(CalibrationError, match="holds no tokens; llmq calibrate makes one"):
        read_calibration(tiny_gguf["BF16"])
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(CalibrationError, match="cut short"):
        read_calibration(file)
    file.write_bytes(b"Some text.")
    with pytest.raises(CalibrationError, match="is not a GGUF file"):
        read_calibration(file)
    with pytest.raises(CalibrationError, match="cannot be read"):
        read_calibration(file.with_name("none"))


def test_another_model_is_refused(file: Path, repository: Path, tmp_path: Path) -> None:
    source = open_source(repository / "eval" / "tutor")
    shapes = {tensor.name: tensor.shape for tensor in source.tensors}
    with pytest.raises(CalibrationError, match="those of another tokenizer than tutor's; make one"):
        read_calibration(file).check(source.name, source.metadata, shapes)
    alike = replace(TOKENS, tokenizer=fingerprint(source.metadata))
    found = read_calibration(write_calibration(tmp_path / "other.gguf", alike, MOMENTS))
    with pytest.raises(ImportanceError, match="is of another model: it has 4 values"):
        found.check(source.name, source.metadata, shapes)


@pytest.mark.parametrize(
    ("name", "moments", "kind", "message"),
    [
        ("calib.gguf", MOMENTS, OutputError, "exists already; --force overwrites it"),
        ("none/a.gguf", MOMENTS, OutputError, "cannot be written"),
        (
            "a.gguf",
            {"blk.1.ffn_up.weight": (np.full((1, 4), np.inf, np.float32), 1.0)},
            CalibrationError,
            "what reaches blk.1.ffn_up.weight is not finite",
        ),
        ("a.gguf", {"w" * 60: MOMENTS["blk.0.attn_q.weight"]}, CalibrationError, "is too long"),
    ],
)
def test_what_is_not_written(
    file: Path, name: str, moments: Moments, kind: type[LlmqError], message: str
) -> None:
    before = file.read_bytes()
    with pytest.raises(kind, match=message):
        write_calibration(
            file.with_name(name) if "/" not in name else file.parent / name, TOKENS, moments
        )
    assert {path: path.read_bytes() for path in file.parent.iterdir()} == {file: before}


def test_a_gguf_model_has_the_folders_tokenizer(repository: Path, tmp_path: Path) -> None:
    folder = repository / "eval" / "tutor"
    file = converted(folder, "F32", tmp_path)
    assert fingerprint(open_gguf(file).metadata) == fingerprint(open_source(folder).metadata)
