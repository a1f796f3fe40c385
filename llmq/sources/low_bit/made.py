"""How a matrix of integers is taken: as blocks where it lies on their grid, else decoded."""

from math import prod

from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.blocks import CODES_IN_BLOCK, CodedWeights, Q4Blocks, exact_in_f16
from llmq.sources.low_bit.decoded_weights import ROUNDED, DecodedWeights
from llmq.sources.low_bit.integers import Integers, Layout
from llmq.sources.low_bit.parts import Parts, whole
from llmq.weights import Weights


def integers(
    parts: Parts,
    shape: tuple[int, ...],
    layout: Layout,
    scale: TensorRef,
    *,
    four_bit: bool,
    groups: int | None = None,
) -> Weights:
    """The matrix of these integers; `four_bit` tells whether they are symmetric ones of 4 bits.

    Scales that are no halves are seen by reading them: they are few beside the codes.
    """
    if scale.dtype not in ROUNDED:
        raise parts.error(f"has scales of the type {scale.dtype}, and only floating point is read")
    n_in = shape[-1]
    if groups is None:
        groups = scale.shape[-1] if len(scale.shape) > 1 else 1
        if prod(scale.shape) not in (1, prod(shape[:-1]) * groups) or not groups or n_in % groups:
            raise parts.error(
                f"has the shape {list(shape)} and scales {list(scale.shape)}, which do not fit each"
                " other; fetch the checkpoint again"
            )
    on_grid = (
        four_bit
        and n_in % (groups * CODES_IN_BLOCK) == 0
        and layout.group_of(n_in, groups) is None
        and (scale.dtype == "F16" or exact_in_f16(whole(scale)))
    )
    if on_grid:
        return CodedWeights(parts.name, "Q4_0", shape, parts.file, Q4Blocks(parts.name, layout))
    return DecodedWeights(parts.name, scale.dtype, shape, parts.file, Integers(layout))
