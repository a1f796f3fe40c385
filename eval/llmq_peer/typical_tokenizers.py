"""Which kinds of tokenizer the models of a family come with, and folders that have one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import decoders

from llmq.tokenizer.pre_tokenizer_table import STRUCTURES, Structure
from llmq_peer.gemma_tokenizers import gemma_json, save_gemma, save_gemma_json, train_gemma
from llmq_peer.tokenizer_folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)


def _sentencepiece(folder: Path) -> dict[str, Any]:
    return save_sentencepiece(folder, train_sentencepiece())


def _gemma(folder: Path) -> dict[str, Any]:
    """Both of its files, and the added tokens in a third, as they are published."""
    model = train_gemma()
    tokenizer = gemma_json(model)
    added = {
        str(number): {"content": token.content, "special": token.special}
        for number, token in tokenizer.get_added_tokens_decoder().items()
    }
    config = save_gemma(folder, model, added_tokens_decoder=added)
    tokenizer.save(str(folder / "tokenizer.json"))
    return config


def _gemma4(folder: Path) -> dict[str, Any]:
    turns = ("<start_of_turn>", "<end_of_turn>")
    # transformers adds <mask> where it is missing.
    tokenizer = gemma_json(train_gemma((*turns, "<mask>")), words=False, adds_bos=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    config = save_gemma_json(
        folder, tokenizer, model_type="gemma4", extra_special_tokens=list(turns)
    )
    # The converter leaves out rows that no token has, which no published model has.
    return config | {"vocab_size": tokenizer.get_vocab_size()}


def _phi4(folder: Path) -> dict[str, Any]:
    """The converter goes by the class, which says more than it means."""
    return save(folder, train_byte_level(_row("gpt-4o")), tokenizer_class="GPT2Tokenizer", **NAMED)


def _row(name: str) -> Structure:
    return next(row for row in STRUCTURES if row.name == name)


OTHERS: Mapping[str, Callable[[Path], dict[str, Any]]] = {
    "sentencepiece": _sentencepiece,
    "gemma": _gemma,
    "gemma4": _gemma4,
    "phi4": _phi4,
}
"""Kinds that are no rows of the table of structures."""
KINDS: Mapping[str, tuple[str, ...]] = {
    "Llama": ("sentencepiece", "llama-bpe"),
    "Mistral": ("sentencepiece", "tekken"),
    "Ministral": ("tekken",),
    "Ministral3": ("tekken",),
    "Mistral3": ("tekken",),
    "Qwen2": ("qwen2",),
    "Qwen3": ("qwen2",),
    "SmolLM3": ("llama-bpe",),
    "Phi3": ("sentencepiece", "phi4"),
    "Granite": ("smollm",),
    "Olmo2": ("dbrx",),
    "Olmo3": ("dbrx",),
    "Exaone4": ("gpt-2",),
    "Gemma": ("gemma",),
    "Gemma2": ("gemma",),
    "Gemma3": ("gemma",),
    "Gemma4": ("gemma4",),
    "Qwen2Moe": ("qwen2",),
    "Qwen3Moe": ("qwen2",),
    "Qwen3_5": ("qwen35",),
    "Qwen3_5Moe": ("qwen35",),
    "Qwen3VL": ("qwen2",),
    "Lfm2": ("llama-bpe",),
    "GraniteMoe": ("smollm",),
    "GraniteMoeHybrid": ("dbrx",),
}
"""By the beginning of the class's name: names of structures, or of OTHERS."""


def kinds_of(hf_name: str) -> tuple[str, ...]:
    """The kinds of a transformers class."""
    return KINDS[hf_name.removesuffix("ForCausalLM").removesuffix("ForConditionalGeneration")]


def save_tokenizer(folder: Path, kind: str) -> dict[str, Any]:
    """Write a trained tokenizer of this kind; the settings that a model has of it."""
    if kind in OTHERS:
        config = OTHERS[kind](folder)
    else:
        config = save(folder, train_byte_level(_row(kind)), **NAMED)
    known = ("vocab_size", "bos_token_id", "eos_token_id")
    return {key: value for key, value in config.items() if key in known}
