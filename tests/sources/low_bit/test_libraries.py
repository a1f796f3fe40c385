"""Matrices packed and decoded by the libraries themselves, wherever one is installed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from llmq.files.safetensors import read_header
from llmq.sources.checkpoint import Checkpoint
from llmq.sources.low_bit import decoded
from llmq.weights import Weights

Parts = Mapping[str, Tensor]
NAME = "model.layers.0.mlp.up_proj"
SHAPE = (160, 256)
COMPRESSORS, QUANTIZATION = "compressed_tensors.compressors", "compressed_tensors.quantization"


def weight(seed: int = 0) -> Tensor:
    """A random matrix with some far weights."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SHAPE, generator=generator).pow(3).mul(0.02).bfloat16()


def read(folder: Path, parts: Parts, config: Mapping[str, Any] | None = None) -> Weights:
    """The matrix as llmq reads it."""
    save_file(
        {NAME + ending: part.contiguous() for ending, part in parts.items()},
        folder / "m.safetensors",
    )
    tensors = read_header(folder / "m.safetensors")
    checkpoint = Checkpoint(folder, dict(config or {}), dict(tensors))
    return decoded(checkpoint).checkpoint.tensors[NAME + ".weight"]


def check(found: Weights, wanted: Tensor) -> None:
    """Not one value differs after rounding to BF16, from whatever row on."""
    rounded = wanted.detach().bfloat16().float().numpy()
    for start, stop in ((0, SHAPE[0]), (7, 9), (64, 129)):
        rows = torch.from_numpy(np.ascontiguousarray(found.read(start, stop))).bfloat16().float()
        np.testing.assert_array_equal(rows.numpy(), rounded[start:stop])


COMPRESSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "w4a16, groups of 32": ({"num_bits": 4, "strategy": "group", "group_size": 32}, "Q4_0"),
    "w4a16, groups of 128": ({"num_bits": 4, "strategy": "group", "group_size": 128}, "Q4_0"),
    "w4a16, asymmetric": (
        {"num_bits": 4, "strategy": "group", "group_size": 128, "symmetric": False},
        "BF16",
    ),
    "w4a16, channels": ({"num_bits": 4, "strategy": "channel"}, "Q4_0"),
    "w8a16": ({"num_bits": 8, "strategy": "channel"}, "BF16"),
    "w3a16": ({"num_bits": 3, "strategy": "group", "group_size": 64}, "BF16"),
    "w5a16, asymmetric": (
        {"num_bits": 5, "strategy": "group", "group_size": 64, "symmetric": False},
        "BF16",
    ),
}


@pytest.mark.parametrize("case", COMPRESSED)
def test_packed_by_compressed_tensors(case: str, tmp_path: Path) -> None:
    packing = pytest.importorskip(COMPRESSORS).PackedQuantizationCompressor
    quantization = pytest.importorskip(QUANTIZATION)
    settings, dtype = COMPRESSED[case]
    arguments = quantization.QuantizationArgs(**settings)
    scheme = quantization.QuantizationScheme(targets=["Linear"], weights=arguments)
    by_group = weight().reshape(SHAPE[0], -1, arguments.group_size or SHAPE[1])
    scale, zero = quantization.utils.calculate_qparams(
        by_group.amin(-1), by_group.amax(-1), arguments
    )
    state = {"weight": weight(), "weight_scale": scale, "weight_zero_point": zero}
    packed = packing.compress(state, scheme)
    found = read(tmp_path, {"." + name: part for name, part in packed.items()})
    assert found.dtype == dtype
    check(found, packing.decompress(packed, scheme)["weight"])


@pytest.mark.parametrize("kind", ["nvfp4", "mxfp4"])
def test_fp4_of_compressed_tensors(kind: str, tmp_path: Path) -> None:
    compressors = pytest.importorskip(COMPRESSORS)
    quantization = pytest.importorskip(QUANTIZATION)
    utils, made_of = quantization.utils, quantization.QuantizationArgs
    settings = {"num_bits": 4, "type": "float", "symmetric": True}
    if kind == "nvfp4":
        arguments = made_of(strategy="tensor_group", group_size=16, **settings)
        packing: Any = compressors.NVFP4PackedCompressor
        common = utils.generate_gparam(weight().min(), weight().max())
    else:
        arguments = made_of(strategy="group", group_size=32, scale_dtype=torch.uint8, **settings)
        packing, common = compressors.MXFP4PackedCompressor, None
    scheme = quantization.QuantizationScheme(targets=["Linear"], weights=arguments)
    by_group = weight().reshape(SHAPE[0], -1, arguments.group_size or 1)
    scale, _ = utils.calculate_qparams(
        by_group.amin(-1), by_group.amax(-1), arguments, global_scale=common
    )
    state = {"weight": weight(), "weight_scale": scale}
    if common is not None:
        state["weight_global_scale"] = common
    packed = packing.compress(state, scheme)
    found = read(tmp_path, {"." + name: part for name, part in packed.items()})
    check(found, packing.decompress(packed, scheme)["weight"])


