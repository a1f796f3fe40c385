"""What cannot be read: one line that names the tensor, the scheme and the remedy."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from llmq.errors import CheckpointError, WeightError
from llmq.files.safetensors import read_header
from llmq.sources.checkpoint import Checkpoint
from llmq.sources.low_bit import decoded
from tests.oracles import low_bit_packers as packers

MODULE = "model.layers.0.mlp.up_proj"
Parts = dict[str, Tensor]
Config = Mapping[str, Any]


def weight() -> Tensor:
    """A random matrix."""
    return torch.randn(64, 128, generator=torch.Generator().manual_seed(0)) * 0.02


def opened(folder: Path, parts: Parts, config: Config) -> Checkpoint:
    """A checkpoint of one matrix in parts."""
    held = {MODULE + ending: part.clone().contiguous() for ending, part in parts.items()}
    save_file(held, folder / "m.safetensors")
    return Checkpoint(folder, dict(config), dict(read_header(folder / "m.safetensors")))


def without(ending: str, pack: packers.Packer) -> Parts:
    """The parts of a matrix but for one."""
    return {name: part for name, part in pack(weight())[0].items() if name != ending}


def changed(pack: packers.Packer, **parts: Callable[[Tensor], Tensor]) -> Parts:
    """The parts of a matrix, some of them changed."""
    return {
        name: parts[name[1:].replace(".", "_")](part)
        if name[1:].replace(".", "_") in parts
        else part
        for name, part in pack(weight())[0].items()
    }


def method(name: str) -> Config:
    """A config.json that names the method."""
    return {"quantization_config": {"quant_method": name}}


BYTES = torch.zeros(64, 64, dtype=torch.uint8)
W4 = packers.packed_integers()
REFUSED: Mapping[str, tuple[Parts, Config, tuple[str, ...]]] = {
    "HQQ": ({".W_q": BYTES, ".meta": BYTES}, {}, ("up_proj.W_q", "HQQ", "convert the original")),
    "EETQ": (
        {".weight": BYTES.view(torch.int8), ".weight_scales": torch.ones(64)},
        method("eetq"),
        ("EETQ",),
    ),
    "quanto": ({".weight._data": BYTES, ".weight._scale": torch.ones(1)}, {}, ("quanto",)),
    "AQLM": ({".codes": BYTES, ".codebooks": BYTES.float()}, method("aqlm"), ("AQLM",)),
    "torchao": (
        {".weight_qdata": BYTES.view(torch.int8), ".weight_scale": torch.ones(64)},
        method("torchao"),
        ("up_proj.weight_qdata", "I8", "torchao"),
    ),
    "BitNet": (
        {".weight": BYTES, ".weight_scale": torch.ones(1, dtype=torch.bfloat16)},
        method("bitnet"),
        ("up_proj.weight", "U8", "bitnet"),
    ),
    "sparse": ({".weight_packed": BYTES.int(), ".bitmask": BYTES}, {}, ("sparsity",)),
    "turned activations": (
        W4(weight())[0],
        {"quantization_config": {"transform_config": {"config_groups": {"R4": {}}}}},
        ("transform_config", "convert the original"),
    ),
    "MLX without its group": (
        packers.mlx()(weight())[0],
        {},
        ("(MLX)", '"group_size": 64', "config.json"),
    ),
    "MLX with another group": (
        packers.mlx()(weight())[0],
        {"quantization": {"group_size": 48, "bits": 4}},
        ("(MLX)", "groups of 48", "mend config.json's quantization"),
    ),
    "there twice": (
        {**W4(weight())[0], ".weight": weight()},
        {},
        ("up_proj.weight", "plain weights and as codes", "remove one"),
    ),
    "packed, another shape": (
        changed(W4, weight_shape=lambda shape: shape * 2),
        {},
        ("says that its shape is [128, 256]", "fetch"),
    ),
    "packed, no whole bits": (
        changed(W4, weight_packed=lambda words: torch.cat([words, words[:, :3]], 1)),
        {},
        ("19 words", "whole number of bits"),
    ),
    "AWQ for another kernel": (
        packers.awq(weight())[0],
        {"quantization_config": {"quant_method": "awq", "version": "gemv"}},
        ("'gemv' (version in config.json)", "only gemm and"),
    ),
    "GPTQ for another kernel": (
        packers.gptq()(weight())[0],
        {"quantization_config": {"quant_method": "gptq", "checkpoint_format": "marlin"}},
        ("'marlin' (checkpoint_format in config.json)", "gptq and gptq_v2"),
    ),
    "a part without numbers": (
        changed(W4, weight_scale=lambda scales: scales[:, :0]),
        {},
        ("has a part '.weight_scale' without numbers",),
    ),
    "codes of a vector": (
        changed(packers.int8, weight=lambda codes: codes.reshape(-1)),
        {},
        ("has codes of the shape [8192]", "two sizes"),
    ),
    "packed, zeros of another type": (
        changed(
            packers.packed_integers(sym=False),
            weight_zero_point=lambda zeros: zeros.to(torch.uint8),
        ),
        {},
        ("has zero points of the shape",),
    ),
    "GPTQ, one zero": (
        changed(packers.gptq(), qzeros=lambda words: words.reshape(-1)[0]),
        method("gptq"),
        ("has a part of the shape []",),
    ),
    "MLX, one scale": (
        changed(packers.mlx(), scales=lambda scales: scales.reshape(-1)[0]),
        {"quantization": {"group_size": 64, "bits": 4}},
        ("scales []",),
    ),
    "GPTQ, other zeros": (
        changed(packers.gptq(), qzeros=lambda words: words[:, :-1]),
        method("gptq"),
        ("has 3 bits",),
    ),
    "GPTQ, fewer scales": (
        changed(packers.gptq(), scales=lambda scales: scales[:-1]),
        method("gptq"),
        ("do not fit each other", ".qzeros [2, 8]"),
    ),
    "int8, fewer scales": (
        changed(packers.int8, weight_scale=lambda scales: scales[:-1]),
        {},
        ("(int8 on scales)", "scales [63, 1]"),
    ),
    "packed, fewer scales": (
        changed(W4, weight_scale=lambda scales: scales[:-1]),
        {},
        ("scales [63, 4]",),
    ),
    "packed, fewer zeros": (
        changed(packers.packed_integers(sym=False), weight_zero_point=lambda words: words[:-1]),
        {},
        ("zero points of the shape [7, 4]",),
    ),
    "GPTQ, another group": (
        changed(packers.gptq(sym=True), g_idx=lambda order: order + 1),
        {"quantization_config": {"quant_method": "gptq", "sym": True}},
        ("up_proj.g_idx", "0 to 1, of 128 columns"),
    ),
    "NVFP4, two global scales": (
        changed(
            packers.nvfp4(modelopt=False), weight_global_scale=lambda one: torch.cat([one, one])
        ),
        {},
        ("2 global scales",),
    ),
    "bitsandbytes, fewer numbers": (
        changed(packers.bnb_four_bits, weight_quant_map=lambda numbers: numbers[:8]),
        {},
        ("tables of other sizes",),
    ),
    "FP8, other blocks": (
        changed(packers.fp8(".weight_scale_inv", (32, 32)), weight_scale_inv=lambda s: s[:, :-1]),
        method("fp8"),
        ("[64, 128]", "[2, 3]", "weight_block_size"),
    ),
    "MXFP4, other scales": (
        changed(packers.mxfp4, weight_scale=lambda scales: scales[:, :-1]),
        {},
        ("codes [64, 64] and scales [64, 3]",),
    ),
    "bitsandbytes without its state": (
        without(".weight.quant_state.bitsandbytes__fp4", packers.bnb_four_bits),
        method("bitsandbytes"),
        ("(bitsandbytes 4-bit)", "quant_state", "fetch"),
    ),
    "bitsandbytes, another state": (
        changed(
            packers.bnb_four_bits,
            weight_quant_state_bitsandbytes__fp4=lambda _: torch.tensor(
                list(b"[1]"), dtype=torch.uint8
            ),
        ),
        method("bitsandbytes"),
        ("quant_state that cannot be read",),
    ),
}


def test_a_vector_that_was_cast_to_fp8(tmp_path: Path) -> None:
    """As norms are where somebody cast a whole model."""
    values = torch.tensor([0.5, -1.0, 448.0])
    plain = opened(tmp_path, {".weight": values.to(torch.float8_e4m3fn)}, {})
    found = decoded(plain).checkpoint.tensors[f"{MODULE}.weight"]
    assert found.shape == (3,)
    assert found.read(0, 1).reshape(-1).tolist() == values.tolist()


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    parts, config, words = REFUSED[case]
    with pytest.raises(CheckpointError) as raised:
        decoded(opened(tmp_path, parts, config))
    message = str(raised.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
    assert str(tmp_path) in message


def test_zeros_that_belie_the_config(tmp_path: Path) -> None:
    """config.json says that codes are symmetric, and a zero point says otherwise."""
    config = {"quantization_config": {"quant_method": "gptq", "sym": True}}
    checkpoint = opened(tmp_path, packers.gptq()(weight())[0], config)
    found = decoded(checkpoint).checkpoint.tensors[MODULE + ".weight"]
    with pytest.raises(WeightError, match="set `sym` to false"):
        found.raw(0, 8)


@pytest.mark.parametrize("key", ["quantization_config", "compression_config"])
def test_settings_that_are_left_over(key: str, tmp_path: Path) -> None:
    checkpoint = opened(tmp_path, {".weight": weight()}, {key: {"quant_method": "fp8\n\x1b"}})
    plain, notes, schemes = decoded(checkpoint)
    assert (plain.tensors, schemes) == (checkpoint.tensors, ())
    assert notes == (
        "config.json speaks of quantization (fp8 ?), but the weights are plain: it is passed over",
    )


def test_biases_of_zeros_are_left_out(tmp_path: Path) -> None:
    """AutoGPTQ gave a bias to every matrix; one that adds something stays."""
    parts = packers.gptq()(weight())[0]
    plain, notes, _ = decoded(opened(tmp_path, parts | {".bias": torch.zeros(64)}, {}))
    assert list(plain.tensors) == [MODULE + ".weight"]
    assert f"left out, 1 tensor ({MODULE}.bias): biases that are all zeros" in notes
    (tmp_path / "other").mkdir()
    plain, notes, _ = decoded(opened(tmp_path / "other", parts | {".bias": torch.ones(64)}, {}))
    assert list(plain.tensors) == [MODULE + ".bias", MODULE + ".weight"]


def test_an_order_that_was_never_filled_in(tmp_path: Path) -> None:
    parts, values = packers.packed_integers(exact=True)(weight())
    parts[".weight_g_idx"] = torch.full((128,), -1, dtype=torch.int32)
    found = decoded(opened(tmp_path, parts, {})).checkpoint.tensors[MODULE + ".weight"]
    assert found.dtype == "Q4_0"
    assert torch.equal(torch.from_numpy(found.read(0, 64)), values)


def test_what_rounds_activations_is_told(tmp_path: Path) -> None:
    parts = packers.fp8_plain(weight())[0] | {".input_scale": torch.ones(1)}
    plain, notes, _ = decoded(opened(tmp_path, parts, {}))
    assert list(plain.tensors) == [MODULE + ".weight"]
    assert "one matrix is FP8: decoded" in notes[0]
    assert f"left out, 1 tensor ({MODULE}.input_scale)" in notes[1]
