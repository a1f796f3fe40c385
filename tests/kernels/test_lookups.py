"""Where a rounding that is looked up could go wrong: beside every border of the tables."""

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Encoder
from llmq_kernels.arrays.codebook import MIDDLES
from llmq_kernels.ggml.codebook import HALF, RANGES, TARGETS
from llmq_peer.libggml import LibGgml
from tests.kernels.distributions import importance
from tests.kernels.test_exactness import assert_same_blocks

MIDDLES_OF_E2M1 = (0.5, 1.5, 2.5, 3.5, 5, 7, 10)


def _rng() -> np.random.Generator:
    return np.random.default_rng(20240601)


def _nudged(rows: NDArray[np.float64], by: int) -> NDArray[np.float32]:
    """Move every weight by up to `by` of the smallest steps."""
    nudged = rows.astype(np.float32)
    nudged.view(np.int32)[...] += _rng().integers(-by, by + 1, rows.shape, np.int32) * (nudged != 0)
    return nudged


def test_just_below_a_power_of_two_the_scale_of_mxfp4_is_ggmls(ggml: LibGgml) -> None:
    powers = np.arange(1, 256, dtype=np.uint32)[:, None] << 23
    largest = (powers - np.arange(200, dtype=np.uint32)).reshape(-1, 1).view(np.float32)
    largest = largest[np.isfinite(largest)][:, None]
    rows = largest * np.linspace(-1, 1, 32, dtype=np.float32)
    assert_same_blocks(FORMATS["MXFP4"], rows, None, ggml)


@pytest.mark.parametrize("name", ["MXFP4", "NVFP4"])
def test_the_middle_of_two_numbers_is_rounded_as_ggml_does(name: str, ggml: LibGgml) -> None:
    scales = np.ldexp(1 + np.arange(8) / 8, np.arange(-20, 9)[:, None]).reshape(-1, 1)
    signs = _rng().choice([-1, 1], (100 * len(scales), 64))
    rows = _rng().choice(MIDDLES_OF_E2M1, signs.shape) * signs
    rows[:, ::16] = 12
    rows *= np.tile(scales, (100, 1))
    assert_same_blocks(FORMATS[name], _nudged(rows, 1), None, ggml)


@pytest.mark.parametrize("name", ["IQ4_NL", "IQ4_XS"])
@pytest.mark.parametrize("weighted", [False, True])
def test_beside_the_borders_of_all_tries_the_search_finds_what_ggml_does(
    name: str, weighted: bool, ggml: LibGgml
) -> None:
    rng = _rng()
    shape = (1 << 10, 256)
    ratios = np.where(
        rng.random(shape) < 0.8,
        rng.choice(MIDDLES, shape) / 2 / rng.choice(TARGETS, shape),
        rng.integers(0, RANGES + 1, shape) / float(HALF) - 1,
    )
    ratios[:, ::32] = 1
    rows = _nudged(np.clip(ratios, -1, 1) * np.exp(rng.uniform(-30, 30, (shape[0], 1))), 3)
    assert_same_blocks(
        FORMATS[name], rows, importance("activations", 256) if weighted else None, ggml
    )


@pytest.mark.parametrize("name", ["MXFP4", "NVFP4"])
def test_a_format_that_saturates_reports_weights_beyond_its_largest(name: str) -> None:
    fmt = FORMATS[name]
    rows = np.ones((3, 256), np.float32)
    rows[1, 100] = -1.01 * fmt.largest
    assert (
        fmt.overflowed(fmt.encode(rows, encoder=Encoder.GGML), rows)
        == 256 // fmt.block + 100 // fmt.block
    )
