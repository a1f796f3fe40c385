"""How a tensor is encoded, as a value: which encoder serves, what it refuses, what travels."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq.encoding import STORED, Encoding, encoding_for
from llmq.errors import WeightError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.sources.tensor import SourceTensor
from llmq.weights import ComputedWeights
from llmq_kernels import FORMATS, Encoder
from llmq_peer.imatrix_files import save_importance
from tests.conftest import MakeCheckpoint


@dataclass(frozen=True)
class BlockWeights:
    """Blocks in memory, as a GGUF file holds them."""

    name: str
    dtype: str
    blocks: NDArray[np.void]
    file: Path | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.blocks), self.blocks.shape[1] * FORMATS[self.dtype].block

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        return self.blocks[start:stop].reshape(-1).view(np.uint8)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        return FORMATS[self.dtype].decode(self.blocks[start:stop])


def stored_tensor(name: str, rows: NDArray[np.float32]) -> tuple[SourceTensor, NDArray[np.void]]:
    blocks = FORMATS[name].encode(rows, encoder=Encoder.GGML)
    return SourceTensor("t", BlockWeights("t", name, blocks)), blocks


ROWS = np.random.default_rng(0).standard_normal((6, 512)).astype(np.float32)


@pytest.mark.parametrize(
    ("dtype", "wanted", "asked", "served"),
    [
        ("Q8_0", "Q8_0", Encoder.SEARCH, STORED),
        ("Q8_0", "Q4_K", Encoder.SEARCH, Encoder.SEARCH),
        ("Q8_0", "Q4_K", Encoder.GGML, Encoder.GGML),
        ("F16", "Q8_0", Encoder.SEARCH, Encoder.GGML),  # nothing to search for
        ("BF16", "BF16", Encoder.GGML, STORED),
    ],
)
def test_which_encoder_serves(dtype: str, wanted: str, asked: Encoder, served: str) -> None:
    tensor, _ = stored_tensor(dtype, ROWS)
    assert encoding_for(tensor, FORMATS[wanted], asked, None).encoder == served


@pytest.mark.parametrize("encoder", Encoder)
def test_the_file_names_its_encoder(encoder: Encoder, make_checkpoint: MakeCheckpoint) -> None:
    """Also where the format of some matrices has ggml's encoder alone."""
    plan = make_plan(open_source(make_checkpoint()), recipe="Q4_0", encoder=encoder)
    assert plan.metadata["llmq.encoder"] == plan.encoder == encoder


def test_stored_blocks_keep_the_name_of_their_encoder(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    first = execute(make_plan(open_source(make_checkpoint()), recipe="Q4_0"), tmp_path / "a.gguf")
    source = open_source(first, allow_requantize=True)
    again = make_plan(source, recipe="Q4_0", encoder=Encoder.GGML)
    assert (again.encoder, again.metadata["llmq.encoder"]) == (STORED, "search")
    other = make_plan(source, recipe="Q8_0")
    assert other.metadata["llmq.encoder"] == "ggml"
    assert "llmq.encoder" not in make_plan(source, recipe="F16").metadata


@pytest.mark.parametrize("name", FORMATS)
def test_stored_blocks_are_copied(name: str) -> None:
    tensor, blocks = stored_tensor(name, ROWS)
    copied = Encoding(FORMATS[name], STORED).blocks(tensor, 2, 5)
    assert copied.tobytes() == blocks[2:5].tobytes()


def test_stored_blocks_are_checked() -> None:
    tensor, blocks = stored_tensor("Q4_K", ROWS)
    blocks["dmin"][3, 1] = np.inf
    with pytest.raises(WeightError, match=r"t: the weight at \[3, \d+\] is (-inf|nan)"):
        Encoding(FORMATS["Q4_K"], STORED).blocks(tensor, 2, 6)
    plain, values = stored_tensor("F32", ROWS)
    values["value"][4, 17] = np.nan
    with pytest.raises(WeightError, match=r"t: the weight at \[4, 17\] is nan"):
        Encoding(FORMATS["F32"], STORED).blocks(plain, 2, 6)


def test_each_matrix_has_its_own_importance(tmp_path: Path) -> None:
    """A tensor of three dimensions holds a matrix for each expert."""
    experts = np.stack([ROWS, ROWS[::-1], 2 * ROWS])  # (3, 6, 512)
    rows = np.random.default_rng(1).gamma(0.3, 2.0, (3, 512)).astype(np.float32)
    importance = save_importance(tmp_path / "i.gguf", {"t": rows})
    tensor = SourceTensor("t", ComputedWeights("t", experts))
    encoding = Encoding(FORMATS["Q4_0"], Encoder.GGML, importance.rows["t"])
    for number, (matrix, weights) in enumerate(zip(experts, rows, strict=True)):
        found = encoding.blocks(tensor, 6 * number + 1, 6 * number + 4)
        expected = FORMATS["Q4_0"].encode(matrix[1:4], weights, encoder=Encoder.GGML)
        assert np.array_equal(found, expected)


def test_what_travels_with_a_chunk_is_small(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    source = open_source(make_checkpoint())
    names = [tensor.name for tensor in source.tensors if len(tensor.shape) == 2]
    rows = {name: np.ones((1, 64), np.float32) for name in names if "ffn_down" not in name}
    plan = make_plan(source, importance=save_importance(tmp_path / "i.gguf", rows))
    sizes = {tensor.name: len(pickle.dumps(tensor)) for tensor in plan.tensors}
    assert max(sizes.values()) < 4096, sizes
