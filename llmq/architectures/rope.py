"""Rotary position embeddings: where settings stand, what llama.cpp is given, what it cannot do.

Hugging Face and llama.cpp agree on the angles but not on the pairs: Hugging Face rotates number j
of a head with number j + head_size / 2, and so do most of llama.cpp's graphs (NEOX rope). Its graph
of Llama rotates neighbours (NORM rope), for which the rows of queries and keys are interleaved.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from llmq.architectures.sizes import head_size
from llmq.architectures.table import (
    Config,
    MetadataRow,
    Refusal,
    Sizes,
    TensorRow,
    Transform,
)
from llmq.architectures.yarn import ATTENTION_SETTINGS, correction
from llmq.errors import ArchitectureError
from llmq.weights import Rows

# Rope settings that may stand in the configuration itself, and whether they win over those inside.
OUTSIDE = {
    "rope_theta": False,
    "partial_rotary_factor": False,
    "original_max_position_embeddings": True,
}

# What most of llama.cpp's graphs take as given in yarn scaling, whatever the file says (their
# `load_arch_hparams` do not read the keys).
YARN_FIXED = {"beta_fast": 32.0, "beta_slow": 1.0, "truncate": 1.0}

# Tensors of old checkpoints: of each layer, later one for all of them.
ROTARY_BUFFERS = {
    r"model\.(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq": "it follows from the configuration"
}


def rope(config: Config) -> dict[str, object]:
    """The rope settings, wherever this configuration keeps them, under their current names.

    transformers 5 writes `rope_parameters`; before, `rope_scaling` and a separate `rope_theta`.
    Where several places say something, the order is that of `RotaryEmbeddingConfigMixin` in
    transformers' modeling_rope_utils.py. Raises `ArchitectureError` for settings that are no
    object.
    """
    found = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if not isinstance(found, dict):
        raise ArchitectureError(
            f"config.json: the rope settings are {found!r} instead of an object"
        )
    settings = dict(found)
    for name, outer_wins in OUTSIDE.items():
        if config.get(name) is not None and (outer_wins or name not in settings):
            settings[name] = config[name]
    settings.setdefault("rope_type", settings.get("type", "default"))
    return settings


def rope_number(config: Config, name: str, default: float | None = None) -> float:
    """One number of the rope settings; `ArchitectureError` where it is missing or no number."""
    value = rope(config).get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e30:
        raise ArchitectureError(
            f"config.json: the rope setting {name} is {value!r} instead of a positive number"
        )
    return float(value)


# --- metadata ---


def rope_setting(name: str, *kinds: str) -> Callable[[Config], float | None]:
    """A metadata value: the rope setting `name`, where the kind of scaling is one of `kinds`."""

    def value(config: Config) -> float | None:
        settings = rope(config)
        if (kinds and settings["rope_type"] not in kinds) or settings.get(name) is None:
            return None
        return rope_number(config, name)

    return value


def scaling_type(config: Config) -> str | None:
    """llama.cpp's name of the scaling, for the two kinds that are settings alone."""
    kind = rope(config)["rope_type"]
    return str(kind) if kind in ("linear", "yarn") else None


def yarn_correction(*, reads_all_dim: bool = False) -> Callable[[Config], float | None]:
    """A metadata value: what llama.cpp's attention factor of yarn scaling lacks; None for nothing.

    `reads_all_dim`: the graph reads `mscale_all_dim`.
    """

    def value(config: Config) -> float | None:
        settings = rope(config)
        if settings["rope_type"] != "yarn":
            return None
        names = ("factor", *(name for name in ATTENTION_SETTINGS if settings.get(name)))
        given = {name: rope_number(config, name) for name in names}
        return correction(given, reads_all_dim=reads_all_dim)

    return value


def _yarn(key: str, name: str, kind: type[np.generic] = np.float32) -> MetadataRow:
    return MetadataRow(f"rope.scaling.{key}", kind, rope_setting(name, "yarn"))


