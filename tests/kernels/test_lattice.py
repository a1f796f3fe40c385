"""Blocks that give back weights on the grid of Q4_0, whatever type these are stored in."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Encoder
from llmq_kernels.lattice import on_q4_0

TORCH = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
N = 3000


def rounded(values: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """What is left of values that are stored in this type."""
    return torch.from_numpy(values).to(TORCH[kind]).float().numpy()


def blocks_of_codes(highest: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Random halves (n, 1) and codes (n, 32) no farther from zero than `highest`."""
    rng = np.random.default_rng(seed)
    d = (rng.normal(size=(N, 1)) * 0.01).astype(np.float16).astype(np.float32)
    low, high = max(-highest, -8), min(highest, 7)
    return d, rng.integers(low, high + 1, (N, 32)).astype(np.float32)


@pytest.mark.parametrize("kind", TORCH)
@pytest.mark.parametrize("highest", [8, 7, 5, 3, 2, 1])
def test_every_block_on_the_grid_is_given_back(kind: str, highest: int) -> None:
    d, codes = blocks_of_codes(highest, highest)
    weights = rounded(d * codes, kind)
    blocks, exact = on_q4_0(weights, kind)
    assert exact.all()
    decoded = FORMATS["Q4_0"].decode(blocks[:, None])
    np.testing.assert_array_equal(rounded(decoded, kind), weights)


def test_scales_with_few_bits_are_given_back_as_they_are() -> None:
    """Where products are exact in BF16, the file's weights are the checkpoint's to the last bit."""
    rng = np.random.default_rng(3)
    d = np.ldexp(rng.integers(16, 32, (N, 1)).astype(np.float32), -12)
    weights = d * rng.integers(-8, 8, (N, 32)).astype(np.float32)
    blocks, exact = on_q4_0(weights, "BF16")
    assert exact.all()
    np.testing.assert_array_equal(FORMATS["Q4_0"].decode(blocks[:, None]), weights)


@pytest.mark.parametrize("kind", TORCH)
def test_a_weight_beside_the_grid_is_seen(kind: str) -> None:
    d, codes = blocks_of_codes(8, 1)
    weights = d * codes
    weights[:, 5] += d[:, 0] * np.float32(0.2)
    assert not on_q4_0(rounded(weights, kind), kind)[1].any()


def test_random_weights_lie_on_no_grid() -> None:
    weights = np.random.default_rng(0).normal(size=(N, 32)).astype(np.float32)
    for kind in TORCH:
        assert not on_q4_0(rounded(weights, kind), kind)[1].any()


def test_what_fits_no_half_lies_on_no_grid() -> None:
    codes = np.arange(32, dtype=np.float32)[None] % 16 - 8
    for scale in (2.0**17, 2.0**-26):
        assert not on_q4_0(codes * np.float32(scale), "BF16")[1].any()
    for value in (np.inf, np.nan):
        assert not on_q4_0(np.where(codes == 3, np.float32(value), codes), "BF16")[1].any()


def test_zeros_are_zeros() -> None:
    blocks, exact = on_q4_0(np.zeros((4, 32), np.float32), "BF16")
    assert exact.all()
    assert not FORMATS["Q4_0"].decode(blocks[:, None]).any()


def test_the_search_alone_would_lose_some() -> None:
    """Why the grid is looked for: the encoder does not always come back to it."""
    d, codes = blocks_of_codes(7, 4)
    weights = rounded(d * codes, "BF16")
    found = FORMATS["Q4_0"].decode(FORMATS["Q4_0"].encode(weights, encoder=Encoder.GGML))
    assert (rounded(found, "BF16") != weights).any()
