"""Phi-3's tokenizer: Llama's pieces, and special tokens that take the white space behind them."""

import re
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, normalizers
from transformers import AutoTokenizer

from llmq.sources.model_name import harmless_name
from llmq.tokenizer.pre_tokenizer_table import LLAMA_CPP_DEFECTS
from llmq.tokenizer.reading import read_tokenizer
from llmq_peer.texts import probe_texts
from llmq_peer.tokenizer_folders import save, save_sentencepiece, train_sentencepiece
from tests.oracles.llama_vocab import ids_of_all

MARKS = ("<|assistant|>", "<|user|>", "<|system|>", "<|end|>")
SETTINGS = {
    "bos_token": "<s>",
    "eos_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
    "unk_token": "<unk>",
}
NAME = "general.name"
WIDE_SPACE_BEHIND = re.compile(rf"({'|'.join(map(re.escape, MARKS))})\s*?[^\S -~\t\n\v\f\r]")


def save_phi_3(folder: Path, *, taking: tuple[str, ...] = (*MARKS, "</s>")) -> dict[str, Any]:
    """As published: tokenizer.json whose added tokens take white space, but for three."""
    save_sentencepiece(folder, train_sentencepiece())
    tokenizer = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    (folder / "tokenizer.model").unlink()
    prepend = normalizers.Prepend("▁")
    tokenizer.normalizer = normalizers.Sequence([prepend, normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = None
    for text in ("<unk>", "<s>", "</s>", "<|endoftext|>", *MARKS):
        flags = {"rstrip": text in taking, "special": text != "</s>", "normalized": False}
        tokenizer.add_tokens([AddedToken(text, **flags)])
    settings = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": False, **SETTINGS}
    return save(folder, tokenizer, model="phi3", **settings)


@pytest.mark.parametrize("name", ["Phi-3-mini", "My tutor"])
def test_ids_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    config = save_phi_3(tmp_path)
    keys, notes = read_tokenizer(tmp_path, config)
    named, renamed = harmless_name({NAME: name, **keys}, tmp_path)
    assert notes == ()
    assert bool(renamed) == (name == "My tutor")
    encode = AutoTokenizer.from_pretrained(tmp_path).encode
    texts = probe_texts(MARKS, 5000)
    texts += [
        f"{mark}{space}{word}" for mark in MARKS for space in ("\n", " ", "\n\n ") for word in "aI"
    ]
    theirs = [encode(text) for text in texts]
    pairs = zip(texts, theirs, ids_of_all(named, tmp_path, texts), strict=True)
    different = [text for text, expected, ids in pairs if expected != ids]
    assert different, LLAMA_CPP_DEFECTS["strip"]
    assert [text for text in different if not WIDE_SPACE_BEHIND.search(text)] == []


def test_another_name_tells_llama_cpp_nothing(tmp_path: Path) -> None:
    """Why the name is changed: without it the line end behind a mark stays a token."""
    config = save_phi_3(tmp_path)
    keys = read_tokenizer(tmp_path, config).metadata
    texts = ["<|user|>\nHi"]
    plain = ids_of_all({NAME: "My tutor", **keys}, tmp_path, texts)
    named = harmless_name({NAME: "My tutor", **keys}, tmp_path)[0]
    assert named[NAME] == "My tutor (Phi-3)"
    assert len(plain[0]) > len(ids_of_all(named, tmp_path, texts)[0])


def test_tokens_that_differ_from_phi_3s_are_told(tmp_path: Path) -> None:
    config = save_phi_3(tmp_path, taking=MARKS[:2])
    keys, notes = read_tokenizer(tmp_path, config)
    assert "take the spaces beside them" in notes[0]
    assert harmless_name({NAME: "My tutor", **keys}, tmp_path) == ({NAME: "My tutor", **keys}, ())
    assert harmless_name({NAME: "My Phi3", **keys}, tmp_path)[0][NAME] == "My Phi 3"