@pytest.mark.parametrize("kind", ["nf4", "fp4"])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_four_bits_of_bitsandbytes(
    kind: str, nested: bool, dtype: torch.dtype, tmp_path: Path
) -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    codes, state = functional.quantize_4bit(
        weight().to(dtype), quant_type=kind, compress_statistics=nested, blocksize=64
    )
    parts = {".weight." + name: part for name, part in state.as_dict(packed=True).items()}
    found = read(tmp_path, {".weight": codes, **parts})
    check(found, functional.dequantize_4bit(codes, state))


def test_int8_of_bitsandbytes(tmp_path: Path) -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    codes, scales, _ = functional.int8_vectorwise_quant(weight().half())
    found = read(tmp_path, {".weight": codes, ".SCB": scales})
    check(found, functional.int8_vectorwise_dequant(codes, scales))


def test_awq_of_autoawq(tmp_path: Path) -> None:
    gemm = pytest.importorskip("awq.modules.linear.gemm")
    packing = pytest.importorskip("awq.utils.packing_utils")
    linear = torch.nn.Linear(SHAPE[1], SHAPE[0], bias=False)
    linear.weight.data = weight().half()
    by_group = linear.weight.data.float().reshape(SHAPE[0], -1, 64)
    scales = ((by_group.amax(-1) - by_group.amin(-1)) / 15).half().clamp(min=1e-4)
    zeros = (-by_group.amin(-1) / scales.float()).round().clamp(0, 15)
    packed = gemm.WQLinear_GEMM.from_linear(linear, 4, 64, scales=scales.T, zeros=zeros.T)
    parts = {"." + name: part for name, part in packed.state_dict().items()}
    wanted = packing.dequantize_gemm(packed.qweight, packed.qzeros, packed.scales, 4, 64)
    check(read(tmp_path, parts), wanted.T)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("act_order", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_gptq_of_gptqmodel(bits: int, act_order: bool, old: bool, tmp_path: Path) -> None:
    linears = pytest.importorskip("gptqmodel.nn_modules.qlinear")
    layer = pytest.importorskip("gptqmodel.nn_modules.qlinear.torch").TorchLinear(
        bits=bits,
        group_size=64,
        sym=False,
        desc_act=act_order,
        in_features=SHAPE[1],
        out_features=SHAPE[0],
        bias=False,
        register_buffers=True,
    )
    generator = torch.Generator().manual_seed(1)
    for name in ("qweight", "qzeros"):
        buffer = getattr(layer, name)
        buffer.copy_(torch.randint(-(2**31), 2**31, buffer.shape, generator=generator))
    layer.scales.copy_(torch.rand(layer.scales.shape, generator=generator) / 50)
    order = torch.arange(SHAPE[1]) // 64
    if act_order:
        order = order[torch.randperm(SHAPE[1], generator=generator)]
    layer.g_idx.copy_(order)
    layer._init_wf_unsqueeze_buffers()
    wanted = linears.PackableQuantLinear.dequantize_weight(
        layer
    ).T.clone()  # the layer's own is compiled
    if old:
        layer.qzeros -= sum(1 << place for place in range(0, 32, bits))  # as its to_v1 does
    parts = {"." + n: p.clone() for n, p in layer.named_buffers() if n in BUFFERS}
    version = "gptq" if old else "gptq_v2"
    config = {"quantization_config": {"quant_method": "gptq", "checkpoint_format": version}}
    check(read(tmp_path, parts, config), wanted)


BUFFERS = ("qweight", "qzeros", "scales", "g_idx")


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("group", [32, 64, 128])
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_affine_of_mlx(bits: int, group: int, kind: str, tmp_path: Path) -> None:
    mx = pytest.importorskip("mlx.core")
    original = mx.array(weight().float().numpy()).astype(getattr(mx, kind))
    codes, scales, biases = mx.quantize(original, group_size=group, bits=bits)
    values = mx.dequantize(codes, scales, biases, group_size=group, bits=bits)
    dtype = getattr(torch, kind)
    parts = {
        ".weight": torch.from_numpy(np.array(codes)),
        ".scales": torch.from_numpy(np.array(scales.astype(mx.float32))).to(dtype),
        ".biases": torch.from_numpy(np.array(biases.astype(mx.float32))).to(dtype),
    }
    config = {"quantization": {"group_size": group, "bits": bits}}
    wanted = torch.from_numpy(np.array(values.astype(mx.float32)))
    check(read(tmp_path, parts, config), wanted)


def test_mxfp4_of_mlx(tmp_path: Path) -> None:
    mx = pytest.importorskip("mlx.core")
    codes, scales = mx.quantize(
        mx.array(weight().float().numpy()), group_size=32, bits=4, mode="mxfp4"
    )
    values = mx.dequantize(codes, scales, group_size=32, bits=4, mode="mxfp4")
    parts = {
        ".weight": torch.from_numpy(np.array(codes)),
        ".scales": torch.from_numpy(np.array(scales)),
    }
    found = read(tmp_path, parts)
    assert found.dtype == "MXFP4"
    check(found, torch.from_numpy(np.array(values.astype(mx.float32))))


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("what", ["linear", "embedding"])
def test_gemmas_integers_of_transformers(bits: int, what: str, tmp_path: Path) -> None:
    """As a model in BF16 computes with them."""
    from transformers.integrations.gemma_quant import QuantizedEmbedding, QuantizedLinear

    generator = torch.Generator().manual_seed(bits)
    scale = torch.rand(SHAPE[0], 1, generator=generator) / 50
    stored = (SHAPE[0], SHAPE[1] * bits // 8)
    if bits == 8:
        codes = torch.randint(-128, 128, stored, generator=generator, dtype=torch.int8)
    else:
        codes = torch.randint(0, 256, stored, generator=generator, dtype=torch.uint8)
    if what == "linear":
        layer: Any = QuantizedLinear(SHAPE[1], SHAPE[0], num_bits=bits)
        layer.weight.data, layer.weight_scale.data = codes, scale
        parts = {".weight": codes, ".weight_scale": scale}
        wanted = layer._dequantize_weights(torch.bfloat16)
    else:
        table: Any = QuantizedEmbedding(*SHAPE, output_dtype=torch.bfloat16, num_bits=bits)
        table.embedding_quantized.data, table.embedding_scale.data = codes, scale
        parts = {".embedding_quantized": codes, ".embedding_scale": scale}
        wanted = table.weight
    modules = {r"mlp\.up_proj$": {"num_bits": bits}, "up_proj": {"num_bits": 2}}
    method = {"quant_method": "gemma", "num_bits": 3, "module_quant_configs": modules}
    found = read(tmp_path, parts, {"quantization_config": method})
    assert found.dtype == ("Q4_0" if bits == 4 else "BF16")
    check(found, wanted)


GRIDS: Mapping[str, tuple[tuple[int, int], Callable[[Tensor], Tensor]]] = {
    "blocks": ((32, 128), lambda scales: scales),
    "one": (SHAPE, lambda scales: scales.reshape(())),
    "rows": ((1, SHAPE[1]), lambda scales: scales),
}


@pytest.mark.parametrize("case", GRIDS)
def test_fp8_of_transformers(case: str, tmp_path: Path) -> None:
    from transformers.integrations import finegrained_fp8

    (high, wide), shaped = GRIDS[case]
    blocks = weight().float().reshape(SHAPE[0] // high, high, SHAPE[1] // wide, wide)
    scales = blocks.abs().amax((1, 3)) / 448
    codes = (blocks / scales[:, None, :, None]).to(torch.float8_e4m3fn).reshape(SHAPE)
    parts = {".weight": codes, ".weight_scale_inv": shaped(scales)}
    config = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [high, wide]}}
    library: Any = finegrained_fp8
    wanted = library.Fp8Dequantize(None)._dequantize_one(codes, scales)
    check(read(tmp_path, parts, config), wanted)


def test_mxfp4_experts_of_transformers(tmp_path: Path) -> None:
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors

    generator = torch.Generator().manual_seed(2)
    blocks = torch.randint(0, 256, (3, 64, 2, 16), generator=generator, dtype=torch.uint8)
    scales = torch.randint(110, 130, (3, 64, 2), generator=generator, dtype=torch.uint8)
    name = "model.layers.0.mlp.experts.down_proj"
    save_file({name + "_blocks": blocks, name + "_scales": scales}, tmp_path / "m.safetensors")
    tensors = read_header(tmp_path / "m.safetensors")
    found = decoded(Checkpoint(tmp_path, {}, dict(tensors))).checkpoint.tensors[name]
    assert (found.dtype, found.shape) == ("MXFP4", (3, 64, 64))
    wanted = (
        convert_moe_packed_tensors(blocks, scales).transpose(1, 2).float()
    )  # (experts, out, in)
    np.testing.assert_array_equal(found.read(0, 192), wanted.reshape(192, 64).numpy())
    np.testing.assert_array_equal(found.read(60, 130), wanted.reshape(192, 64)[60:130].numpy())
