"""Which file was measured: its name, size and hash."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from llmq.files.parts import parts_of


@dataclass(frozen=True)
class ModelFile:
    """A file as a report names it."""

    name: str
    size_bytes: int
    sha256: str


def described(path: Path) -> ModelFile:
    """The file; of a split model all parts together, under the name of the first."""
    digest, size_bytes = hashlib.sha256(), 0
    for part in (part for part in parts_of(path) if part.exists()):
        with part.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        size_bytes += part.stat().st_size
    return ModelFile(path.name, size_bytes, digest.hexdigest())
