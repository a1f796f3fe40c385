"""Small random models of transformers' own classes, saved in shards."""

from collections.abc import Iterator, Mapping
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
    model = model_class(_config(model_class.config_class, {**SIZES, **settings})).eval()
    for parameter in (*model.parameters(), *_saved_buffers(model)):
        if parameter.dim() == 1:  # norms start at one and biases at zero: make them matter
            torch.nn.init.normal_(parameter, mean=float(parameter.detach().mean()), std=0.3)
    model.save_pretrained(folder, max_shard_size="200KB")
    assert len(list(folder.glob("*.safetensors"))) >= 2
    return model


def _config(config_class: Any, settings: Mapping[str, Any]) -> Any:
    """The settings as the class wants them: where the model has several parts, those of the text.

    Settings of the other parts are objects called `..._config`; the whole says whether it is tied.
    """
    if "text_config" not in config_class.sub_configs:
        return config_class(**settings)
    parts = {key: value for key, value in settings.items() if key.endswith("_config")}
    text = {key: value for key, value in settings.items() if key not in parts}
    tied = {key: value for key, value in settings.items() if key == "tie_word_embeddings"}
    return config_class(text_config=text, **parts, **tied)


def _saved_buffers(model: Any) -> Iterator[torch.Tensor]:
    """The buffers that a checkpoint holds."""
    saved = model.state_dict()
    yield from (buffer for name, buffer in model.named_buffers() if name in saved)
