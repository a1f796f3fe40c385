"""What holds for the tokenizers of one family of models alone; a value that the family brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmq.files.gguf import Metadata

ADD_SPACE_PREFIX = "tokenizer.ggml.add_space_prefix"


@dataclass(frozen=True)
class FamilyRules:
    """What llama.cpp's converter does to the tokenizers of one family of models alone."""

    space_prefix: bool = False
    """Write `add_prefix_space` of tokenizer_config.json, before all other keys."""
    merged_as: str | None = None
    """The tokenizer model of SentencePiece written as merges, where llama.cpp has one of its own.

    Such a one merges by the list of merges instead of by score.
    """
    visible: frozenset[str] = frozenset()
    """Special tokens that a program shall see in a reply, so that they are user-defined ones."""
    defaults: Mapping[int, Metadata] = field(default_factory=dict)
    """By size of the vocabulary, keys for a tokenizer that does not give them."""
    overrides: Mapping[int, Metadata] = field(default_factory=dict)
    """By size of the vocabulary, keys that count whatever the tokenizer gives."""
    last: Metadata = field(default_factory=dict)
    """Keys that count whatever the tokenizer gives, behind all others."""


NO_RULES = FamilyRules()
# conversion/gemma.py, in the classes' set_vocab.
GEMMA = FamilyRules(last={ADD_SPACE_PREFIX: False})
GEMMA4 = FamilyRules(
    merged_as="gemma4",
    visible=frozenset(
        {
            *("<|channel>", "<channel|>", '<|"|>'),
            *("<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>"),
        }
    ),
    # The published post-processor adds no bos, which every text shall begin with all the same.
    last={ADD_SPACE_PREFIX: False, "tokenizer.ggml.add_bos_token": True},
)
