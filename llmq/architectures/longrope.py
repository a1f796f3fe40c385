"""LongRoPE: a divisor for every rope frequency, another set of them for long contexts.

llama.cpp takes both sets as tensors and chooses by the context that it is opened with, where
transformers chooses by the length of the text (`get_rope_factors` in llama-model.cpp,
`longrope_frequency_update` in modeling_rope_utils.py): a short text in a long context is rotated
otherwise, which `on_longrope` says.
"""

import math
from collections.abc import Callable

import numpy as np

from llmq.architectures.rope import rope, rope_number
from llmq.architectures.sizes import head_size
from llmq.architectures.table import Config, required_int
from llmq.errors import ArchitectureError
from llmq.weights import Rows

# Two are names of the first releases (`convert_rope_params_to_dict` in transformers'
# configuration_phi3.py).
KINDS = ("longrope", "su", "yarn")
ORIGINAL = "original_max_position_embeddings"


def rotary_size(config: Config) -> int:
    """The numbers of a head that are rotated.

    Raises `ArchitectureError` where they are no pairs.
    """
    share = rope_number(config, "partial_rotary_factor", 1.0)
    size = int(head_size(config) * share)
    if size % 2 or not 0 < size <= head_size(config):
        raise ArchitectureError(
            f"config.json: partial_rotary_factor {share:g} rotates {size} of {head_size(config)}"
            " numbers, which are no pairs"
        )
    return size


def factors(name: str) -> Callable[[Config], Rows | None]:
    """A computed tensor: the divisors called `name`, (rotary_size / 2,); None without scaling."""

    def values(config: Config) -> Rows | None:
        settings = rope(config)
        if settings["rope_type"] not in KINDS:
            return None
        found, count = settings.get(name), rotary_size(config) // 2
        if not isinstance(found, list) or len(found) != count or not all(map(_positive, found)):
            raise ArchitectureError(
                f"config.json: the rope setting {name} is {found!r:.60} instead of a list of"
                f" {count} positive numbers"
            )
        return np.array(found, np.float32)

    return values


def _positive(value: object) -> bool:
    return type(value) in (int, float) and 0 < value < 1e30  # type: ignore[operator]  # a number


def attention_factor(config: Config) -> float | None:
    """A metadata value: what queries and keys are multiplied with; None without scaling.

    `_compute_longrope_parameters` in transformers' modeling_rope_utils.py. llama.cpp's converter
    takes neither `factor` nor `attention_factor` into account.
    """
    if rope(config)["rope_type"] not in KINDS:
        return None
    context = required_int(config, "max_position_embeddings")
    original = rope_number(config, ORIGINAL, context)
    factor = rope_number(config, "factor", context / original)
    if original <= 1:
        raise ArchitectureError(f"config.json: the rope setting {ORIGINAL} is {original:g}")
    grown = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    return rope_number(config, "attention_factor", grown)


def on_longrope(config: Config) -> str | None:
    """What is said of the two sets where they differ and the context reaches into the second."""
    settings, context = rope(config), required_int(config, "max_position_embeddings")
    original = rope_number(config, ORIGINAL, context)
    alike = settings.get("short_factor") == settings.get("long_factor")
    if settings["rope_type"] not in KINDS or alike or context <= original:
        return None
    return (
        f"beyond {original:.0f} tokens this model rotates with other factors (LongRoPE), which llama.cpp"
        f" takes for short texts too if its context is longer: open the file with -c {original:.0f} unless"
        " your texts are longer"
    )


def longrope_refusal(config: Config) -> str | None:
    """The refusal of other scaling than this, of which transformers computes none either."""
    kind = rope(config)["rope_type"]
    if kind in ("default", *KINDS):
        return None
    return f"rope scaling of the kind {kind!r} is not supported"
