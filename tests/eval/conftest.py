"""Files that measurements meet."""

import subprocess
import sys
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


@pytest.fixture(scope="session")
def smoltutor(shared: Path, repository: Path) -> Path:
    """The real tutor's folder, built once by its own `make`, which needs a package of weights."""
    folder, make = repository / "build" / "smoltutor", shared / "models" / "smoltutor" / "make"
    if not make.exists():
        pytest.skip(f"needs the real tutor, which {make} would build")
    built = subprocess.run(
        [make, folder, sys.executable], check=False, capture_output=True, text=True
    )
    if built.returncode:
        pytest.skip(f"{make} cannot build the real tutor: {built.stderr.strip()[-300:]}")
    return folder
