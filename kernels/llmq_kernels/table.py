"""The table of formats: each as its file describes it, and the encoders that serve it.

`ggml` takes what ggml-quants.c passes to its functions for this type; `search` takes candidates.
"""

from dataclasses import dataclass, replace

from llmq_kernels import ggml, search
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Encode, Format
from llmq_kernels.formats import (
    floats,
    iq4_nl,
    iq4_xs,
    mxfp4,
    nvfp4,
    q2_k,
    q3_k,
    q4_0,
    q4_1,
    q4_k,
    q5_0,
    q5_1,
    q5_k,
    q6_k,
    q8_0,
    six_bits,
)
from llmq_kernels.search import candidates


@dataclass(frozen=True)
class _Plain:
    """Makes encoders that only store."""

    store: Encode

    def __call__(self, _n: int, _importance: Floats | None) -> Encode:
        return self.store


_TABLE = (
    replace(floats.F32, ggml=_Plain(floats.store_f32)),
    replace(floats.F16, ggml=_Plain(floats.store_f16)),
    replace(floats.BF16, ggml=_Plain(floats.store_bf16)),
    replace(q8_0.Q8_0, ggml=ggml.SignedBytes(q8_0.store)),
    replace(
        q6_k.Q6_K,
        ggml=ggml.SignedScales(q6_k.store),
        search=search.ScaleSuperblocks(
            search.Integers(32),
            candidates.Q6_K,
            q6_k.store,
            groups=16,
            k=16,
            limit=128,
            units=1,
            bias=0,
        ),
    ),
    replace(
        q5_1.Q5_1,
        ggml=ggml.AffineBlocks(31, q5_1.store),
        search=search.AffineBlocks(31, candidates.Q5_1, q5_1.store),
    ),
    replace(
        q5_0.Q5_0,
        ggml=ggml.SymmetricBlocks(16, q5_0.store),
        search=search.ScaleBlocks(search.Integers(16), candidates.Q5_0, q5_0.store),
    ),
    replace(
        q5_k.Q5_K,
        ggml=ggml.AffineSuperblocks(
            q5_k.GROUPS, ggml.Steps(-0.5, 0.1, 16), q5_k.as_stored, q5_k.store
        ),
        search=search.AffineSuperblocks(q5_k.GROUPS, candidates.Q5_K, q5_k.store),
    ),
    replace(
        q4_1.Q4_1,
        ggml=ggml.AffineBlocks(15, q4_1.store),
        search=search.AffineBlocks(15, candidates.Q4_1, q4_1.store),
    ),
    replace(
        q4_0.Q4_0,
        ggml=ggml.SymmetricBlocks(8, q4_0.store),
        search=search.ScaleBlocks(search.Integers(8), candidates.Q4_0, q4_0.store),
    ),
    replace(
        q4_k.Q4_K,
        ggml=ggml.AffineSuperblocks(
            q4_k.GROUPS, ggml.Steps(-1, 0.1, 21), six_bits.as_stored, q4_k.store
        ),
        search=search.AffineSuperblocks(q4_k.GROUPS, candidates.Q4_K, q4_k.store),
    ),
    replace(
        iq4_nl.IQ4_NL,
        ggml=ggml.CodebookBlocks(iq4_nl.store),
        search=search.ScaleBlocks(search.Codebook(), candidates.IQ4, iq4_nl.store),
    ),
    replace(nvfp4.NVFP4, ggml=ggml.FloatScales(nvfp4.store)),
    replace(
        iq4_xs.IQ4_XS,
        ggml=ggml.CodebookSuperblocks(iq4_xs.GROUPS, iq4_xs.store),
        search=search.ScaleSuperblocks(
            search.Codebook(),
            candidates.IQ4,
            iq4_xs.store,
            groups=iq4_xs.GROUPS,
            k=32,
            limit=32,
            units=3,
            bias=32,
        ),
    ),
    replace(mxfp4.MXFP4, ggml=ggml.PowerOfTwoScales(mxfp4.store)),
    replace(
        q3_k.Q3_K,
        ggml=ggml.SixBitScales(q3_k.store),
        search=search.ScaleSuperblocks(
            search.Integers(4),
            candidates.Q3_K,
            q3_k.store,
            groups=16,
            k=16,
            limit=32,
            units=12,
            bias=32,
        ),
    ),
    replace(
        q2_k.Q2_K,
        ggml=ggml.AffineSuperblocks(
            q2_k.GROUPS,
            ggml.Steps(-0.5, 0.1, 16),
            q2_k.as_stored,
            q2_k.store,
            absolute=True,
            weigh=ggml.magnitude,
            mean_squares=1,
        ),
        search=search.AffineSuperblocks(q2_k.GROUPS, candidates.Q2_K, q2_k.store),
    ),
)

FORMATS: dict[str, Format] = {entry.name: entry for entry in _TABLE}
"""Every format by its name, from the widest to the narrowest."""
