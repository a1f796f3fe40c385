"""A Llama in plain float64 torch, from the paper's formulas: what llama.cpp's numbers must be near.

transformers computes norms, rotations and softmax in float32 whatever the weights are.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

NAMES = {  # of a layer: in GGUF, in a checkpoint
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


class Llama64:
    """A checkpoint folder's model with tied embeddings and plain rotations, in float64."""

    def __init__(self, folder: Path) -> None:
        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text())
        stored = load_file(folder / "model.safetensors")
        self.weights = {name: tensor.double() for name, tensor in stored.items()}

    def with_weights_of(self, path: Path) -> "Llama64":
        """The same model with the weights of an F32 GGUF file."""
        other = object.__new__(Llama64)
        other.config = self.config
        other.weights = dict(_checkpoint_weights(path, self.config))
        return other

    def log_probabilities(self, tokens: Sequence[int]) -> NDArray[np.float64]:
        """ln p after each token, (len(tokens), n_vocab)."""
        w, eps = self.weights, self.config["rms_norm_eps"]
        x = w["model.embed_tokens.weight"][list(tokens)]
        for number in range(self.config["num_hidden_layers"]):
            layer = f"model.layers.{number}."
            x = x + self._attention(layer, _norm(x, w[f"{layer}input_layernorm.weight"], eps))
            h = _norm(x, w[f"{layer}post_attention_layernorm.weight"], eps)
            gate, up, down = (
                w[f"{layer}mlp.{name}_proj.weight"] for name in ("gate", "up", "down")
            )
            x = x + (torch.nn.functional.silu(h @ gate.T) * (h @ up.T)) @ down.T
        logits = _norm(x, w["model.norm.weight"], eps) @ w["model.embed_tokens.weight"].T
        return np.asarray(torch.log_softmax(logits, dim=-1))

    def _attention(self, layer: str, x: torch.Tensor) -> torch.Tensor:
        heads, groups = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        n, size = len(x), self.config["hidden_size"] // heads
        q, k, v = (x @ self.weights[f"{layer}self_attn.{name}_proj.weight"].T for name in "qkv")
        q = self._rotated(q.view(n, heads, size))  # (n, heads, size)
        k = self._rotated(k.view(n, groups, size)).repeat_interleave(heads // groups, dim=1)
        v = v.view(n, groups, size).repeat_interleave(heads // groups, dim=1)
        scores = torch.einsum("ihd,jhd->hij", q, k) / size**0.5
        seen = torch.ones(n, n, dtype=torch.bool).tril()
        shares = scores.masked_fill(~seen, -torch.inf).softmax(dim=-1)
        mixed = torch.einsum("hij,jhd->ihd", shares, v).reshape(n, heads * size)
        return mixed @ self.weights[f"{layer}self_attn.o_proj.weight"].T

    def _rotated(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[-1] // 2
        speeds = self.config["rope_theta"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(len(x), dtype=torch.float64)[:, None, None] * speeds  # (n, 1, half)
        a, b = x[..., :half], x[..., half:]
        cos, sin = angles.cos(), angles.sin()
        return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


def _norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    return x * torch.rsqrt((x * x).mean(dim=-1, keepdim=True) + eps) * weight


def _checkpoint_weights(path: Path, config: Mapping[str, Any]) -> Any:
    """Names and float64 tensors of an F32 file as a checkpoint has them."""
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    whole = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
    for tensor in gguf.GGUFReader(path).tensors:
        name = tensor.name.removesuffix(".weight")
        data = torch.from_numpy(np.array(tensor.data, np.float64))
        if name in whole:
            yield f"{whole[name]}.weight", data
            continue
        _, number, kind = name.split(".")
        if kind in heads:  # pairs of a rotation lie side by side in GGUF, half a head apart here
            pairs = data.view(heads[kind], -1, 2, data.shape[-1])
            data = pairs.transpose(1, 2).reshape(data.shape)
        yield f"model.layers.{number}.{NAMES[kind]}.weight", data
