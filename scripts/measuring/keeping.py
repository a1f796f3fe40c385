"""What was computed once is kept in a folder: whole or not at all, whatever interrupts."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BLOCK = 1 << 20


def kept_array(file: Path, compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The array in `file`, mapped; computed and written first where there is none."""
    if not file.exists():
        values = compute()
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}.partial.npy")
        np.save(partial, values)
        partial.replace(file)
    kept: npt.NDArray[Any] = np.load(file, mmap_mode="r")
    return kept


def write_json(file: Path, value: Any) -> None:
    """Write `value` under a temporary name, then give it its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.replace(file)


def digest(*parts: Any) -> str:
    """Short and the same for the same values: what a kept result is known by."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def digest_of_files(files: Iterable[Path]) -> str:
    """Of the contents of files, in the order of their names."""
    found = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        found.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                found.update(block)
    return found.hexdigest()
