"""GGUF files of large models with next to no rows: all that llama-quantize chooses types by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llmq.files.gguf import Metadata, encode_header, padded
from llmq.recipes.rules import Facts

DENSE = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
FUSED = ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
EXPERTS = ("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps")
SHARED = ("ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp")
ATTENTION = DENSE[:4]


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
        yield "token_embd.weight", (3, self.width)
        for layer in range(self.layers):
            yield f"blk.{layer}.attn_norm.weight", (self.width,)
            yield f"blk.{layer}.attn_v.bias", (self.width,)
            for name in self.matrices:
                rows = (self.experts, 2) if name.endswith("_exps") else (2,)
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
    "width 320": Skeleton(width=320, kv_heads=2),
    "width 320, tied": Skeleton(width=320, tied=True),
    "width 72": Skeleton(width=72),
}
