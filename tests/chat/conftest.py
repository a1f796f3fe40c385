"""A model whose chat template opens the thoughts of each reply, as QwQ's and DeepSeek-R1's do."""

from collections.abc import Callable
from pathlib import Path

import pytest

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)


@pytest.fixture(scope="session")
def thinker_gguf(save_gguf: Callable[..., Path]) -> Path:
    """A small random model that never writes </think>."""
    return save_gguf("thinker", "BF16", TEMPLATE)
