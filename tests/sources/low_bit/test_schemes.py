"""Every scheme of the table, read back to the values that its library computes with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from llmq.files.safetensors import read_header
from llmq.sources.checkpoint import open_checkpoint
from llmq.sources.low_bit import decoded
from llmq.sources.low_bit.decoding import scheme_of, settings_of
from llmq.sources.low_bit.table import SCHEMES
from tests.oracles import low_bit_packers as packers
from tests.oracles.low_bit_folders import packed_tutor
from tests.oracles.low_bit_packers import Packer

Config = Mapping[str, Any]
GPTQ = {"quantization_config": {"quant_method": "gptq", "bits": 4, "checkpoint_format": None}}
GPTQ_V2 = {"quantization_config": {"quant_method": "gptq", "checkpoint_format": "gptq_v2"}}
SYMMETRIC = {"quantization_config": {"quant_method": "gptq", "bits": 4, "sym": True}}
DEEPSEEK = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
ODD_BLOCKS = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [48, 80]}}
MLX = {"quantization": {"group_size": 64, "bits": 4}}
NONE: Config = {}

CASES: Mapping[str, tuple[Packer, Config]] = {
    "w4a16, groups of 32": (packers.packed_integers(), NONE),
    "w4a16, groups of 128": (packers.packed_integers(group=128), NONE),
    "w4a16, a scale for each row": (packers.packed_integers(group=None), NONE),
    "w4a16, scales of F32": (packers.packed_integers(dtype=torch.float32), NONE),
    "w4a16, asymmetric": (packers.packed_integers(sym=False), NONE),
    "w8a16, groups of 64": (packers.packed_integers(bits=8, group=64), NONE),
    "w8a16, asymmetric": (packers.packed_integers(bits=8, group=64, sym=False), NONE),
    "w2a16": (packers.packed_integers(bits=2, group=64), NONE),
    "int8": (packers.int8, NONE),
    "FP8, blocks": (packers.fp8(".weight_scale_inv", (128, 128)), DEEPSEEK),
    "FP8, blocks cut off": (packers.fp8(".weight_scale_inv", (48, 80)), ODD_BLOCKS),
    "FP8, one scale": (packers.fp8(".weight_scale_inv", None, ()), NONE),
    "FP8, one scale in a list": (packers.fp8(".weight_scale", None, (1,)), NONE),
    "FP8, a scale for each row": (packers.fp8(".weight_scale", (1, 10**6)), NONE),
    "FP8, a list of scales": (packers.fp8(".weight_scale", (1, 10**6), (-1,)), NONE),
    "FP8, Mistral's": (packers.fp8(".qscale_weight", None, ()), NONE),
    "FP8, cast": (packers.fp8_plain, NONE),
    "GPTQ": (packers.gptq(), GPTQ),
    "GPTQ, v2": (packers.gptq(zero_less=0), GPTQ_V2),
    "GPTQ, 8 bits": (packers.gptq(bits=8), GPTQ),
    "GPTQ, 2 bits": (packers.gptq(bits=2), GPTQ),
    "GPTQ, act-order": (packers.gptq(act_order=True), GPTQ),
    "GPTQ, symmetric": (packers.gptq(sym=True, group=128), SYMMETRIC),
    "GPTQ, symmetric, act-order": (packers.gptq(sym=True, act_order=True), SYMMETRIC),
    "GPTQ, no g_idx and no config": (packers.gptq(with_order=False), NONE),
    "AWQ": (packers.awq, {"quantization_config": {"quant_method": "awq", "bits": 4}}),
    "MXFP4": (packers.mxfp4, NONE),
    "NVFP4": (packers.nvfp4(modelopt=False), NONE),
    "NVFP4, ModelOpt": (packers.nvfp4(modelopt=True), NONE),
    "MLX": (packers.mlx(), MLX),
    "MLX, bfloat16": (packers.mlx(dtype=torch.bfloat16), MLX),
    "MLX, 8 bits": (packers.mlx(bits=8), MLX),
    "MLX, 6 bits": (packers.mlx(bits=6), MLX),
    "MLX, 3 bits": (packers.mlx(bits=3), MLX),
    "bitsandbytes, int8": (packers.bnb_int8, NONE),
    "bitsandbytes, FP4": (packers.bnb_four_bits, NONE),
}
CARRIED = {
    "w4a16, groups of 32": "Q4_0",
    "w4a16, groups of 128": "Q4_0",
    "w4a16, a scale for each row": "Q4_0",
    "GPTQ, symmetric": "Q4_0",
    "MXFP4": "MXFP4",
}
ELSEWHERE = ["", ".weight", ".weight", ".weight"]
"""The experts of gpt-oss, MLX's MXFP4, Gemma's integers: in test_libraries.py."""
SPANS = ((0, 1), (3, 20), (21, 60), (60, 128))


@pytest.mark.parametrize("case", CASES)
def test_rows_are_the_librarys(case: str, tmp_path: Path) -> None:
    """Whatever rows are asked for, and rounded to BF16: not one differs."""
    pack, config = CASES[case]
    expected = packed_tutor(tmp_path / "m", pack, config)
    found = decoded(open_checkpoint(tmp_path / "m"))[0].tensors
    for name, values in list(expected.items())[:9]:
        weights = found[name]
        wanted = as_bf16(values.float().numpy())
        assert weights.shape == tuple(values.shape)
        for start, stop in (*SPANS, (0, values.shape[0])):
            rows = as_bf16(np.ascontiguousarray(weights.read(start, stop)))
            np.testing.assert_array_equal(rows, wanted[start:stop])
        kept = CARRIED.get(case)
        assert weights.dtype == kept if kept else weights.dtype in ("F32", "F16", "BF16")


def as_bf16(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to BF16; zeros of either sign are one."""
    return torch.from_numpy(rows).bfloat16().float().numpy() + np.float32(0)


def test_every_scheme_has_a_case(tmp_path: Path) -> None:
    """A row of the table that nothing here or in test_microscaling.py reads cannot be."""
    read: set[int] = set()
    for pack, config in CASES.values():
        parts = pack(torch.ones(128, 128))[0]
        save_file({f"m{end}": part for end, part in parts.items()}, tmp_path / "one.safetensors")
        tensors = read_header(tmp_path / "one.safetensors")
        found = (
            scheme_of(name, tensor, tensors, settings_of(config))
            for name, tensor in tensors.items()
        )
        read.update(id(scheme) for scheme in found if scheme is not None)
    unread = [scheme.target for scheme in SCHEMES if id(scheme) not in read]
    assert unread == ELSEWHERE
