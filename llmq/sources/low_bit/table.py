"""The table of schemes: how each is recognised, and what makes weights of its parts.

A scheme is a row: the ending of the tensor that tells of it, the types that tensor may have, and
the endings that must stand beside it. The first row that fits a tensor counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from llmq.sources.low_bit import (
    bitsandbytes,
    compressed_tensors,
    fp8,
    gemma,
    gptq,
    microscaling,
    mlx,
)
from llmq.sources.low_bit.parts import Make

BYTES = ("U8", "F8_E8M0")
FP8 = ("F8_E4M3", "F8_E5M2")


@dataclass(frozen=True)
class Scheme:
    """One way to keep a matrix: `name` is what notes and errors call it."""

    name: str
    ending: str
    types: tuple[str, ...]
    make: Make
    beside: Mapping[str, tuple[str, ...]]
    """Endings that must be there, with the types that each may have; none: any."""
    optional: tuple[str, ...] = ()
    target: str = ".weight"
    """What takes the place of the ending."""
    method: str | None = None
    """The quant_method that config.json must name, where the tensors alone do not tell."""

    @property
    def endings(self) -> tuple[str, ...]:
        """Of all parts."""
        return (self.ending, *self.beside, *self.optional)


SCHEMES = (
    Scheme(
        "compressed-tensors integers",
        compressed_tensors.PACKED,
        ("I32",),
        compressed_tensors.pack_quantized,
        {compressed_tensors.SCALE: (), compressed_tensors.SHAPE: ()},
        (compressed_tensors.ZERO, compressed_tensors.ORDER),
    ),
    Scheme(
        "MXFP4",
        microscaling.PACKED,
        ("U8",),
        microscaling.mxfp4,
        {microscaling.SCALE: BYTES},
    ),
    Scheme(
        "NVFP4",
        microscaling.PACKED,
        ("U8",),
        microscaling.nvfp4,
        {microscaling.SCALE: ("F8_E4M3",), microscaling.GLOBAL: ("F32",)},
    ),
    Scheme(
        "NVFP4",
        microscaling.MODELOPT,
        ("U8",),
        microscaling.nvfp4_of_modelopt,
        {microscaling.SCALE: ("F8_E4M3",), microscaling.MODELOPT_GLOBAL: ("F32",)},
    ),
    Scheme(
        "MXFP4",
        microscaling.FUSED_BLOCKS,
        ("U8",),
        microscaling.mxfp4_experts,
        {microscaling.FUSED_SCALES: BYTES},
        target="",
    ),
    Scheme(
        "bitsandbytes 4-bit",
        bitsandbytes.CODES,
        ("U8", "I8", "F32", "F16", "BF16"),  # codes in words of the type it was told to store in
        bitsandbytes.four_bits,
        {bitsandbytes.ABSMAX: (), bitsandbytes.MAP: ()},
        (bitsandbytes.NESTED_ABSMAX, bitsandbytes.NESTED_MAP, *bitsandbytes.STATES),
    ),
    Scheme(
        "bitsandbytes int8",
        bitsandbytes.CODES,
        ("I8",),
        bitsandbytes.int8,
        {bitsandbytes.ROW_SCALE: ()},
    ),
    Scheme(
        "Gemma's integers",
        gemma.CODES,
        ("U8", "I8"),
        gemma.linear,
        {gemma.SCALE: ()},
        method=gemma.METHOD,
    ),
    Scheme(
        "Gemma's integers",
        gemma.EMBEDDED,
        ("U8", "I8"),
        gemma.embedding,
        {gemma.EMBEDDED_SCALE: ()},
        method=gemma.METHOD,
    ),
    Scheme(
        "int8 on scales",
        compressed_tensors.INT8,
        ("I8",),
        compressed_tensors.int_quantized,
        {compressed_tensors.SCALE: ()},
        (compressed_tensors.ZERO,),
    ),
    *(Scheme("FP8", fp8.CODES, FP8, fp8.fp8, {scale: ()}) for scale in fp8.SCALES),
    Scheme("FP8", fp8.CODES, FP8, fp8.fp8, {}),
    Scheme(
        "GPTQ or AWQ",
        gptq.CODES,
        ("I32",),
        gptq.gptq_or_awq,
        {gptq.ZEROS: ("I32",), gptq.SCALES: ()},
        (gptq.ORDER,),
    ),
    Scheme(
        "MLX MXFP4",
        microscaling.MLX_CODES,
        ("U32",),
        microscaling.mxfp4_of_mlx,
        {microscaling.MLX_SCALES: BYTES},
    ),
    Scheme("MLX", mlx.CODES, ("U32",), mlx.affine, {mlx.SCALES: (), mlx.BIASES: ()}),
)

OTHERS: Mapping[str, str] = {
    ".W_q": "HQQ",
    ".weight_scales": "EETQ",
    ".weight._data": "quanto",
    ".codebooks": "AQLM",
    ".centroids.weight": "VPTQ",
    ".bitmask": "compressed-tensors with sparsity",
    ".weight_compressed": "compressed-tensors with sparsity",
    ".B": "Marlin",
    ".pre_quant_scale": "ModelOpt's AWQ",
    ".trellis": "EXL3",
    ".q_weight": "EXL2",
    ".weight:_packed_data": "torchao",
}
"""What is known by name and cannot be read, by the ending of a tensor that each of them has."""

PASSED_OVER = (
    ".input_scale", ".output_scale", ".k_scale", ".v_scale", ".q_scale", ".kv_scale",
    ".activation_scale", ".input_activation_scale", ".output_activation_scale",
    ".input_global_scale", ".k_cache_scale", ".v_cache_scale", ".qscale_act", ".weight_format",
    ".input_zero_point", ".prob_output_scale", ".activation_scale_inv",
)  # fmt: skip
"""Tensors beside quantized matrices that say how to round activations or the cache."""
