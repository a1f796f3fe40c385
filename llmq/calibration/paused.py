"""A layer's computation that stops in the middle, at each group of matrices, until told to go on.

Between two groups matrices are settled, and no layer of transformers can be left and entered again.
So each computation has a thread of its own, of which one works at a time: what it holds at a stop
is little (a group's input and the residual stream), and nothing has to be computed twice.
"""

import ctypes
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from llmq.calibration.streaming import Layer, Reached, hooked

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

# glibc's malloc.h, and bytes.
ARENAS_MOST, MAPPED_ABOVE, LARGE = -8, -3, 16 << 20


def share_memory() -> None:
    """Let threads take memory from one place, and give back at once what is large.

    glibc would give each thread a place of its own, where what it frees stays; all of them together
    would hold several times as much as the one that is at work.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(ARENAS_MOST, 1)
            mallopt(MAPPED_ABOVE, LARGE)


class Paused:
    """`layer` on hidden states (n, window, width); it begins, and stops, where `go_on` is called.

    `stops` are the matrices, one of each group, at whose input it waits.
    """

    def __init__(self, layer: Layer, hidden: "Tensor", stops: tuple[str, ...]) -> None:
        self.input = hidden
        """What the group that was reached is multiplied with."""
        self.residual = hidden
        """What was normed last before: the stream to which a matrix of as many rows adds."""
        self.result = hidden
        """The hidden states behind the layer, in the end."""
        self._layer, self._stops = layer, stops
        self._turns = threading.Semaphore(0), threading.Semaphore(0)  # ours, the caller's
        self._left = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._compute, args=(hidden,), daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        """Compute up to the next group, or to the end."""
        self._turns[0].release()
        self._turns[1].acquire()
        if self._error is not None:
            raise self._error

    def leave(self) -> None:
        """End it where it is."""
        self._left = True
        self._turns[0].release()
        self._thread.join()

    def _compute(self, hidden: "Tensor") -> None:
        self._turns[0].acquire()
        try:
            if not self._left:
                with hooked(self._hooks(hidden)):
                    self.result = self._layer(hidden)
        except Reached:
            pass
        except BaseException as error:  # the caller's to handle
            self._error = error
        self._turns[1].release()

    def _hooks(self, hidden: "Tensor") -> Mapping["Module", Any]:
        def stop(_module: "Module", inputs: tuple["Tensor", ...]) -> None:
            if threading.current_thread() is not self._thread:
                return  # another computation of the same layer
            self.input = inputs[0]
            self._turns[1].release()
            self._turns[0].acquire()
            if self._left:
                raise Reached

        def note(_module: "Module", inputs: tuple["Tensor", ...]) -> None:
            ours = threading.current_thread() is self._thread
            if ours and inputs[0].shape == hidden.shape:  # and not that of heads
                self.residual = inputs[0]

        linears = self._layer.linears()
        return {
            **dict.fromkeys(self._layer.norms(), note),
            **{linears[name]: stop for name in self._stops},
        }
