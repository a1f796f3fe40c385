"""GGUF files of large models with next to no rows: all that llama-quantize chooses types by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from llmq.files.gguf import Metadata, MetaValue, encode_header, padded
from llmq.recipes.rules import Facts

DENSE = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
FUSED = ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
EXPERTS = ("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps")
SHARED = ("ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp")
ATTENTION = DENSE[:4]
SEVERAL = ("_exps", "attn_k_b", "attn_v_b")  # one matrix for each expert or head
LATENT = (
    "attn_q_a",
    "attn_q_b",
    "attn_kv_a_mqa",
    "attn_k_b",
    "attn_v_b",
    "attn_kv_b",
    "attn_output",
)
INDEXER = ("indexer.attn_k", "indexer.attn_q_b", "indexer.proj")
SPARSE = (*INDEXER, "hc_attn_fn", "nextn.eh_proj", "ssm_beta", "ssm_f_a", "ssm_g_b")
LATENT_KEYS: Mapping[str, MetaValue] = {
    "attention.key_length_mla": np.uint32(32),
    "attention.value_length_mla": np.uint32(32),
    "attention.kv_lora_rank": np.uint32(32),
    "attention.q_lora_rank": np.uint32(32),
    "ssm.conv_kernel": np.uint32(4),
    "kda.head_dim": np.uint32(32),
    "kda.gate_lower_bound": np.float32(-5),
    "expert_feed_forward_length": np.uint32(32),
    "expert_shared_count": np.uint32(1),
    "leading_dense_block_count": np.uint32(0),
    "expert_gating_func": np.uint32(2),
}
SPARSE_KEYS: Mapping[str, MetaValue] = {
    **LATENT_KEYS,
    "attention.indexer.head_count": np.uint32(2),
    "attention.indexer.key_length": np.uint32(32),
    "attention.indexer.top_k": np.uint32(8),
    "attention.indexer.kpool": np.uint32(2),
    "hyper_connection.count": np.uint32(4),
    "hyper_connection.sinkhorn_iterations": np.uint32(2),
    "hyper_connection.epsilon": np.float32(1e-5),
}


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """The sizes of a model that types depend on, and its matrices in each layer."""

    architecture: str = "llama"
    layers: int = 16
    heads: int = 8
    kv_heads: int = 8
    experts: int = 0
    tied: bool = False
    width: int = 256
    matrices: tuple[str, ...] = DENSE
    others: tuple[str, ...] = ()
    """Matrices beside the layers."""
    keys: Mapping[str, MetaValue] = field(default_factory=dict)
    """What the architecture asks for besides; it may replace other keys."""

    @property
    def facts(self) -> Facts:
        """The model as the rules see it, without importance."""
        return Facts(
            architecture=self.architecture,
            n_layer=self.layers,
            n_head=self.heads,
            n_head_kv=self.kv_heads,
            n_expert=self.experts,
            tied=self.tied,
        )

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Its tensors, in the order of the file."""
        return dict(self._shapes())

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for name in ("token_embd", *self.others):
            yield f"{name}.weight", (3, self.width)
        for layer in range(self.layers):
            yield f"blk.{layer}.attn_norm.weight", (self.width,)
            yield f"blk.{layer}.attn_v.bias", (self.width,)
            for name in self.matrices:
                rows = (self.experts, 2) if name.endswith(SEVERAL) else (2,)
                yield f"blk.{layer}.{name}.weight", (*rows, self.width)
            if self.experts:
                yield f"blk.{layer}.ffn_gate_inp.weight", (self.experts, self.width)
        if not self.tied:
            yield "output.weight", (3, self.width)

    @property
    def metadata(self) -> Metadata:
        """What llama.cpp asks for before it chooses types."""
        numbers = {
            "context_length": 128,
            "embedding_length": self.width,
            "block_count": self.layers,
            "feed_forward_length": self.width,
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv_heads,
            **({"expert_count": self.experts, "expert_used_count": 2} if self.experts else {}),
        }
        name = self.architecture
        return {
            "general.architecture": name,
            **{f"{name}.{key}": np.uint32(value) for key, value in numbers.items()},
            f"{name}.attention.layer_norm_rms_epsilon": np.float32(1e-5),
            f"{name}.attention.layer_norm_epsilon": np.float32(1e-5),
            **{f"{name}.{key}": value for key, value in self.keys.items()},
        }

    def save(self, path: Path) -> Path:
        """Write the file, in F32, all weights zero."""
        records, end = [], 0
        for name, shape in self.shapes.items():
            records.append((name, shape, 0, end))
            end += padded(4 * int(np.prod(shape)))
        path.write_bytes(encode_header(self.metadata, records) + bytes(end))
        return path


