"""Choosing among several tries to round the same columns of weights.

A try's codes fit the weights best with the scale fit / power, where fit is the sum of
weight * x * code and power the sum of weight * code^2; fit^2 / power is the error it avoids.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.select import replace


class Tries:
    """What each of a number of tries found for n columns: `fit` and `power`, (number, n)."""

    def __init__(self, number: int, n: int) -> None:
        self.fit, self.power = buffer((2, number, n))
        self._qualities, self._squares = buffer((2, number, n))
        self._best, self._rest = buffer((2, n))
        self._better = np.zeros((number, n), np.bool_)
        self._numbers = np.arange(number, dtype=np.uint8)[:, None]
        self._columns = np.arange(n)

    def best(self) -> tuple[NDArray[np.intp], Floats]:
        """The try (n,) that survives and its scale, when each has to fit better than the survivor.

        Better is fit^2 > best * power, where best = (fit / power) * fit of the survivor. That
        includes ggml's second condition: where power is 0 (or NaN), so is fit, and 0 > 0 is false.
        As in ggml the first try needs nothing to survive, and its scale is 0 where its power is.
        """
        survivor = self._survivor()
        places = survivor * len(self._columns) + self._columns
        power = np.take(self.power, places)
        scale = np.take(self.fit, places) / power
        scale[power == 0] = 0
        return survivor, scale

    def _survivor(self) -> NDArray[np.intp]:
        qualities = np.divide(self.fit, self.power, out=self._qualities)
        qualities[0, self.power[0] == 0] = 0
        qualities *= self.fit
        squares = np.multiply(self.fit, self.fit, out=self._squares)
        best = self._best
        best[...] = qualities[0]
        for power, square, quality, better in zip(
            self.power[1:], squares[1:], qualities[1:], self._better[1:], strict=True
        ):
            np.greater(square, np.multiply(best, power, out=self._rest), out=better)
            replace(better, (best, quality))
        last: Bytes = np.maximum.reduce(self._better.view(np.uint8) * self._numbers, axis=0)
        return last.astype(np.intp)
