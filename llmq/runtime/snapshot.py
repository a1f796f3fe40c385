"""A copy of a model's states, to go back to: what a delta net or a convolution keeps of a text.

Keys and values of the last tokens can be dropped, but a state has forgotten what it was before
(`llama_memory_recurrent::seq_rm`). Without a copy a chat reads everything again in each turn in
which the template writes the last reply otherwise than it opened it: Qwen 3.5's leaves the empty
thoughts out. Keys and values are not in it (LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY in llama.h).
"""

import ctypes
from dataclasses import dataclass
from typing import Any, Self

from llmq.runtime.binding import library

STATES_ALONE = 1  # LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
SEQUENCE = 0
OPENING_TOKENS = 32  # more than any template opens a reply with


def has_states(model: Any) -> bool:
    """Whether some layers of llama.cpp's `model` keep a state."""
    lib = library()
    return bool(lib.llama_model_is_hybrid(model) or lib.llama_model_is_recurrent(model))


@dataclass(frozen=True)
class Snapshot:
    """The states after the first `n_read` tokens of what was read."""

    n_read: int
    data: Any

    @classmethod
    def take(cls, context: Any, n_read: int) -> Self | None:
        """The states of `context`; None where llama.cpp gives none."""
        lib = library()
        size = lib.llama_state_seq_get_size_ext(context, SEQUENCE, STATES_ALONE)
        data = (ctypes.c_uint8 * size)()
        got = lib.llama_state_seq_get_data_ext(context, data, size, SEQUENCE, STATES_ALONE)
        return cls(n_read, data) if got == size > 0 else None

    def restore(self, context: Any) -> bool:
        """Put the states back and drop the keys and values behind them; whether that was done."""
        lib, size = library(), len(self.data)
        memory = lib.llama_get_memory(context)
        got = lib.llama_state_seq_set_data_ext(context, self.data, size, SEQUENCE, STATES_ALONE)
        return got == size and bool(lib.llama_memory_seq_rm(memory, SEQUENCE, self.n_read, -1))
