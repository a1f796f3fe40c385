"""Which tensors a recipe leaves as they are.

The rules are those of `tensor_allows_quantization` in llama.cpp's src/llama-quant.cpp, without
those for encoders of text, images and sound.
"""

from collections.abc import Mapping
from math import prod

# Names of which a part is enough: norms, and matrices too small or too sensitive to be worth it.
PARTS = (
    "_norm.weight",
    "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight",  # the routers of experts
    "altup", "laurel", "per_layer_model_proj",  # Gemma 3n
    "ssm_conv1d", "shortconv.conv.weight",  # short convolutions
    "indexer.k_proj.weight", "indexer.q_proj.weight",  # MiniMax
    "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight",  # RWKV
    "time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight",
    "time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight",
    "time_mix_decay_w1.weight", "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight",
)  # fmt: skip
WHOLE = ("position_embd.weight", "token_types.weight")
PARTS_OF: Mapping[str, tuple[str, ...]] = {
    "glm5-next": (
        "hc_", "indexer.attn_q_b", "indexer.attn_k", "indexer.proj", "indexer_compressor_gate",
        "indexer_compressor_ape", "ssm_f_a.weight", "ssm_f_b.weight", "ssm_g_a.weight",
        "ssm_g_b.weight", "ssm_beta.weight", "attn_kv_a_mqa.weight", "attn_k_b.weight",
        "attn_v_b.weight",
    ),
}  # fmt: skip


def is_quantizable(name: str, shape: tuple[int, ...], architecture: str) -> bool:
    """Whether a recipe decides about the tensor: one or more matrices, not listed above."""
    parts = (*PARTS, *PARTS_OF.get(architecture, ()))
    kept = not name.endswith("weight") or name in WHOLE or any(part in name for part in parts)
    return prod(shape[:-1]) > 1 and not kept
