"""Bytes and weights are exactly ggml's, on all that is known to tell quantizers apart."""

import platform
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Encoder, Format
from llmq_peer.libggml import DECODERS, LibGgml
from tests.kernels.distributions import FAMILIES, IMPORTANCES, importance, weights

N_WEIGHTS = 1 << 20

QUANTIZERS = {name: fmt for name, fmt in FORMATS.items() if fmt.block > 1}

formats = pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
quantizers = pytest.mark.parametrize("fmt", QUANTIZERS.values(), ids=QUANTIZERS)
decoders = pytest.mark.parametrize(
    "fmt", [fmt for name, fmt in FORMATS.items() if name in DECODERS], ids=lambda fmt: fmt.name
)
families = pytest.mark.parametrize("family", FAMILIES)


def test_every_format_has_a_decoder_in_the_library() -> None:
    assert FORMATS.keys() - DECODERS.keys() == {"F32"}


weights_of = lru_cache(maxsize=1)(weights)


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"),
    reason="compilers fuse a * b + c here: encoders are compared within a tolerance",
)
def test_the_oracle_rounds_every_operation(ggml: LibGgml) -> None:
    assert not ggml.fuses, "libggml was built with FMA, which hides differences: scripts/install"


@formats
@families
def test_encoders_write_the_bytes_of_ggml(family: str, fmt: Format, ggml: LibGgml) -> None:
    rows = weights_of(family, N_WEIGHTS)
    assert rows.size >= N_WEIGHTS
    assert np.isfinite(rows).all()
    assert_same_blocks(fmt, rows, None, ggml)


@pytest.mark.slow
@quantizers
@families
def test_encoders_with_importance_write_the_bytes_of_ggml(
    family: str, fmt: Format, ggml: LibGgml
) -> None:
    rows = weights_of(family, N_WEIGHTS)
    assert_same_blocks(fmt, rows, importance("activations", rows.shape[1]), ggml)


@quantizers
@pytest.mark.parametrize("kind", IMPORTANCES)
@pytest.mark.parametrize("family", ["normal", "grid-full-of-ties", "half-zeros", "1e-30"])
def test_any_importance_is_taken_as_ggml_takes_it(
    family: str, kind: str, fmt: Format, ggml: LibGgml
) -> None:
    rows = weights_of(family, N_WEIGHTS)[: N_WEIGHTS >> 12]
    assert_same_blocks(fmt, rows, importance(kind, rows.shape[1]), ggml)


@decoders
@families
def test_decoders_restore_what_ggml_does(family: str, fmt: Format, ggml: LibGgml) -> None:
    blocks = fmt.encode(weights_of(family, N_WEIGHTS), encoder=Encoder.GGML)
    assert_same_weights(fmt.decode(blocks), ggml.decode(fmt, blocks))


@decoders
def test_decoders_do_what_ggml_does_with_any_bytes(fmt: Format, ggml: LibGgml) -> None:
    any_bytes = np.random.default_rng(5).bytes(4000 * fmt.block_bytes)
    blocks = np.frombuffer(any_bytes, fmt.layout).reshape(40, 100)
    assert_same_weights(fmt.decode(blocks), ggml.decode(fmt, blocks))


@pytest.mark.parametrize("name", ["F16", "BF16"])
def test_all_patterns_of_16_bits_decode_as_in_ggml(name: str, ggml: LibGgml) -> None:
    fmt = FORMATS[name]
    blocks = np.arange(1 << 16, dtype="<u2").view(fmt.layout).reshape(1, -1)
    assert_same_weights(fmt.decode(blocks), ggml.decode(fmt, blocks))


@pytest.mark.parametrize("name", ["F16", "BF16"])
def test_everything_near_a_rounding_boundary_rounds_as_in_ggml(name: str, ggml: LibGgml) -> None:
    """All halves, the midpoints between neighbours, and their neighbours; infinities and NaN."""
    fmt = FORMATS[name]
    every = fmt.decode(np.arange(1 << 16, dtype="<u2").view(fmt.layout).reshape(1, -1))[0]
    finite = every[: np.flatnonzero(np.isinf(every))[0]]  # 0 and all positive ones, ascending
    middle = finite[:-1] / 2 + finite[1:] / 2
    around = [middle, np.nextafter(middle, np.float32(0)), np.nextafter(middle, finite[-1])]
    rows = np.concatenate([every, *around, *np.negative(around)])[None]
    assert np.array_equal(
        _bytes(fmt.encode(rows, encoder=Encoder.GGML)), _bytes(ggml.encode(fmt, rows))
    )


def assert_same_blocks(
    fmt: Format, rows: NDArray[np.float32], row: NDArray[np.float32] | None, ggml: LibGgml
) -> None:
    """The bytes of our blocks, with this importance, are those of ggml's."""
    ours, theirs = fmt.encode(rows, row, encoder=Encoder.GGML), ggml.encode(fmt, rows, row)
    if ggml.fuses:
        assert_close(fmt, rows, ours, theirs)
    else:
        different = _bytes(ours) != _bytes(theirs)
        assert not different.any(), f"{different.sum()} of {different.size} bytes differ"


def assert_same_weights(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
    """Every bit is the same, the sign of zero too; of a NaN only that it is one."""
    nan = np.isnan(theirs)
    assert np.array_equal(np.isnan(ours), nan)
    assert np.array_equal(ours.view(np.uint32)[~nan], theirs.view(np.uint32)[~nan])


def assert_close(
    fmt: Format,
    rows: NDArray[np.float32],
    ours: NDArray[np.void],
    theirs: NDArray[np.void],
) -> None:
    """What can be asked of a library that fuses: equal infinities and NaN, errors within bounds."""
    a, b = fmt.decode(ours), fmt.decode(theirs)
    finite = np.isfinite(b)
    assert np.array_equal(np.isfinite(a), finite)
    largest = np.abs(rows).reshape(-1, fmt.block).max(axis=1).repeat(fmt.block)
    allowed = 2 * fmt.worst_error * largest.reshape(rows.shape) + 2.0**-24
    assert (np.abs(a[finite] - b[finite]) <= allowed[finite]).all()


def _bytes(blocks: NDArray[np.void]) -> NDArray[np.uint8]:
    return blocks.reshape(-1).view(np.uint8)
