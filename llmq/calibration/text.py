"""Which text a model is calibrated on, as a value: windows of tokens, and where they come from.

How text becomes windows is in `windows`; here they are shared out between suites and texts, and
checked against the model.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.architectures import architecture_for
from llmq.calibration.windows import Row, reader_of, windows
from llmq.errors import CalibrationError, CheckpointError
from llmq.files.gguf import Metadata, encode_header
from llmq.files.json import read_json_object
from llmq.sources.source import Source
from llmq.suites import Suite
from llmq_eval.drift import builtin_suite
from llmq_eval.text import Text

TOKENS = 32_768  # in all, where nothing is said
WINDOW = 512  # tokens, as in llama-imatrix
LEAST_PER_COLUMN = 8  # tokens: with fewer, corrections are learned from noise
EMBEDDING = "token_embd.weight"
SUITES = ("tutoring", "general")  # built-in ones; a gate measures on others, which were not seen
LEAST_WINDOW = 16  # tokens: llama-imatrix passes over shorter ones

# What of a tokenizer makes an id mean what it means.
ID_KEYS = tuple(
    f"tokenizer.ggml.{key}" for key in ("model", "pre", "tokens", "token_type", "scores", "merges")
)


@dataclass(frozen=True)
class Portion:
    """A suite or a text, and its share beside the others'."""

    content: Suite | Text
    share: float = 1.0


@dataclass(frozen=True)
class TextSource:
    """What was taken of a suite or a text; `sha256` is that of its whole content."""

    name: str
    sha256: str
    share: float
    n_tokens: int


@dataclass(frozen=True, eq=False)  # an array has no one truth value
class CalibrationTokens:
    """The windows, (n_windows, window): token ids, and how much each position counts (1: plain).

    `tokenizer` is the `fingerprint` of the tokenizer whose ids these are.
    """

    ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    sources: tuple[TextSource, ...]
    tokenizer: str = ""

    @property
    def window(self) -> int:
        """The tokens of a window."""
        return int(self.ids.shape[1])

    @cached_property
    def sha256(self) -> str:
        """Of ids, weights and borders."""
        digest = hashlib.sha256(f"{self.ids.shape[0]} x {self.window}\n".encode())
        digest.update(self.ids.astype("<i4").tobytes())
        digest.update(self.weights.astype("<f4").tobytes())
        return digest.hexdigest()


def calibration_tokens(
    source: Source,
    portions: Sequence[Portion],
    *,
    n_tokens: int = TOKENS,
    window: int | None = None,
) -> CalibrationTokens:
    """The windows that a checkpoint folder's model is calibrated on, at most `n_tokens` tokens.

    Each portion gives as many as its share says, or all it has. `window` is the length of each;
    default: WINDOW, or the model's context where that is shorter. Raises a child of LlmqError.
    """
    check_folder(source.path)
    _check_unlike(portions)
    window = _checked_window(source, window)
    counts = shared_out(n_tokens // window, portions, what=f"{n_tokens} tokens")
    rows: list[Row] = []
    sources = []
    with reader_of(source) as reader:
        for portion, n in zip(portions, counts, strict=True):
            found = windows(reader, portion.content, n, window)
            rows += found
            named = portion.content.name, portion.content.sha256, portion.share
            sources.append(TextSource(*named, len(found) * window))
    ids = np.array([ids for ids, _ in rows], np.int32)
    _check_ids(source, ids)
    weights = np.array([weights for _, weights in rows], np.float32)
    return CalibrationTokens(ids, weights, tuple(sources), fingerprint(source.metadata))


def builtin_portions() -> tuple[Portion, ...]:
    """What a model is calibrated on where nothing is said."""
    return tuple(Portion(builtin_suite(name)) for name in SUITES)


def tokens_per_column(n_tokens: int, source: Source) -> tuple[float, int]:
    """How many tokens there are for each column of the widest matrix, and how many columns."""
    shapes = (t.shape for t in source.tensors if len(t.shape) > 1 and t.name != EMBEDDING)
    widest = max(shape[-1] for shape in shapes)
    return n_tokens / widest, widest


def too_few(n_tokens: int, source: Source) -> str:
    """What to say where a model's widest matrix asks for more tokens; nothing where it does not."""
    each, columns = tokens_per_column(n_tokens, source)
    if each >= LEAST_PER_COLUMN:
        return ""
    return (
        f"the sample is too small: {each:.1f} tokens for each of {columns:,} columns, where"
        f" {LEAST_PER_COLUMN} are the least"
    )


def check_folder(path: Path) -> None:
    """Raise where a model is no checkpoint folder, whose layers could be computed."""
    if path.is_file():
        raise CalibrationError(
            f"{path}: is a file; calibrating needs the checkpoint folder that it was made of"
        )
    config = path / "config.json"
    if not config.is_file():
        return  # whoever opens the folder says so
    architecture = architecture_for(read_json_object(config, CheckpointError))
    if not architecture.walked:
        raise CalibrationError(
            f"{path}: {architecture.hf_name} is not computed layer by layer, which calibrating and"
            " refining need; convert with --quality fast, or with --quality good and --imatrix FILE"
        )


def fingerprint(metadata: Metadata) -> str:
    """What tells tokenizers apart whose ids mean different things, of a model's GGUF metadata."""
    return hashlib.sha256(
        encode_header({key: metadata[key] for key in ID_KEYS if key in metadata}, [])
    ).hexdigest()


def shared_out(n_windows: int, portions: Sequence[Portion], *, what: str) -> list[int]:
    """How many of `n_windows` each portion gets, the largest remainders rounded up.

    >>> thrice = [Portion(Suite(name, "", ()), share) for name, share in [("a", 3), ("b", 1)]]
    >>> shared_out(10, thrice, what="")
    [8, 2]
    """
    total = sum(portion.share for portion in portions)
    exact = [n_windows * portion.share / total for portion in portions]
    counts = [int(each) for each in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for i in by_rest[: n_windows - sum(counts)]:
        counts[i] += 1
    if 0 in counts:
        none = portions[counts.index(0)].content.name
        raise CalibrationError(
            f"{what} are {n_windows} windows, of which none is left for {none}; take more --tokens"
        )
    return counts


def _check_unlike(portions: Sequence[Portion]) -> None:
    """Raise where a text is given twice: a share says how much of it is wanted."""
    seen: set[str] = set()
    for portion in portions:
        if portion.content.sha256 in seen:
            raise CalibrationError(
                f"{portion.content.name} is given twice; a share, as in =2, takes more of it"
            )
        seen.add(portion.content.sha256)


def _checked_window(source: Source, window: int | None) -> int:
    """The length of a window, which the model must have been trained for."""
    context = source.metadata[f"{source.facts.architecture}.context_length"]
    longest = int(context) if isinstance(context, np.integer) else WINDOW
    window = min(WINDOW, longest) if window is None else window
    if window < LEAST_WINDOW:
        raise CalibrationError(
            f"a window of {window} tokens is too short; {LEAST_WINDOW} is the least"
        )
    if window > longest:
        raise CalibrationError(
            f"a window of {window} tokens is longer than the {longest} that {source.name} was trained"
            f" for; take --window {longest}"
        )
    return window


def _check_ids(source: Source, ids: NDArray[np.int32]) -> None:
    """Raise where the tokenizer has more tokens than the model."""
    embedding = next(t for t in source.tensors if t.name == EMBEDDING)
    if ids.max() >= embedding.shape[0]:
        raise CalibrationError(
            f"{source.name}: its tokenizer gives the token {ids.max()}, and the model has only"
            f" {embedding.shape[0]}; the two do not belong together"
        )
