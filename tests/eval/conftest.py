"""Files that measurements meet."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def damaged_gguf(tiny_gguf: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that llama.cpp opens and that computes NaN."""
    damaged = tmp_path_factory.mktemp("damaged") / "damaged.gguf"
    data = bytearray(tiny_gguf["BF16"].read_bytes())
    data[-60_000:] = b"\xff\x7f" * 30_000  # BF16 NaN
    damaged.write_bytes(data)
    return damaged