ROPE_METADATA = (
    MetadataRow("rope.scaling.type", str, scaling_type),
    MetadataRow("rope.scaling.factor", np.float32, rope_setting("factor", "linear", "yarn")),
    _yarn("original_context_length", "original_max_position_embeddings", np.uint32),
    _yarn("yarn_ext_factor", "extrapolation_factor"),
    _yarn("yarn_attn_factor", "attention_factor"),
    _yarn("yarn_beta_fast", "beta_fast"),
    _yarn("yarn_beta_slow", "beta_slow"),
    MetadataRow("rope.scaling.attn_factor", np.float32, yarn_correction()),
    MetadataRow("rope.freq_base", np.float32, rope_setting("rope_theta")),
)


# --- Llama 3's scaling, which llama.cpp is given as a tensor ---


def llama3_factors(config: Config) -> Rows | None:
    """The divisor of every rope frequency under Llama 3's scaling, (head_size / 2,); else None.

    Frequencies whose wavelength is short against the original context stay, long ones are divided
    by `factor`, and between the two the divisor is interpolated (`_compute_llama3_parameters` in
    transformers' modeling_rope_utils.py). All of it in float32, as the reference does.
    Raises `ArchitectureError` for settings that are missing or in the wrong order.
    """
    if rope(config)["rope_type"] != "llama3":
        return None
    size = head_size(config)
    factor = rope_number(config, "factor")
    low = rope_number(config, "low_freq_factor")
    high = rope_number(config, "high_freq_factor")
    context = rope_number(
        config, "original_max_position_embeddings", config.get("max_position_embeddings")
    )
    if not low < high:
        raise ArchitectureError(
            f"config.json: low_freq_factor {low} is not below high_freq_factor {high}"
        )
    exponents = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    base = np.float32(rope_number(config, "rope_theta", 10000.0))
    wavelengths = np.float32(2 * math.pi) / (np.float32(1) / base**exponents)
    smooth = (np.float32(context) / wavelengths - np.float32(low)) / np.float32(high - low)
    between = np.float32(1) / ((np.float32(1) - smooth) / np.float32(factor) + smooth)
    factors = np.where(wavelengths > np.float32(context / low), np.float32(factor), between)
    return np.where(wavelengths < np.float32(context / high), np.float32(1), factors)


# --- rows of queries and keys ---


def interleaved(rows: Rows, head_size: int) -> Rows:
    """Interleave the two halves of every head: rows j and j + head_size / 2 become neighbours.

    >>> interleaved(np.arange(8, dtype=np.float32)[:, None], 4)[:, 0]
    array([0., 2., 1., 3., 4., 6., 5., 7.], dtype=float32)
    """
    heads = rows.reshape(-1, 2, head_size // 2, rows.shape[1])
    return np.ascontiguousarray(heads.swapaxes(1, 2)).reshape(rows.shape)


def rope_pairs(sizes: Sizes) -> Transform:
    """From Hugging Face's order to that of NORM rope (`LLAMA_ROPE_TYPE_NORM` in llama.h)."""
    return Transform(sizes["head"], interleaved, moves_rows=True)


def paired(rows: tuple[TensorRow, ...]) -> tuple[TensorRow, ...]:
    """The rows for a graph with NORM rope: queries and keys get `rope_pairs`."""
    pairs = (".attn_q.", ".attn_k.")
    return tuple(
        replace(row, transform=rope_pairs) if any(part in row.target for part in pairs) else row
        for row in rows
    )


# --- what llama.cpp does not compute ---


def rope_refusal(*kinds: str, fixed: Mapping[str, float] = YARN_FIXED) -> Refusal:
    """The check for a graph with one rope for all layers that knows scaling of these `kinds`.

    `fixed` is what it takes as given in yarn scaling.
    """

    def reason(config: Config) -> str | None:
        settings = rope(config)
        if settings["rope_type"] not in kinds:
            return f"rope scaling of the kind {settings['rope_type']!r} is not supported"
        if any(isinstance(value, dict) for value in settings.values()):
            return "rope settings of their own for each kind of layer are not supported"
        if settings["rope_type"] != "default":
            rope_number(config, "factor")
        yarn = fixed if settings["rope_type"] == "yarn" else {}
        for name, value in {"partial_rotary_factor": 1.0, **yarn}.items():
            found = settings.get(name)
            if found is not None and not _close(found, value):
                return (
                    f"the rope setting {name} is {found!r}, and llama.cpp computes with {value:g}"
                )
        return None

    return reason


def _close(found: object, value: float) -> bool:
    return isinstance(found, int | float) and value * 0.9999 <= found <= value * 1.0001
