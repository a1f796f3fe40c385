"""How a file is computed with: as a measurement needs it, or as a device does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class CacheType(NamedTuple):
    """A type of keys and values: its number in enum ggml_type, and the bytes that each takes."""

    number: int
    n_bytes: float


CACHE_TYPES: Mapping[str, CacheType] = {
    "F32": CacheType(0, 4),
    "F16": CacheType(1, 2),
    "Q8_0": CacheType(8, 34 / 32),
    "Q4_0": CacheType(2, 18 / 32),
}
ALL_LAYERS = -1  # llama.h: "a negative value means all layers"


@dataclass(frozen=True)
class How:
    """The type of keys and values, a key of CACHE_TYPES, and the layers that a GPU computes.

    `exact`: nothing depends on where a batch ends, neither a token's logits nor any figure. Flash
    attention adds in another order for every size of batch, and copies of weights that are laid out
    for four tokens at a time (extra buffer types) treat the last one to three otherwise.
    """

    cache_type: str = "F16"
    gpu_layers: int = 0
    exact: bool = False

    @property
    def on_device(self) -> "How":
        """How a device runs what is measured exactly: as a chat does."""
        return CHAT if self.exact else self


CHAT = How()
EXACT = How("F32", exact=True)
