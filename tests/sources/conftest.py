"""Small GGUF files, and a hub on this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.oracles import gguf_models
from tests.oracles.gguf_models import Values, metadata, random_weights, shapes
from tests.sources.hub.small_hub import CHUNK, OTHERS, SmallHub, serving


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


@pytest.fixture
def hub(
    make_checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallHub]:
    """A hub that has a small checkpoint, and an empty cache."""
    folder = make_checkpoint()
    files = {file.name: file.read_bytes() for file in folder.iterdir()} | OTHERS
    folder.rename(tmp_path / "original")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    with serving(SmallHub("org/tutor", files)) as found:
        monkeypatch.setattr(constants, "ENDPOINT", found.url)
        template = found.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield found
