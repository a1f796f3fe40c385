"""Matrices packed as the schemes' libraries document, with the values that these compute with.

Written in torch, element by element where that is plainest, and without a look at llmq's readers. A
packer takes a matrix (n_out, n_in) and gives its parts by their endings, and the values. Libraries
that are installed pack and decode by themselves in tests/sources/low_bit/test_libraries.py.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Packed = tuple[dict[str, Tensor], Tensor]
Packer = Callable[[Tensor], Packed]


def words_of(codes: Tensor, bits: int) -> Tensor:
    """Rows of codes as 32-bit words, the first code in the lowest bits."""
    per_word = 32 // bits
    groups = codes.to(torch.int64).reshape(codes.shape[0], -1, per_word)
    words = (groups << (torch.arange(per_word) * bits)).sum(-1)
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


def affine(weight: Tensor, bits: int, group: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Codes (n_out, n_in), scales and zeros (n_out, groups), rounded to the nearest."""
    by_group = weight.float().reshape(weight.shape[0], -1, group)
    low, high = by_group.amin(-1).clamp(max=0), by_group.amax(-1).clamp(min=0)
    scales = ((high - low) / (2**bits - 1)).clamp(min=1e-4).to(dtype)
    zeros = (-low / scales.float()).round().clamp(0, 2**bits - 1).to(torch.int64)
    codes = (by_group / scales.float()[..., None]).round() + zeros[..., None]
    return codes.clamp(0, 2**bits - 1).to(torch.int64).reshape(weight.shape), scales, zeros


