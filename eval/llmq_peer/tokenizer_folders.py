"""Model folders with tokenizers of every kind, trained here."""

import ast
import io
import json
import re
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, processors
from tokenizers import pre_tokenizers as pre
from tokenizers.trainers import BpeTrainer

from llmq.architectures import ARCHITECTURES
from llmq.sources.turn_end import find_turn_end
from llmq.tokenizer.pre_tokenizer_table import Structure
from llmq.tokenizer.reading import read_tokenizer
from llmq.tokenizer.vocabulary import NotedKeys
from llmq_peer.texts import training_texts

BOS, EOS, PAD = SPECIALS = ("<|bos|>", "<|eos|>", "<|endoftext|>")
TOOL = "<tool_call>"  # added, not special
NAMED = {"bos_token": BOS, "eos_token": EOS, "pad_token": PAD}


def write(path: Path, value: object) -> None:
    """One JSON file."""
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def save(
    folder: Path, tokenizer: Tokenizer, *, model: str = "Llama", **tokenizer_config: Any
) -> dict[str, Any]:
    """Write tokenizer.json, tokenizer_config.json and config.json; returns the last.

    The model has a few rows more than the tokenizer has tokens, as most have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    write(folder / "tokenizer_config.json", {**settings, **tokenizer_config})
    config = {
        "architectures": [f"{model}ForCausalLM"],
        "model_type": model.lower(),
        "vocab_size": (tokenizer.get_vocab_size() + 63) // 64 * 64,
    }
    write(folder / "config.json", config)
    return config


def train_byte_level(row: Structure, *, vocab_size: int = 2000) -> Tokenizer:
    """A byte-level BPE with the pipeline of `row`: three special tokens, one that is only added."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=row.ignore_merges is True))
    if row.normalizer:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre.Sequence([_step(step) for step in row.steps])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_texts(), trainer)
    tokenizer.add_tokens([AddedToken(TOOL, special=False, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A",
        pair=f"{BOS} $A {BOS} $B",
        special_tokens=[(BOS, tokenizer.token_to_id(BOS))],
    )
    return tokenizer


def _step(described: str) -> Any:
    """The step that a row of the table describes."""
    if match := re.fullmatch(r"Split\((.*), (Isolated|Removed)(, inverted)?\)", described, re.S):
        pattern, behavior, inverted = match.groups()
        regex = Regex(ast.literal_eval(pattern))
        return pre.Split(regex, behavior.lower(), invert=bool(inverted))
    steps = {
        "ByteLevel(add_prefix_space=False, use_regex=True)": pre.ByteLevel(
            add_prefix_space=False, use_regex=True
        ),
        "ByteLevel(add_prefix_space=False, use_regex=False)": pre.ByteLevel(
            add_prefix_space=False, use_regex=False
        ),
        "Digits(individual=True)": pre.Digits(individual_digits=True),
        "Digits(individual=False)": pre.Digits(individual_digits=False),
        "Punctuation(Contiguous)": pre.Punctuation("contiguous"),
    }
    return steps[described]


def train_sentencepiece(*, kind: str = "bpe", **options: Any) -> bytes:
    """A tokenizer.model of 900 pieces as Llama's: byte fallback, single digits, no normalizing."""
    model = io.BytesIO()
    settings: dict[str, Any] = {
        "vocab_size": 900,
        "model_type": kind,
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "split_digits": True,
        "allow_whitespace_only_pieces": True,
        "character_coverage": 0.9995,
        "minloglevel": 2,
    }
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(training_texts()), model_writer=model, **settings | options
    )
    return model.getvalue()


def save_sentencepiece(folder: Path, model: bytes, **tokenizer_config: Any) -> dict[str, Any]:
    """Write tokenizer.model, tokenizer_config.json and config.json; returns the last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model)
    settings = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "add_bos_token": True,
        "add_eos_token": False,
    }
    write(folder / "tokenizer_config.json", {**settings, **tokenizer_config})
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": 960,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    write(folder / "config.json", config)
    return config


def read(folder: Path, **config: Any) -> dict[str, Any]:
    """The keys that read_tokenizer makes of a folder, with some of config.json changed."""
    return read_noted(folder, **config).metadata


def read_noted(folder: Path, **config: Any) -> NotedKeys:
    """The same with the notes, as a conversion reads the folder."""
    config = {**json.loads((folder / "config.json").read_text()), **config}
    rules = ARCHITECTURES[config["architectures"][0]].tokenizer
    return read_tokenizer(folder, config, rules=rules, find_turn_end=find_turn_end)
