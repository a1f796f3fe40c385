"""One random model: what is not as in `llmq_peer.random_models.SIZES`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """Settings of the text model, and how many tokens both compute."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    n_tokens: int = 200
    """More than a window and than a chunk of a state."""