SKELETONS = {
    "dense": Skeleton(),
    "tied": Skeleton(layers=22, tied=True),
    "grouped": Skeleton(layers=33, kv_heads=2),
    "65B": Skeleton(layers=80),
    "70B": Skeleton(layers=80, kv_heads=1),
    "qwen2 72B": Skeleton(architecture="qwen2", layers=80, kv_heads=4),
    "qwen3, 80 layers": Skeleton(architecture="qwen3", layers=80, kv_heads=1, tied=True),
    "fused": Skeleton(matrices=FUSED),
    "eight experts": Skeleton(experts=8, kv_heads=2, matrices=ATTENTION + EXPERTS),
    "eight experts, 80 layers": Skeleton(
        experts=8, kv_heads=2, layers=80, matrices=ATTENTION + EXPERTS
    ),
    "shared experts": Skeleton(experts=4, matrices=ATTENTION + EXPERTS + SHARED),
    "two of a kind": Skeleton(matrices=DENSE + SHARED),
    "falcon": Skeleton(architecture="falcon", layers=33, kv_heads=1, matrices=FUSED),
    "falcon, tied": Skeleton(
        architecture="falcon", layers=32, matrices=FUSED, tied=True, width=320
    ),
    "olmo, 80 layers": Skeleton(architecture="olmo", layers=80),
    "jais2, 68 layers": Skeleton(architecture="jais2", layers=68),
    "deci, heads by layer": Skeleton(
        architecture="deci",
        layers=80,
        keys={
            "attention.head_count": np.array([0, 8] * 40, np.int32),
            "attention.head_count_kv": np.array([0, 1] * 40, np.int32),
        },
    ),
    "gemma3n": Skeleton(
        architecture="gemma3n",
        tied=True,
        matrices=(*DENSE, "laurel_l", "altup_router", "inp_gate", "proj"),
        others=("per_layer_token_embd", "per_layer_model_proj", "altup_proj"),
        keys={
            "attention.sliding_window": np.uint32(32),
            "attention.sliding_window_pattern": np.uint32(5),
        },
    ),
    "gpt2": Skeleton(
        architecture="gpt2", tied=True, matrices=FUSED, others=("position_embd", "token_types")
    ),
    "bailingmoe3": Skeleton(
        architecture="bailingmoe3", experts=4, matrices=LATENT + EXPERTS, keys=LATENT_KEYS
    ),
    "glm5-next": Skeleton(
        architecture="glm5-next",
        experts=4,
        matrices=LATENT + EXPERTS + SPARSE,
        keys=SPARSE_KEYS,
    ),
    "rwkv6": Skeleton(
        architecture="rwkv6qwen2",
        matrices=("time_mix_w1", "time_mix_value", "time_mix_lerp_fused", "ffn_down"),
        keys={"attention.head_count": np.uint32(0), "attention.head_count_kv": np.uint32(0)}
        | {"wkv.head_size": np.uint32(64), "time_mix_extra_dim": np.uint32(32)}
        | {"time_decay_extra_dim": np.uint32(32), "token_shift_count": np.uint32(1)},
    ),
    "width 320": Skeleton(width=320, kv_heads=2),
    "width 320, tied": Skeleton(width=320, tied=True),
    "width 72": Skeleton(width=72),
}
