"""calib.gguf: what `llmq calibrate` found, with the tokens that it was found on.

The file is an importance matrix as llama-imatrix writes it, and llama-quantize takes it: for each
matrix `NAME.in_sum2` (1, n_cols), the sums of squares of what was multiplied with its columns, each
position counting by its weight, and `NAME.counts` (1, 1), the sum of the weights. Keys of its own,
which llama.cpp passes over, hold the very tokens, so that a refinement can let the model read them
again.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from llmq.calibration.text import CalibrationTokens, TextSource, fingerprint
from llmq.calibration.windows import WEIGHTS
from llmq.errors import CalibrationError, GgufError, OutputError
from llmq.files.gguf import MAX_NAME_BYTES, Metadata, encode_header, open_gguf, padded
from llmq.files.imatrix import COUNTS, KEYS, SUMS, read_importance
from llmq.importance import Importance
from llmq.outputs import check_name, hidden_beside
from llmq.version import __version__

OWN = "llmq.calibration."
F32_TYPE = 0  # GGML_TYPE_F32

Moments = Mapping[str, tuple[NDArray[np.float32], float]]
"""By GGUF name of a matrix: sums of squares (1, n_cols), and the sum of their weights."""


@dataclass(frozen=True)
class Calibration:
    """A calibration as read from its file."""

    tokens: CalibrationTokens
    importance: Importance
    path: Path

    def check(self, model: str, metadata: Metadata, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise where it was computed for a model of another tokenizer or of other shapes."""
        if fingerprint(metadata) != self.tokens.tokenizer:
            raise CalibrationError(
                f"{self.path}: its tokens are those of another tokenizer than {model}'s; make one with"
                " llmq calibrate of this model"
            )
        self.importance.check(model, shapes)


def write_calibration(
    path: Path, tokens: CalibrationTokens, moments: Moments, *, force: bool = False
) -> Path:
    """Write the file under a temporary name, read it back, give it its name; returns `path`.

    Raises OutputError where it cannot be written, CalibrationError for moments that are no numbers.
    """
    data = _encoded(tokens, moments)
    check_name(path, force=force)
    partial = hidden_beside(path, f".{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if partial.read_bytes() != data:
            raise OutputError(
                f"{path.parent}: what was written reads back differently; the disk is not reliable"
            )
        check_name(path, force=force)  # another process may have been faster
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        partial.unlink(missing_ok=True)
    return path


def _encoded(tokens: CalibrationTokens, moments: Moments) -> bytes:
    """The whole file."""
    records, blocks, offset = [], [], 0
    for name, (sums, count) in sorted(moments.items()):
        if not (np.isfinite(sums).all() and np.isfinite(count)):
            raise CalibrationError(
                f"what reaches {name} is not finite; are the model's weights damaged?"
            )
        for end, values in ((SUMS, sums), (COUNTS, np.array([[count]]))):
            block = values.astype("<f4").tobytes()
            if len(f"{name}{end}".encode()) > MAX_NAME_BYTES:
                raise CalibrationError(f"{name}{end}: is too long for the name of a GGUF tensor")
            records.append((f"{name}{end}", values.shape, F32_TYPE, offset))
            blocks.append(block.ljust(padded(len(block)), b"\0"))
            offset += len(blocks[-1])
    return encode_header(_metadata(tokens), records) + b"".join(blocks)


def _metadata(tokens: CalibrationTokens) -> Metadata:
    datasets, chunk_count, chunk_size = KEYS
    names = [source.name for source in tokens.sources]
    own: Metadata = {
        "version": __version__,
        "window": np.uint32(tokens.window),
        "tokens": tokens.ids.reshape(-1).astype(np.int32),
        "weights": tokens.weights.reshape(-1).astype(np.float32),
        "sha256": tokens.sha256,
        "tokenizer": tokens.tokenizer,
        "sources": names,
        "sources.sha256": [source.sha256 for source in tokens.sources],
        "sources.share": np.array([source.share for source in tokens.sources], np.float64),
        "sources.n_tokens": np.array([source.n_tokens for source in tokens.sources], np.uint32),
        **{f"weight.{what}": np.float32(weight) for what, weight in WEIGHTS.items()},
    }
    return {
        "general.type": "imatrix",
        datasets: names,
        chunk_count: np.uint32(len(tokens.ids)),
        chunk_size: np.uint32(tokens.window),
        **{OWN + key: value for key, value in own.items()},
    }


def read_calibration(path: str | Path, *, exact: bool = False) -> Calibration:
    """Read a file of `llmq calibrate`; CalibrationError for anything that does not fit.

    `exact` as in `read_importance`, which reads the importance matrix in it.
    """
    path = Path(path)
    try:
        metadata = open_gguf(path).metadata
    except GgufError as error:
        raise CalibrationError(str(error)) from None
    tokens = _Keys(path, metadata).tokens()
    return Calibration(tokens, read_importance(path, exact=exact), path)


class _Keys:
    """The keys of one file, each of which must be there and be what it should be."""

    def __init__(self, path: Path, metadata: Metadata) -> None:
        self.path, self.metadata = path, metadata

    def tokens(self) -> CalibrationTokens:
        if OWN + "tokens" not in self.metadata:
            kind = self.metadata.get("general.type", "model")
            remedy = "--imatrix takes it" if kind == "imatrix" else "llmq calibrate makes one"
            raise CalibrationError(
                f"{self.path}: is no calibration, for it holds no tokens; {remedy}"
            )
        window = int(self.value("window", np.uint32))
        ids, weights = self.array("tokens", np.int32), self.array("weights", np.float32)
        if not window or not ids.size or ids.size % window or ids.size != weights.size:
            self.fail(f"{ids.size} tokens and {weights.size} weights are no windows of {window}")
        if ids.min() < 0 or not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
            self.fail("its tokens or their weights are no numbers from 0")
        shape = ids.size // window, window
        tokens = CalibrationTokens(
            ids.reshape(shape), weights.reshape(shape), self.sources(), self.value("tokenizer", str)
        )
        if sum(source.n_tokens for source in tokens.sources) != ids.size:
            self.fail("the tokens of its sources are not those that it holds")
        if tokens.sha256 != self.value("sha256", str):
            self.fail("the hash of its tokens is not the one that it names")
        return tokens

    def sources(self) -> tuple[TextSource, ...]:
        names, hashes = self.texts("sources"), self.texts("sources.sha256")
        shares = self.array("sources.share", np.float64).tolist()
        counts = self.array("sources.n_tokens", np.uint32).tolist()
        if not len(names) == len(hashes) == len(shares) == len(counts):
            self.fail("it names unequal numbers of sources, hashes, shares and counts")
        return tuple(map(TextSource, names, hashes, shares, counts))

    def texts(self, key: str) -> list[str]:
        found = self.value(key, list)
        if not all(isinstance(item, str) for item in found):
            self.fail(f"{OWN}{key} is no list of texts")
        return found  # type: ignore[no-any-return]  # seen above

    def array(self, key: str, dtype: type[np.generic]) -> NDArray[Any]:
        found = self.value(key, np.ndarray)
        if found.dtype != dtype:
            self.fail(f"{OWN}{key} is of {found.dtype} instead of {np.dtype(dtype)}")
        return found  # type: ignore[no-any-return]  # seen above

    def value(self, key: str, kind: type) -> Any:
        found = self.metadata.get(OWN + key)
        if not isinstance(found, kind):
            self.fail(f"the key {OWN}{key} is missing or of another kind")
        return found

    def fail(self, what: str) -> NoReturn:
        raise CalibrationError(f"{self.path}: {what}; it is damaged, make it anew")
