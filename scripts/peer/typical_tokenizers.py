"""Which kinds of tokenizer the models of a family come with, and folders that have one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_peer.tokenizer_folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)

SENTENCEPIECE = "sentencepiece"
KINDS: Mapping[str, tuple[str, ...]] = {
    "Llama": (SENTENCEPIECE, "llama-bpe"),
    "Mistral": (SENTENCEPIECE, "tekken"),
    "Ministral": ("tekken",),
    "Ministral3": ("tekken",),
    "Mistral3": ("tekken",),
    "Qwen2": ("qwen2",),
    "Qwen3": ("qwen2",),
    "SmolLM3": ("llama-bpe",),
    "Phi3": (SENTENCEPIECE, "gpt-4o"),
    "Granite": ("smollm",),
    "Olmo2": ("dbrx",),
    "Olmo3": ("dbrx",),
    "Exaone4": ("gpt-2",),
    "Gemma": (SENTENCEPIECE,),
    "Gemma2": (SENTENCEPIECE,),
    "Gemma3": (SENTENCEPIECE,),
    "Gemma4": (SENTENCEPIECE,),
    "Qwen2Moe": ("qwen2",),
    "Qwen3Moe": ("qwen2",),
    "Qwen3_5": ("qwen35",),
    "Lfm2": ("llama-bpe",),
    "GraniteMoe": ("smollm",),
    "GraniteMoeHybrid": ("dbrx",),
}
"""By the beginning of the class's name: one of the structures, or SentencePiece."""


def kinds_of(hf_name: str) -> tuple[str, ...]:
    """The kinds of a transformers class."""
    return KINDS[hf_name.removesuffix("ForCausalLM").removesuffix("ForConditionalGeneration")]


def save_tokenizer(folder: Path, kind: str) -> dict[str, Any]:
    """Write a trained tokenizer of this kind; the settings that a model has of it."""
    if kind == SENTENCEPIECE:
        config = save_sentencepiece(folder, train_sentencepiece())
    else:
        row = next(row for row in STRUCTURES if row.name == kind)
        config = save(folder, train_byte_level(row), **NAMED)
    known = ("vocab_size", "bos_token_id", "eos_token_id")
    return {key: value for key, value in config.items() if key in known}
