"""What llama.cpp keeps of the tokens it has read, in bytes: keys and values, and states.

A layer with attention keeps keys and values of every token, in `llama_kv_cache` for the whole
context, however short its window (`swa_full`). A delta net, a Mamba layer or a convolution keeps a
state of one size (`n_embd_r` and `n_embd_s` in llama-hparams.cpp). Layers that use the keys and
values of an earlier one keep nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from llmq.files.gguf import MetaValue

STATE_BYTES = 4  # of a number of a state: F32
COPIES = 2  # llama.cpp's, and one to go back to (`llmq.runtime.snapshot`)

Keys = Mapping[str, MetaValue]
"""Those of one architecture, without its name in front."""


def context_bytes(keys: Keys, n_tokens: int, kept_bytes: float) -> int | None:
    """The bytes for a context of so many tokens, where a key or a value takes `kept_bytes`.

    None where the keys do not tell.
    """
    layers, heads = number(keys, "block_count"), number(keys, "attention.head_count")
    width = number(keys, "embedding_length")
    if not layers or not heads or not width:
        return None
    key_heads = of_layers(keys, "attention.head_count_kv", layers, heads)
    slides = of_layers(keys, "attention.sliding_window_pattern", layers, 0)
    recurs = of_layers(keys, "attention.recurrent_layers", layers, 0)
    if key_heads is None or slides is None or recurs is None:
        return None
    head = width // heads
    sizes = {kind: number(keys, f"attention.{kind}_length", head) for kind in ("key", "value")}
    full = sum(sizes.values())
    sliding = sum(number(keys, f"attention.{kind}_length_swa", sizes[kind]) for kind in sizes)
    state = state_numbers(keys, width) * COPIES
    total = 0
    for layer in range(layers - number(keys, "attention.shared_kv_layers")):
        if recurs[layer] or not key_heads[layer]:
            if not state:
                return None
            total += state * STATE_BYTES
        else:
            of_head = sliding if slides[layer] else full
            total += int(key_heads[layer] * of_head * kept_bytes) * n_tokens
    return total


def state_numbers(keys: Keys, width: int) -> int:
    """The numbers that a layer without attention keeps; 0 for a model that has none."""
    if number(keys, "shortconv.l_cache"):
        return width * (number(keys, "shortconv.l_cache") - 1)
    inner, size = number(keys, "ssm.inner_size"), number(keys, "ssm.state_size")
    seen = max(0, number(keys, "ssm.conv_kernel") - 1)
    return inner * size + seen * (inner + 2 * number(keys, "ssm.group_count") * size)


def number(keys: Keys, name: str, default: int = 0) -> int:
    """A whole number that is not negative; the default where there is none."""
    value = keys.get(name)
    return int(value) if isinstance(value, np.integer) and value >= 0 else default


def of_layers(keys: Keys, name: str, layers: int, default: int) -> list[int] | None:
    """A number of every layer, where one or a list is given; None where the list is another."""
    value: Any = keys.get(name)
    if value is None or isinstance(value, np.integer):
        return [number(keys, name, default)] * layers
    found = np.asarray(value)
    if found.shape != (layers,) or found.dtype.kind not in "biu" or (found < 0).any():
        return None
    return [int(each) for each in found]
