"""Which files of a model on the hub are needed: settings, tokenizer, weights, never code."""

import re
from collections.abc import Iterable

WEIGHTS = re.compile(r"[\w.-]+\.safetensors")
SETTINGS = re.compile(
    r"config\.json|generation_config\.json|[\w.-]+\.safetensors\.index\.json|adapter_config\.json"
    r"|tokenizer\.json|tokenizer\.model|tokenizer_config\.json|special_tokens_map\.json"
    r"|added_tokens\.json|vocab\.json|merges\.txt|tekken\.json|params\.json"
    r"|chat_template\.(?:jinja|json)|additional_chat_templates/[\w-]+\.jinja|README\.md"
)
# Weights in another arrangement, beside which those that config.json describes stand as well.
OTHER_WEIGHTS = re.compile(r"consolidated.*\.safetensors")


def needed(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """What to fetch of a repository: the small files, and the weights; both sorted.

    >>> needed(["README.md", "config.json", "model.py", "model.safetensors", "pytorch_model.bin"])
    (['README.md', 'config.json'], ['model.safetensors'])
    >>> needed(["model.safetensors", "consolidated.safetensors", "onnx/model.safetensors"])[1]
    ['model.safetensors']
    >>> needed(["model.safetensors", "model.fp16.safetensors", "adapter_model.safetensors"])[1]
    ['adapter_model.safetensors', 'model.safetensors']
    """
    known = sorted(names)
    small = [name for name in known if SETTINGS.fullmatch(name)]
    weights = [name for name in known if WEIGHTS.fullmatch(name)]
    plain = [name for name in weights if not OTHER_WEIGHTS.fullmatch(name)]
    models = [name for name in plain if re.fullmatch(r"(?:adapter_)?model[.-].*", name)]
    twins = [name for name in models if not _is_variant(name, models)]
    return small, twins or plain or weights


def _is_variant(name: str, models: list[str]) -> bool:
    """Whether it has another file's weights in another precision, as model.fp16.safetensors."""
    plain = re.sub(r"\.[a-z]+\d+(?=[.-])", "", name, count=1)
    return plain != name and plain in models
