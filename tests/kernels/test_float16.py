"""Rounding to half precision is IEEE's, around every half there is."""

import numpy as np

from llmq_kernels.arrays.float16 import from_f16, to_f16

EVERY = np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def test_floats_become_the_nearest_half() -> None:
    every = EVERY[~np.isnan(EVERY)].astype(np.float32)
    finite = np.sort(every[np.isfinite(every)])
    middles = (finite[1:] + finite[:-1]) / 2
    around = [np.nextafter(middles, np.float32(side)) for side in (-np.inf, np.inf)]
    tiny = np.ldexp(np.float32(1.5), np.arange(-149, -20))
    beyond = np.nextafter(np.float32(65520), np.array([0, np.inf], np.float32))
    values = np.concatenate([every, middles, *around, tiny, -tiny, beyond, [65520, 3e38, -3e38]])
    values = values.astype(np.float32)
    with np.errstate(over="ignore"):
        expected = values.astype(np.float16)
    assert np.array_equal(to_f16(values).view(np.uint16), expected.view(np.uint16))


def test_a_nan_keeps_its_sign() -> None:
    values = np.array([0x7F800001, 0xFFFFFFFF], np.uint32).view(np.float32)
    assert to_f16(values).view(np.uint16).tolist() == [0x7E00, 0xFE00]


def test_halves_are_floats() -> None:
    every = np.empty(EVERY.shape, np.float32)
    from_f16(EVERY, every)
    assert np.array_equal(every, EVERY.astype(np.float32), equal_nan=True)
