"""Where a calibration continues after it was killed: the last finished layer's state, in one file.

A file is written under another name and then renamed, so that it is whole or not there. One of
other text, other weights or another version is passed over, and so is a damaged one.
"""

import json
import os
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.errors import OutputError
from llmq.outputs import hidden_beside

SAVE_SECONDS = 20.0  # of work that a kill may cost: what is saved is as large as the hidden states


@dataclass
class State:
    """How far a calibration is: layers done, the hidden states behind them, the sums so far."""

    done: int
    hidden: NDArray[np.float32]
    sums: dict[str, NDArray[np.float64]]


@dataclass
class Checkpoint:
    """The file of one calibration, which `key` tells from every other."""

    path: Path
    key: dict[str, Any]
    _saved: float = field(default_factory=time.monotonic)

    def load(self) -> State | None:
        """The state that a killed run left, if it was one of this very calibration."""
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                if str(held["key"]) != self._key:
                    return None
                sums = {n.removeprefix("sums "): held[n] for n in held.files if n[:5] == "sums "}
                return State(int(held["done"]), held["hidden"], sums)
        except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile):
            return None

    def save(self, state: State) -> None:
        """Write the state, unless the last one is young. Raises OutputError."""
        if time.monotonic() - self._saved < SAVE_SECONDS:
            return
        partial = hidden_beside(self.path, f".{os.getpid()}.partial")
        arrays: dict[str, Any] = {f"sums {name}": each for name, each in state.sums.items()}
        try:
            with partial.open("xb") as file:
                np.savez(file, key=self._key, done=state.done, hidden=state.hidden, **arrays)
            partial.replace(self.path)
        except OSError as error:
            raise OutputError(
                f"{self.path}: what a killed run would continue from cannot be written"
                f" ({error.strerror or error})"
            ) from None
        finally:
            partial.unlink(missing_ok=True)
        self._saved = time.monotonic()

    @property
    def _key(self) -> str:
        return json.dumps(self.key, sort_keys=True)
