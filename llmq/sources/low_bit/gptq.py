"""GPTQ and AWQ: codes packed in 32-bit words, with a word for every output of a few inputs or back.

Both keep the matrix transposed, (n_in, n_out), with scales and zeros (groups, n_out), and compute
in the type of the scales.

GPTQ packs codes down the inputs and zeros along the outputs; `g_idx` tells the group of each input,
which with act-order (desc_act) is any. In the old format (v1), which is what config.json means
where it does not say, one was taken off each zero; that is undone to whole words, as it was done,
so that zeros which were 0 come back. Source: gptqmodel, `dequantize_weight` in
nn_modules/qlinear/__init__.py and `convert_gptq_v1_to_v2_format` in utils/model.py.

AWQ (GEMM) packs both along the outputs, eight at a time in the order of `AWQ_ORDER`. Source:
autoawq, awq/utils/packing_utils.py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq.errors import one_line
from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.compressed_tensors import group_order
from llmq.sources.low_bit.integers import Grouped
from llmq.sources.low_bit.made import integers
from llmq.sources.low_bit.parts import Parts, whole
from llmq.weights import Weights

BIAS = ".bias"
CODES, ZEROS, SCALES, ORDER = ".qweight", ".qzeros", ".scales", ".g_idx"
WORD = 32
AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""Where in a word each of eight outputs lies, in nibbles from the lowest."""
OLD = "gptq"
PACKINGS = {"checkpoint_format": (OLD, "gptq_v2"), "version": ("gemm", "exllama", "ipex")}
"""What config.json may call the packing: of GPTQ, of AWQ, of which three share one."""
Words = NDArray[np.int32] | NDArray[np.uint32]


