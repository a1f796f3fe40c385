"""Scales that other runtimes can hold: positive, exact in bfloat16, and hardly any error more."""

import numpy as np
import pytest

from llmq_kernels import FORMATS, Encoder
from llmq_kernels.search.positive import exact
from tests.kernels.distributions import DISTRIBUTIONS, importance, weights

PORTABLE = ("Q4_0", "Q8_0")
MORE = {"Q4_0": 1.2, "Q8_0": 1.02}
"""How the squared error may compare with that of scales of either sign and of all bits."""


def bits(values: np.ndarray) -> np.ndarray:
    """The bits of values as float32."""
    return np.ascontiguousarray(values, np.float32).view(np.uint32)


def test_which_formats_have_it() -> None:
    assert tuple(n for n, f in FORMATS.items() if Encoder.PORTABLE in f.encoders) == PORTABLE[::-1]


@pytest.mark.parametrize("name", PORTABLE)
@pytest.mark.parametrize("family", DISTRIBUTIONS)
def test_scales_are_positive_and_exact(family: str, name: str) -> None:
    rows = weights(family, 1 << 16)
    for row in (None, importance("activations", rows.shape[1])):
        scales = FORMATS[name].encode(rows, row, encoder=Encoder.PORTABLE)["d"]
        assert (scales > 0).all()
        assert not (bits(scales) & 0xFFFF).any()


@pytest.mark.parametrize("name", PORTABLE)
def test_the_error_is_close_to_that_of_any_scales(name: str) -> None:
    fmt, rows = FORMATS[name], weights("normal", 1 << 18)
    row = importance("activations", rows.shape[1])
    for weighed in (None, row):
        errors = [
            float(np.sum((1 if weighed is None else weighed) * (fmt.decode(blocks) - rows) ** 2))
            for blocks in (
                fmt.encode(rows, weighed, encoder=encoder)
                for encoder in (Encoder.PORTABLE, fmt.encoder_for(Encoder.SEARCH))
            )
        ]
        assert errors[0] <= MORE[name] * errors[1]


def test_exact_scales_are_near() -> None:
    """Half a step of eight bits away, or half of the least half."""
    halves = np.arange(1, 0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    both = halves[bits(halves) & 0xFFFF == 0]
    np.testing.assert_array_equal(exact(both), both)
    generator = np.random.default_rng(0)
    some = np.exp(generator.uniform(np.log(both[0]), np.log(both[-1]), 4000)).astype(np.float32)
    assert np.isin(exact(some), both).all()
    np.testing.assert_allclose(exact(some), some, rtol=2**-8, atol=2**-25)
    assert exact(np.zeros(1, np.float32))[0] == 2.0**-24
