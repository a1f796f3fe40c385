"""The journal of a refinement: a folder beside the output in which finished work waits.

It holds a file of blocks for each refined tensor, written whole or not at all, and a fingerprint:
all that the blocks depend on. A command that was stopped finds its journal again and goes on after
the last tensor; one with another fingerprint begins anew. The output's publication removes it.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llmq.errors import OutputError
from llmq.files.spans import read_span
from llmq.outputs import hidden_beside
from llmq.plan import Plan
from llmq.version import __version__
from llmq.weights import Rows
from llmq_kernels import FORMATS
from llmq_kernels.format import Format

Blocks = NDArray[np.void]
Fingerprint = Mapping[str, object]
"""By what people call it, whatever the blocks depend on, as JSON can hold it."""
FINGERPRINT, SUFFIX, PARTIAL = "fingerprint.json", ".blocks", ".partial"
PACKAGES = ("torch", "transformers", "numpy")  # whose sums the blocks are made of


def journal_folder(output: Path) -> Path:
    """Where the journal of an output lies: beside it, hidden.

    >>> journal_folder(Path("files/my-tutor-Q4_0.gguf")).name
    '.my-tutor-Q4_0.gguf.refine'
    """
    return hidden_beside(output, ".refine")


def fingerprint_of(
    plan: Plan, calibration_sha256: str, settings: Mapping[str, float | int | bool | str]
) -> Fingerprint:
    """What the refined blocks of a plan depend on."""
    weights = {tensor.source.weights.file for tensor in plan.tensors}
    files = [file for file in (*weights, plan.source.path / "config.json") if file]
    stamps = {str(f.name): [f.stat().st_mtime_ns, f.stat().st_size] for f in files if f.exists()}
    return {
        "version of llmq": __version__,
        "version of torch, transformers or NumPy": [_version(name) for name in PACKAGES],
        "model": dict(sorted(stamps.items())),
        "choice of formats": {tensor.name: tensor.format.name for tensor in plan.tensors},
        "calibration": calibration_sha256,
        "settings": dict(settings),
    }


@dataclass(frozen=True)
class JournalWeights:
    """The weights of a refined tensor: blocks of the format `dtype` in a file of the journal."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path

    @property
    def _format(self) -> Format:
        return FORMATS[self.dtype]

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows `start` to `stop`."""
        row_bytes = self._format.nbytes(self.shape[-1:])
        position, n_bytes = start * row_bytes, (stop - start) * row_bytes
        return read_span(self.file, position, n_bytes, of=self.name, error=OutputError)

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32 of shape (stop - start, shape[-1])."""
        blocks = self.raw(start, stop).view(self._format.layout)
        return self._format.decode(blocks.reshape(stop - start, -1))


class Opened(NamedTuple):
    """A journal, and what to say of how it was found; nothing where there was none."""

    journal: "Journal"
    note: str


class Journal:
    """Finished tensors by their GGUF names; `folder` holds them, and whatever else must last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, folder: Path, fingerprint: Fingerprint) -> Opened:
        """The journal of this folder and fingerprint: what was begun, or an empty one.

        Raises `OutputError` where it cannot be written.
        """
        journal, held = cls(folder), _read(folder / FINGERPRINT)
        _check_own(folder, held)
        wanted = json.loads(json.dumps(fingerprint))
        if held == wanted:
            n_done = len(journal.names())
            return Opened(journal, f"going on: {n_done} tensors are refined already" * bool(n_done))
        note = ""
        if held is not None:
            changed = next(
                (name for name in wanted if held.get(name) != wanted[name]), "version of llmq"
            )
            note = f"starting anew: {folder} holds work that was begun with another {changed}"
        journal.remove()
        try:
            folder.mkdir()
        except OSError as error:
            raise _unwritable(folder, error) from None
        journal._write(FINGERPRINT, json.dumps(wanted, indent=1).encode())
        return Opened(journal, note)

    @property
    def n_bytes(self) -> int:
        """What is finished, in bytes."""
        return sum(path.stat().st_size for path in self.folder.glob(f"*{SUFFIX}"))

    def names(self) -> list[str]:
        """The tensors that are finished, sorted."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))

    def get(self, name: str, fmt: Format, shape: tuple[int, ...]) -> Blocks | None:
        """The blocks (n_rows, n_blocks) of a tensor, or None where they are not finished."""
        path = self._path(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutputError(f"{path}: cannot be read ({error.strerror})") from None
        if len(data) != fmt.nbytes(shape):  # a disk that lost something: made anew
            return None
        rows = int(np.prod(shape[:-1], dtype=np.int64))
        return np.frombuffer(data, fmt.layout).reshape(rows, -1)

    def put(self, name: str, blocks: Blocks) -> None:
        """Keep the blocks of a tensor; `OutputError` where the disk does not take them."""
        self._write(self._path(name).name, np.ascontiguousarray(blocks).tobytes())

    def as_weights(self, name: str, fmt: Format, shape: tuple[int, ...]) -> JournalWeights:
        """A finished tensor as a plan takes it."""
        return JournalWeights(name, fmt.name, shape, self._path(name))

    def remove(self) -> None:
        """Take all of it away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _write(self, name: str, data: bytes) -> None:
        """A file of the folder, whole or not at all, whatever happens."""
        path = self.folder / name
        partial = path.with_name(f"{name}.{os.getpid()}{PARTIAL}")
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise _unwritable(path, error) from None


def _version(package: str) -> str | None:
    """Of a package; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _check_own(folder: Path, held: object) -> None:
    """Raise `OutputError` for a folder that no journal has begun: it may be somebody's."""
    if held is None and folder.exists():
        strange = not folder.is_dir() or any(path.suffix != PARTIAL for path in folder.iterdir())
        if strange:
            raise OutputError(
                f"{folder}: stands where work is kept and is not llmq's; move it away"
            )


def _read(path: Path) -> dict[str, object] | None:
    """A fingerprint; one that is damaged is another."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror}); what is finished is kept, and the same command"
        " goes on when there is room"
    )
