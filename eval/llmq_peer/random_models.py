"""Small random models of transformers' own classes, saved in shards."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

SIZES = {
    "vocab_size": 257,
    "hidden_size": 96,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.17,  # large, so that attention and the output are far from uniform
    "bos_token_id": None,
    "pad_token_id": None,
    "eos_token_id": 256,
}


def save_random_model(folder: Path, name: str, settings: Mapping[str, Any]) -> Any:
    """A random model of transformers' class `name`, saved in two or more shards."""
    torch.manual_seed(0)
    model_class = getattr(transformers, name)
    model = model_class(model_class.config_class(**{**SIZES, **settings})).eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:  # norms start at one and biases at zero: make them matter
            torch.nn.init.normal_(parameter, mean=float(parameter.detach().mean()), std=0.3)
    model.save_pretrained(folder, max_shard_size="200KB")
    assert len(list(folder.glob("*.safetensors"))) >= 2
    return model
