"""The table of formats: each as its file describes it, and the encoders that serve it.

ggml's encoders take what ggml-quants.c passes to its functions for this type, the search its
candidates. An encoder more is a room beside them, a member of `Encoder`, and entries here.
"""

from dataclasses import dataclass, replace

from llmq_kernels import ggml, search
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Encode, Encoder, Format
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
from llmq_kernels.search import candidates, positive


@dataclass(frozen=True)
class _Plain:
    """Makes encoders that only store."""

    store: Encode

    def __call__(self, _n: int, _importance: Floats | None) -> Encode:
        return self.store


_TABLE = (
    replace(floats.F32, encoders={Encoder.GGML: _Plain(floats.store_f32)}),
    replace(floats.F16, encoders={Encoder.GGML: _Plain(floats.store_f16)}),
    replace(floats.BF16, encoders={Encoder.GGML: _Plain(floats.store_bf16)}),
    replace(
        q8_0.Q8_0,
        encoders={
            Encoder.GGML: ggml.SignedBytes(q8_0.store),
            Encoder.PORTABLE: search.PositiveBlocks(-127, 127, 0, positive.Q8_0, q8_0.store),
        },
    ),
    replace(
        q6_k.Q6_K,
        encoders={
            Encoder.GGML: ggml.SignedScales(q6_k.store),
            Encoder.SEARCH: search.ScaleSuperblocks(
                search.Integers(32),
                candidates.Q6_K,
                q6_k.store,
                groups=16,
                k=16,
                limit=128,
                units=1,
                bias=0,
            ),
        },
    ),
    replace(
        q5_1.Q5_1,
        encoders={
            Encoder.GGML: ggml.AffineBlocks(31, q5_1.store),
            Encoder.SEARCH: search.AffineBlocks(31, candidates.Q5_1, q5_1.store),
        },
    ),
    replace(
        q5_0.Q5_0,
        encoders={
            Encoder.GGML: ggml.SymmetricBlocks(16, q5_0.store),
            Encoder.SEARCH: search.ScaleBlocks(search.Integers(16), candidates.Q5_0, q5_0.store),
        },
    ),
    replace(
        q5_k.Q5_K,
        encoders={
            Encoder.GGML: ggml.AffineSuperblocks(
                q5_k.GROUPS, ggml.Steps(-0.5, 0.1, 16), q5_k.as_stored, q5_k.store
            ),
            Encoder.SEARCH: search.AffineSuperblocks(q5_k.GROUPS, candidates.Q5_K, q5_k.store),
        },
    ),
    replace(
        q4_1.Q4_1,
        encoders={
            Encoder.GGML: ggml.AffineBlocks(15, q4_1.store),
            Encoder.SEARCH: search.AffineBlocks(15, candidates.Q4_1, q4_1.store),
        },
    ),
    replace(
        q4_0.Q4_0,
        encoders={
            Encoder.GGML: ggml.SymmetricBlocks(8, q4_0.store),
            Encoder.SEARCH: search.ScaleBlocks(search.Integers(8), candidates.Q4_0, q4_0.store),
            Encoder.PORTABLE: search.PositiveBlocks(-8, 7, 8, positive.Q4_0, q4_0.store),
        },
    ),
    replace(
        q4_k.Q4_K,
        encoders={
            Encoder.GGML: ggml.AffineSuperblocks(
                q4_k.GROUPS, ggml.Steps(-1, 0.1, 21), six_bits.as_stored, q4_k.store
            ),
            Encoder.SEARCH: search.AffineSuperblocks(q4_k.GROUPS, candidates.Q4_K, q4_k.store),
        },
    ),
    replace(
        iq4_nl.IQ4_NL,
        encoders={
            Encoder.GGML: ggml.CodebookBlocks(iq4_nl.store),
            Encoder.SEARCH: search.ScaleBlocks(search.Codebook(), candidates.IQ4, iq4_nl.store),
        },
    ),
    replace(nvfp4.NVFP4, encoders={Encoder.GGML: ggml.FloatScales(nvfp4.store)}),
    replace(
        iq4_xs.IQ4_XS,
        encoders={
            Encoder.GGML: ggml.CodebookSuperblocks(iq4_xs.GROUPS, iq4_xs.store),
            Encoder.SEARCH: search.ScaleSuperblocks(
                search.Codebook(),
                candidates.IQ4,
                iq4_xs.store,
                groups=iq4_xs.GROUPS,
                k=32,
                limit=32,
                units=3,
                bias=32,
            ),
        },
    ),
    replace(mxfp4.MXFP4, encoders={Encoder.GGML: ggml.PowerOfTwoScales(mxfp4.store)}),
    replace(
        q3_k.Q3_K,
        encoders={
            Encoder.GGML: ggml.SixBitScales(q3_k.store),
            Encoder.SEARCH: search.ScaleSuperblocks(
                search.Integers(4),
                candidates.Q3_K,
                q3_k.store,
                groups=16,
                k=16,
                limit=32,
                units=12,
                bias=32,
            ),
        },
    ),
    replace(
        q2_k.Q2_K,
        encoders={
            Encoder.GGML: ggml.AffineSuperblocks(
                q2_k.GROUPS,
                ggml.Steps(-0.5, 0.1, 16),
                q2_k.as_stored,
                q2_k.store,
                absolute=True,
                weigh=ggml.magnitude,
                mean_squares=1,
            ),
            Encoder.SEARCH: search.AffineSuperblocks(q2_k.GROUPS, candidates.Q2_K, q2_k.store),
        },
    ),
)

FORMATS: dict[str, Format] = {entry.name: entry for entry in _TABLE}
"""Every format by its name, from the widest to the narrowest."""
