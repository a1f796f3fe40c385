"""A tokenizer.json with the pipeline that counts cuts text as transformers does."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, normalizers
from transformers import AutoTokenizer

from llmq.tokenizer.class_pipelines import tokenizer_in_use
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_peer.texts import probe_texts
from llmq_peer.tokenizer_folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
    write,
)

ROWS = {row.name: row for row in STRUCTURES}
TEXTS = probe_texts(count=300)
CLASSES = ["GPT2Tokenizer", "Qwen2TokenizerFast", "LlamaTokenizer", "PreTrainedTokenizerFast", None]


@cache
def trained(name: str) -> str:
    return train_byte_level(ROWS[name], vocab_size=600).to_str()


def assert_same(folder: Path) -> None:
    used = tokenizer_in_use(folder)
    assert used is not None
    ours = Tokenizer.from_str(json.dumps(used))
    theirs = AutoTokenizer.from_pretrained(folder)
    assert [t for t in TEXTS if ours.encode(t).ids != theirs.encode(t)] == []


@pytest.mark.parametrize("name", ["gpt-2", "llama-bpe"])
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("model", ["Llama", "Qwen2"])
def test_byte_level(tmp_path: Path, name: str, kind: str | None, model: str) -> None:
    save(tmp_path, Tokenizer.from_str(trained(name)), model=model, **NAMED)
    write(tmp_path / "tokenizer_config.json", {**NAMED, "tokenizer_class": kind})
    assert_same(tmp_path)


@pytest.mark.parametrize("kind", ["LlamaTokenizer", "PreTrainedTokenizerFast", None])
@pytest.mark.parametrize("space", [True, False, None])
def test_sentencepiece(tmp_path: Path, kind: str | None, space: bool | None) -> None:
    save_sentencepiece(tmp_path, train_sentencepiece())
    backend: Any = AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    save(tmp_path, tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    settings = {"tokenizer_class": kind, "add_prefix_space": space}
    write(tmp_path / "tokenizer_config.json", {"eos_token": "</s>", **settings})
    assert_same(tmp_path)


def test_what_says_nothing_of_the_file(tmp_path: Path) -> None:
    """Without byte tokens, without a tokenizer.json, and beside a tokenizer.model that counts."""
    save_sentencepiece(tmp_path, train_sentencepiece(byte_fallback=False))
    assert tokenizer_in_use(tmp_path) is None
    AutoTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path)
    assert tokenizer_in_use(tmp_path) is None
    (tmp_path / "tokenizer.model").write_bytes(train_sentencepiece())
    config = json.loads((tmp_path / "config.json").read_text())
    write(tmp_path / "config.json", {**config, "vocab_size": 900})
    value = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    value["model"]["vocab"]["beyond"] = 900
    write(tmp_path / "tokenizer.json", value)
    assert tokenizer_in_use(tmp_path) is None
