"""What holds for the tokenizers of one family of models alone; a value that the family brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmq.files.gguf import Metadata


@dataclass(frozen=True)
class FamilyRules:
    """What llama.cpp's converter does to the tokenizers of one family of models alone."""

    space_prefix: bool = False
    """Write `add_prefix_space` of tokenizer_config.json, before all other keys."""
    defaults: Mapping[int, Metadata] = field(default_factory=dict)
    """By size of the vocabulary, keys for a tokenizer that does not give them."""
    overrides: Mapping[int, Metadata] = field(default_factory=dict)
    """By size of the vocabulary, keys that count whatever the tokenizer gives."""


NO_RULES = FamilyRules()
