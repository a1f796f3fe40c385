"""What good and best will take: seconds and memory, from the plan's sizes alone.

Both are sums of a few terms whose sizes the plan knows; `COSTS` says what one of each takes. What
is said from it is a guess: other processors and other programs are not in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from llmq.encoding import STORED
from llmq.plan import Plan
from llmq.planned_tensor import PlannedTensor
from llmq.processors import cores
from llmq_kernels.feedback import GRIDS

# On two virtual Xeon cores with AVX-512: `llmq convert --quality best` on smoltutor (135 M weights,
# 32,768 tokens). Its processor time was 400 s in each of four recipes, its peak memory 2.8 GB. How
# the time divides is known from single products only.
CORES = 2
COSTS = {
    "forward": 1 / 110e9,  # seconds a floating-point operation: tokens through a layer
    "moments": 1 / 250e9,  # likewise: sums over tokens
    "feedback": 1 / 2.5e9,  # seconds for a weight and a column that its error is pushed into
}
START_SECONDS = 8  # torch, transformers, the trial of the file
FORWARDS = 2  # the base's stream and that of the quantized prefix
MOMENTS = 3  # sums for a group: of its input, of the input's drift, of the residual's error
BASE_BYTES = 500_000_000  # torch, transformers and the tokenizer
HELD = 4  # floats of a stream for a token and a column: of hidden states, and of the widest input
SQUARES = 6  # matrices of a group's width at a time: sums, the factor and what it is made of

# The matrices of a layer that share one input have one sum between them.
GROUPS = ("attn_(q|k|v|qkv)", "attn_output", "ffn_(gate|up)", "ffn_down")
LAYER, EMBEDDING = re.compile(r"blk\.(\d+)\."), "token_embd.weight"


@dataclass(frozen=True)
class Estimate:
    """Of all that is done before the conversion's loop, calibrating included where it is."""

    seconds: float
    memory_bytes: int
    n_tokens: int
    n_layers: int
    n_refined: int
    """Weights whose codes are refined."""
    states_bytes: int
    """Of the disk, while it is calibrated: hidden states to go on from, the last and the next."""

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "seconds": round(self.seconds),
            "memory_bytes": self.memory_bytes,
            "tokens": self.n_tokens,
            "layers": self.n_layers,
            "weights_refined": self.n_refined,
        }


def estimated(plan: Plan, n_tokens: int, *, calibrates: bool) -> Estimate:
    """What a plan's quality takes with so many tokens; `calibrates`: no file of them is given."""
    matrices = [t for t in plan.tensors if LAYER.match(t.name) and _is_matrix(t)]
    refined = refined_in(plan) if plan.quality.refine else []
    operations = 2 * n_tokens * sum(prod(tensor.shape) for tensor in matrices)
    squares = [tensors[0].shape[-1] ** 2 for tensors in _groups(refined)]
    passes = calibrates + FORWARDS * plan.quality.refine
    seconds = (
        COSTS["forward"] * operations * passes
        + COSTS["moments"] * 2 * n_tokens * sum(squares) * MOMENTS
        + COSTS["feedback"] * sum(prod(t.shape) * t.shape[-1] for t in refined)
    )
    width = next(t.shape[-1] for t in plan.tensors if t.name == EMBEDDING)
    layer = max((_layer_weights(matrices, str(n)) for n in range(_n_layers(plan))), default=0)
    states = n_tokens * width
    if plan.quality.refine:
        widest = max(tensor.shape[-1] for tensor in matrices)
        states = FORWARDS * HELD * n_tokens * (width + widest)
        layer *= FORWARDS
    memory = BASE_BYTES + 4 * (states + layer + SQUARES * max(squares, default=0))
    return Estimate(
        START_SECONDS + seconds * CORES / cores(),
        memory,
        n_tokens,
        _n_layers(plan),
        sum(prod(tensor.shape) for tensor in refined),
        2 * 4 * n_tokens * width,
    )


def refined_in(plan: Plan) -> list[PlannedTensor]:
    """The matrices whose codes are refined: those that multiply hidden states, in such formats."""
    return [
        tensor
        for tensor in plan.tensors
        if _is_matrix(tensor)
        and tensor.format.name in GRIDS
        and tensor.name != EMBEDDING
        and tensor.encoding.encoder != STORED
    ]


def _is_matrix(tensor: PlannedTensor) -> bool:
    return len(tensor.shape) == 2


def _groups(tensors: list[PlannedTensor]) -> Iterator[list[PlannedTensor]]:
    """The tensors that share an input."""
    found: dict[tuple[str, str], list[PlannedTensor]] = {}
    for tensor in tensors:
        layer = LAYER.match(tensor.name)
        for group in GROUPS:
            if layer and re.search(rf"\.{group}\.weight$", tensor.name):
                found.setdefault((layer[1], group), []).append(tensor)
    yield from found.values()


def _n_layers(plan: Plan) -> int:
    return plan.source.facts.n_layer


def _layer_weights(matrices: list[PlannedTensor], number: str) -> int:
    return sum(prod(t.shape) for t in matrices if t.name.startswith(f"blk.{number}."))
