"""Small GGUF files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracles import gguf_models
from tests.oracles.gguf_models import Values, metadata, random_weights, shapes


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a small llama; `changed` replaces some of its tensors."""

    def make(dtype: str = "F16", name: str = "tiny-F16.gguf", **changed: Values) -> Path:
        weights = random_weights(shapes("llama", 64)) | changed
        return gguf_models.save(tmp_path / name, metadata("llama", 64), weights, dtype)

    return make


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """A llama in three parts, no tensor in the first."""
    weights = random_weights(shapes("llama", 64))
    return gguf_models.save_parts(
        tmp_path, metadata("llama", 64), weights, "F16", [0, 20, len(weights) - 20]
    )