@dataclass(frozen=True)
class GptqColumns:
    """The integers of a GPTQ matrix; a row of weights is a column of what is stored."""

    bits: int
    codes: TensorRef
    zeros: TensorRef
    scales: TensorRef
    order: TensorRef | None
    zero_less: int
    """What is taken off a zero before it is stored."""

    def grouped(self, start: int, stop: int) -> Grouped:
        """Rows `start` to `stop`."""
        words = whole(self.codes)[:, start:stop]  # (n_in * bits / 32, n)
        codes = taken_apart(words, self._places()).transpose(2, 0, 1).reshape(stop - start, -1)
        scales = np.ascontiguousarray(whole(self.scales)[:, start:stop].T)
        per_word = WORD // self.bits
        first, last = start // per_word, -(-stop // per_word)
        words = (
            np.ascontiguousarray(whole(self.zeros)[:, first:last]).view(np.uint32) + self._undone()
        )
        zeros = taken_apart(words, self._places())
        flat = zeros.swapaxes(1, 2).reshape(len(zeros), -1)  # (groups, outputs)
        wanted = flat[:, start - first * per_word : stop - first * per_word].T
        return Grouped(codes, scales, wanted)

    def _undone(self) -> np.uint32:
        """What is added to a word of zeros."""
        return np.uint32(self.zero_less * sum(1 << place * self.bits for place in self._places()))

    def _places(self) -> tuple[int, ...]:
        return tuple(range(WORD // self.bits))

    def group_of(self, n_in: int, groups: int) -> NDArray[np.int64] | None:
        """The group of each column where these do not follow one another, else None."""
        return None if self.order is None else group_order(self.order, n_in, groups)


@dataclass(frozen=True)
class AwqColumns:
    """The integers of an AWQ matrix, of four bits."""

    codes: TensorRef
    zeros: TensorRef
    scales: TensorRef

    def grouped(self, start: int, stop: int) -> Grouped:
        """Rows `start` to `stop`."""
        scales = np.ascontiguousarray(whole(self.scales)[:, start:stop].T)
        codes, zeros = (self._outputs(part, start, stop) for part in (self.codes, self.zeros))
        return Grouped(codes, scales, zeros)

    def _outputs(self, part: TensorRef, start: int, stop: int) -> NDArray[np.int16]:
        """What is packed for these outputs, (n, rows of the part)."""
        n = len(AWQ_ORDER)
        first, last = start // n, -(-stop // n)
        found = taken_apart(whole(part)[:, first:last], AWQ_ORDER)  # (rows, n, words)
        flat = found.transpose(2, 1, 0).reshape(-1, len(found))  # (outputs, rows)
        return flat[start - first * n : stop - first * n]

    def group_of(self, n_in: int, groups: int) -> None:  # they follow one another
        """Groups follow one another."""


def taken_apart(words: Words, places: tuple[int, ...]) -> NDArray[np.int16]:
    """The codes of words (rows, n), as (rows, codes in a word, n), in the order of `places`."""
    bits = WORD // len(places)
    codes = np.empty((words.shape[0], len(places), words.shape[1]), np.int16)
    unsigned = np.ascontiguousarray(words).view(np.uint32)
    for index, place in enumerate(places):
        codes[:, index] = (unsigned >> np.uint32(place * bits)) & np.uint32(2**bits - 1)
    return codes


def gptq_or_awq(parts: Parts) -> Weights:
    """The matrix: the shapes of its parts tell which of the two it is."""
    _check_packing(parts)
    codes, scales = parts[CODES], parts[SCALES]
    wrong = next((p for p in (codes, scales, parts[ZEROS]) if len(p.shape) != 2), None)
    if wrong is not None:
        raise parts.error(f"has a part of the shape {list(wrong.shape)}, and each has two sizes")
    return (_gptq if codes.shape[1] == scales.shape[1] else _awq)(parts)


def _check_packing(parts: Parts) -> None:
    """Raise `CheckpointError` where config.json names another packing than those that are read."""
    for key, known in PACKINGS.items():
        found = one_line(str(parts.settings.get(key) or known[0]).lower(), 40)
        if found not in known:
            raise parts.error(
                f"is packed as {found!r} ({key} in config.json), and only {' and '.join(known)} can be read;"
                " convert the original"
            )


def _gptq(parts: Parts) -> Weights:
    codes, zeros, scales = parts[CODES], parts[ZEROS], parts[SCALES]
    order = parts.get(ORDER)
    groups, n_out = scales.shape
    bits = zeros.shape[-1] * WORD // n_out if n_out else 0
    if bits not in (2, 4, 8):
        raise parts.error(f"has {bits} bits, and only 2, 4 and 8 can be read; convert the original")
    n_in = codes.shape[0] * WORD // bits
    _check(parts, n_in, groups, zeros.shape == (groups, n_out * bits // WORD))
    old = str(parts.settings.get("checkpoint_format") or OLD).lower() == OLD
    layout = GptqColumns(bits, codes, zeros, scales, order, int(old))
    symmetric = bits == 4 and parts.settings.get("sym") is True
    return integers(parts, (n_out, n_in), layout, scales, four_bit=symmetric, groups=groups)


def _awq(parts: Parts) -> Weights:
    codes, zeros, scales = parts[CODES], parts[ZEROS], parts[SCALES]
    n_in, words = codes.shape
    groups, n_out = scales.shape
    fits = words * len(AWQ_ORDER) == n_out and zeros.shape == (groups, words)
    _check(parts, n_in, groups, fits)
    layout = AwqColumns(codes, zeros, scales)
    return integers(parts, (n_out, n_in), layout, scales, four_bit=False, groups=groups)


def _check(parts: Parts, n_in: int, groups: int, fits: object) -> None:
    """Raise `CheckpointError` where the parts of a matrix have shapes that do not go together."""
    order = parts.get(ORDER)
    if not fits or groups < 1 or (order is None and n_in % groups):
        shapes = ", ".join(f"{end} {list(each.shape)}" for end, each in parts.tensors.items())
        raise parts.error(f"has parts that do not fit each other ({shapes}); fetch it again")
