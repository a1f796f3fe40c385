"""The folders that cases change: random models of four families, tokenizers of three kinds."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tokenizers import AddedToken, Tokenizer, normalizers, processors
from transformers import AutoTokenizer

from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_peer.random_models import save_random_model
from llmq_peer.tokenizer_folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TURNS = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'assistant' %}"
    " {{ m['content'] }}{{ eos_token }}{% else %}[INST] {{ m['content'] }} [/INST]{% endif %}"
    "{% endfor %}"
)
SMALL: Mapping[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "tie_word_embeddings": True,
}
PIECES = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


@dataclass(frozen=True)
class Base:
    """A family, what writes its tokenizer's files, and settings of its model."""

    family: str
    write_tokenizer: Callable[[Path], Mapping[str, Any]]
    special: tuple[str, ...]
    """The texts of tokens that a text to tokenize may hold."""
    model: Mapping[str, Any] = field(default_factory=dict)
    unlike: str = ""
    """Why the tokens of some texts differ: a key of LLAMA_CPP_DEFECTS."""

    def write(self, folder: Path, **model: Any) -> None:
        """The whole folder; `model` are further settings of the model."""
        found = self.write_tokenizer(folder)
        wanted = {**SMALL, **self.model, **found, **model}
        save_random_model(folder, f"{self.family}ForCausalLM", wanted)


@cache
def byte_level_text(row: str) -> str:
    """A trained byte-level tokenizer.json, as text, with ChatML's marks."""
    structure = next(found for found in STRUCTURES if found.name == row)
    trained = train_byte_level(structure, vocab_size=420)
    marks = [AddedToken(text, special=True) for text in ("<|im_start|>", "<|im_end|>")]
    trained.add_special_tokens(marks)
    if row == "qwen2":
        trained.post_processor = None
    return str(trained.to_str())


def byte_level(row: str, **named: str) -> Callable[[Path], Mapping[str, Any]]:
    """What writes a byte-level tokenizer with ChatML, with more special tokens by name."""

    def write(folder: Path) -> Mapping[str, Any]:
        tokens = Tokenizer.from_str(byte_level_text(row))
        names = {**NAMED, "eos_token": "<|im_end|>", **named}
        begin = "{{ bos_token }}" if tokens.post_processor else ""
        written = save(folder, tokens, chat_template=begin + CHATML, **names)
        ids = {"bos_token_id": tokens.token_to_id(names["bos_token"])}
        ids |= {"eos_token_id": tokens.token_to_id(names["eos_token"])}
        return {"vocab_size": written["vocab_size"], **ids}

    return write


MARKS: Mapping[str, Any] = {
    "control_symbols": ["[INST]", "[/INST]"],
    "user_defined_symbols": ["<answer>"],
}


@cache
def pieces_model(**options: Any) -> bytes:
    """A trained tokenizer.model with the marks of Llama 2's turns, as Llama 2's but for options."""
    return train_sentencepiece(**{**MARKS, **options})


def pieces(folder: Path) -> Mapping[str, Any]:
    """tokenizer.model as Llama 2 has it."""
    written = save_sentencepiece(folder, pieces_model(), chat_template=TURNS)
    return {"vocab_size": written["vocab_size"], "bos_token_id": 1, "eos_token_id": 2}


@cache
def metaspace_text() -> str:
    """The tokenizer.json of Llama 2: made by transformers from tokenizer.model."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        pieces(folder)
        backend = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    assert isinstance(backend, Tokenizer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    backend.pre_tokenizer = None
    return str(backend.to_str())


def both(folder: Path) -> Mapping[str, Any]:
    """tokenizer.model and the tokenizer.json that was made of it, as Mistral has them."""
    found = pieces(folder)
    (folder / "tokenizer.json").write_text(metaspace_text(), encoding="utf-8")
    return found


def metaspace(folder: Path) -> Mapping[str, Any]:
    """tokenizer.json as Llama 2 has it, without tokenizer.model."""
    found = both(folder)
    (folder / "tokenizer.model").unlink()
    named = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TURNS, **PIECES}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
    return found


BYTE_MARKS = ("<|bos|>", "<|im_start|>", "<|im_end|>", "<tool_call>")
PIECE_MARKS = ("<s>", "</s>", "[INST]", "<answer>")
LLAMA = Base("Llama", byte_level("llama-bpe"), BYTE_MARKS)
QWEN2 = Base("Qwen2", byte_level("qwen2"), BYTE_MARKS)
QWEN3 = Base("Qwen3", byte_level("qwen2"), BYTE_MARKS, {"head_dim": 16})
PIECE_LLAMA = Base("Llama", pieces, PIECE_MARKS, unlike="prefix")
MISTRAL = Base("Mistral", both, PIECE_MARKS, {"tie_word_embeddings": False})
METASPACE = Base("Llama", metaspace, PIECE_MARKS)
BASES = {
    "Llama, byte-level": LLAMA,
    "Qwen2": QWEN2,
    "Qwen3": QWEN3,
    "Llama, tokenizer.model": PIECE_LLAMA,
    "Mistral": MISTRAL,
    "Llama, Metaspace": METASPACE,
}
