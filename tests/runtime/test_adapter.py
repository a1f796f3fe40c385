"""A LoRA adapter beside its model computes what the merged weights do."""

import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest

from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.runtime import open_model

TOKENS = list(range(60, 90))
CHANGED = "blk.1.ffn_down.weight"
ALPHA, RANK = 16.0, 4
Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def pair(tiny_gguf: dict[str, Path]) -> Pair:
    """A (rank, columns) and B (rows, rank) for the changed matrix."""
    (shape,) = (t.shape for t in open_gguf(tiny_gguf["F32"]).tensors if t.name == CHANGED)
    rng = np.random.default_rng(5)
    low, high = (rng.normal(0, 0.3, size) for size in ((RANK, shape[1]), (shape[0], RANK)))
    return low.astype(np.float32), high.astype(np.float32)


def write_adapter(path: Path, pair: Pair, *, architecture: str = "llama") -> Path:
    """As llama.cpp's convert_lora_to_gguf.py writes it."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for name, matrix in zip("ab", pair, strict=True):
        writer.add_tensor(f"{CHANGED}.lora_{name}", matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_it_computes_what_merged_weights_do(
    tiny_gguf: dict[str, Path], tmp_path: Path, pair: Pair
) -> None:
    merged = Path(shutil.copy(tiny_gguf["F32"], tmp_path / "merged.gguf"))
    file = open_gguf(merged)
    (tensor,) = (t for t in file.tensors if t.name == CHANGED)
    weights = np.memmap(merged, np.float32, "r+", tensor.offset, tensor.shape)
    weights += ALPHA / RANK * pair[1] @ pair[0]
    weights.flush()
    adapter = write_adapter(tmp_path / "subject.gguf", pair)
    with open_model(tiny_gguf["F32"], threads=1) as plain:
        without = plain.logits(TOKENS)
    with open_model(merged, threads=1) as model:
        expected = model.logits(TOKENS)
    with open_model(tiny_gguf["F32"], threads=1, adapter=adapter) as model:
        found = model.logits(TOKENS)
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
    assert np.abs(found - without).max() > 0.1 * np.abs(expected).max()


def test_what_is_no_adapter_or_anothers_is_one_line(
    tiny_gguf: dict[str, Path], tmp_path: Path, pair: Pair
) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("hello")
    other = write_adapter(tmp_path / "other.gguf", pair, architecture="qwen2")
    narrow = write_adapter(tmp_path / "narrow.gguf", (pair[0][:, 1:], pair[1]))
    for adapter, message in (
        (tmp_path / "none.gguf", "cannot read the model"),
        (text, "is not a GGUF file"),
        (tiny_gguf["F32"], "is a GGUF file but no LoRA adapter"),
        (other, "does not fit .*arch"),
        (narrow, "does not fit"),
    ):
        with pytest.raises(ModelError, match=message) as caught:
            open_model(tiny_gguf["F32"], threads=1, adapter=adapter)
        assert "\n" not in str(caught.value)