def symmetric(weight: Tensor, bits: int, group: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """As `affine`, with zeros in the middle."""
    by_group = weight.float().reshape(weight.shape[0], -1, group)
    middle = 2 ** (bits - 1)
    scales = (by_group.abs().amax(-1) / (middle - 0.5)).clamp(min=1e-4).to(dtype)
    codes = (by_group / scales.float()[..., None]).round().clamp(-middle, middle - 1) + middle
    zeros = torch.full(scales.shape, middle)
    return codes.to(torch.int64).reshape(weight.shape), scales, zeros


def values(codes: Tensor, scales: Tensor, zeros: Tensor, order: Tensor | None = None) -> Tensor:
    """scale * (code - zero) in the type of the scales."""
    if order is None:
        order = torch.arange(codes.shape[1]) // (codes.shape[1] // scales.shape[1])
    return scales[:, order] * (codes - zeros[:, order]).to(scales.dtype)


def gptq(
    *,
    bits: int = 4,
    group: int = 64,
    sym: bool = False,
    zero_less: int = 1,
    act_order: bool = False,
    with_order: bool = True,
) -> Packer:
    """A GPTQ packer: `act_order` gives the inputs their groups out of order."""

    def pack(weight: Tensor) -> Packed:
        n_in = weight.shape[1]
        order = torch.arange(n_in) // group
        if act_order:
            order = order[torch.randperm(n_in, generator=torch.Generator().manual_seed(1))]
        make = symmetric if sym else affine
        by_group = torch.argsort(order, stable=True)
        codes, scales, zeros = make(weight[:, by_group], bits, group, torch.float16)
        zeros = zeros.clamp(min=zero_less)
        codes = codes[:, torch.argsort(by_group)]
        parts = {
            ".qweight": words_of(codes, bits).T.contiguous(),
            ".qzeros": words_of((zeros - zero_less).T, bits),
            ".scales": scales.T.contiguous(),
        }
        if with_order:
            parts[".g_idx"] = order.to(torch.int32)
        # Codes on a grid keep their own values; what is decoded is rounded as the library does.
        kept = scales.float() if sym and not act_order else scales
        return parts, values(codes, kept, zeros, order)

    return pack


def awq(weight: Tensor, group: int = 64) -> Packed:
    """AWQ's GEMM layout."""
    codes, scales, zeros = affine(weight, 4, group, torch.float16)
    places = [0, 2, 4, 6, 1, 3, 5, 7]

    def packed(table: Tensor) -> Tensor:
        rows = table.T.reshape(table.shape[1], -1, 8)[:, :, places]
        return words_of(rows.reshape(table.shape[1], -1), 4)

    parts = {".qweight": packed(codes), ".qzeros": packed(zeros), ".scales": scales.T.contiguous()}
    return parts, values(codes, scales, zeros)


def fp8(ending: str, block: tuple[int, int] | None, shape: tuple[int, ...] | None = None) -> Packer:
    """An FP8 packer with a scale for each block, or one (of this shape) for all."""

    def pack(weight: Tensor) -> Packed:
        n_out, n_in = weight.shape
        high, wide = block or (n_out, n_in)
        down, across = -(-n_out // high), -(-n_in // wide)
        scales = torch.empty(down, across)
        codes, found = torch.empty(n_out, n_in), torch.empty(n_out, n_in)
        for i in range(down):
            for j in range(across):
                here = slice(i * high, (i + 1) * high), slice(j * wide, (j + 1) * wide)
                scales[i, j] = weight[here].float().abs().max().clamp(min=1e-6) / 448
                codes[here] = (weight[here].float() / scales[i, j]).to(torch.float8_e4m3fn).float()
                found[here] = codes[here] * scales[i, j]
        stored = scales if shape is None else scales.reshape(shape)
        return {".weight": codes.to(torch.float8_e4m3fn), ending: stored}, found

    return pack


def fp8_plain(weight: Tensor) -> Packed:
    """Weights that were cast to FP8 and nothing else."""
    codes = weight.to(torch.float8_e4m3fn)
    return {".weight": codes}, codes.float()


def int8(weight: Tensor) -> Packed:
    """Signed bytes with a scale for each row."""
    scales = (weight.float().abs().amax(1, keepdim=True) / 127).to(torch.bfloat16)
    codes = (weight.float() / scales.float()).round().clamp(-128, 127).to(torch.int8)
    return {".weight": codes, ".weight_scale": scales}, codes.to(torch.bfloat16) * scales


def packed_integers(
    *,
    bits: int = 4,
    group: int | None = 32,
    sym: bool = True,
    dtype: torch.dtype = torch.bfloat16,
    exact: bool = False,
) -> Packer:
    """compressed-tensors' pack-quantized; `exact`: what the codes stand for, before rounding."""

    def pack(weight: Tensor) -> Packed:
        make = symmetric if sym else affine
        codes, scales, zeros = make(weight, bits, group or weight.shape[1], dtype)
        parts = {
            ".weight_packed": words_of(codes, bits),
            ".weight_scale": scales,
            ".weight_shape": torch.tensor(weight.shape),
        }
        if not sym:
            parts[".weight_zero_point"] = words_of(zeros.T, bits).T.contiguous()
        return parts, values(codes, scales.float() if exact else scales, zeros)

    return pack


def fake_quantized(*, bits: int, dtype: torch.dtype = torch.bfloat16) -> Packer:
    """Plain weights as training that is aware of Q4_0 leaves them; scales have so many bits."""

    def pack(weight: Tensor) -> Packed:
        codes, scales, zeros = symmetric(weight, 4, 32, torch.float32)
        exponent = scales.log2().floor() + 1 - bits
        scales = (scales / torch.exp2(exponent)).round() * torch.exp2(exponent)
        plain = values(codes, scales, zeros).to(dtype)
        return {".weight": plain}, plain

    return pack


E2M1 = torch.tensor([0.0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


def nearest_e2m1(scaled: Tensor) -> Tensor:
    """The code of the nearest number of four bits."""
    return (scaled[..., None] - E2M1).abs().argmin(-1)


def bytes_of(codes: Tensor) -> Tensor:
    """Two codes to a byte, the first one low."""
    return (codes[..., 0::2] | codes[..., 1::2] << 4).to(torch.uint8)


def mxfp4(weight: Tensor) -> Packed:
    """compressed-tensors' MXFP4."""
    by_group = weight.float().reshape(weight.shape[0], -1, 32)
    exponents = by_group.abs().amax(-1).clamp(min=2**-100).log2().floor() - 2
    codes = nearest_e2m1(by_group / torch.exp2(exponents)[..., None])
    found = (E2M1[codes] * torch.exp2(exponents)[..., None]).reshape(weight.shape)
    parts = {
        ".weight_packed": bytes_of(codes.reshape(weight.shape)),
        ".weight_scale": (exponents + 127).to(torch.uint8),
    }
    return parts, found


def nvfp4(*, modelopt: bool) -> Packer:
    """NVFP4 as compressed-tensors has it, whose global scale divides, or as ModelOpt has it."""

    def pack(weight: Tensor) -> Packed:
        by_group = weight.float().reshape(weight.shape[0], -1, 16)
        common = weight.float().abs().max() / (448 * 6)
        scales = (by_group.abs().amax(-1) / 6 / common).to(torch.float8_e4m3fn)
        real = scales.float() * common
        codes = nearest_e2m1(by_group / real.clamp(min=1e-12)[..., None])
        found = (E2M1[codes] * real[..., None]).reshape(weight.shape)
        packed = bytes_of(codes.reshape(weight.shape))
        if modelopt:
            common = common.reshape(())
            return {".weight": packed, ".weight_scale": scales, ".weight_scale_2": common}, found
        return {
            ".weight_packed": packed,
            ".weight_scale": scales,
            ".weight_global_scale": (1 / common).reshape(1),
        }, (E2M1[codes] * (scales.float() / (1 / common))[..., None]).reshape(weight.shape)

    return pack


def mlx(*, bits: int = 4, group: int = 64, dtype: torch.dtype = torch.float16) -> Packer:
    """MLX's affine quantization; a row of codes is one stream of bits."""

    def pack(weight: Tensor) -> Packed:
        by_group = weight.float().reshape(weight.shape[0], -1, group)
        low, high = by_group.amin(-1), by_group.amax(-1)
        scales = ((high - low) / (2**bits - 1)).clamp(min=1e-4).to(dtype)
        biases = low.to(dtype)
        codes = ((by_group - biases.float()[..., None]) / scales.float()[..., None]).round()
        codes = codes.clamp(0, 2**bits - 1).to(torch.int64).reshape(weight.shape)
        stream = (codes[..., None] >> torch.arange(bits)) & 1  # (n_out, n_in, bits)
        words = stream.reshape(weight.shape[0], -1, 32) << torch.arange(32)
        by_group = codes.reshape(*scales.shape, group).to(dtype)
        found = scales[..., None] * by_group + biases[..., None]
        packed = words.sum(-1).to(torch.uint32)
        parts = {".weight": packed, ".scales": scales, ".biases": biases}
        return parts, found.reshape(weight.shape)

    return pack


def bnb_int8(weight: Tensor) -> Packed:
    """bitsandbytes' int8."""
    rows = weight.float().abs().amax(1)
    codes = (weight.float() * (127 / rows[:, None])).round().to(torch.int8)
    found = codes.float() * rows[:, None] * 7.874015718698502e-3
    return {".weight": codes, ".SCB": rows}, found


def bnb_four_bits(weight: Tensor, *, dtype: str = "bfloat16") -> Packed:
    """bitsandbytes' FP4 without double quantization; NF4 is the same with other numbers."""
    import json

    numbers = torch.tensor([0, 0.0052, 0.6667, 1, 0.3333, 0.5, 0.1667, 0.25])
    numbers = torch.cat([numbers, -numbers])
    line = weight.float().reshape(-1, 64)
    absmax = line.abs().amax(1)
    codes = (line[..., None] / absmax[:, None, None] - numbers).abs().argmin(-1).reshape(-1)
    packed = (codes[0::2] << 4 | codes[1::2]).to(torch.uint8)[:, None]
    found = (numbers[codes].reshape(-1, 64) * absmax[:, None]).reshape(weight.shape)
    state: dict[str, Any] = {
        "quant_type": "fp4", "blocksize": 64, "dtype": dtype, "shape": list(weight.shape)
    }  # fmt: skip
    parts = {
        ".weight": packed,
        ".weight.absmax": absmax,
        ".weight.quant_map": numbers,
        ".weight.quant_state.bitsandbytes__fp4": torch.tensor(
            list(json.dumps(state).encode()), dtype=torch.uint8
        ),
    }
    return parts, found.to(getattr(torch, dtype))
