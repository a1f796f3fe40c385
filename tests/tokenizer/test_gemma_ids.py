"""Gemma's tokenizers, from tokenizer.model and from tokenizer.json alone: equal ids everywhere."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq.tokenizer.family_rules import GEMMA, GEMMA4, FamilyRules
from llmq.tokenizer.reading import read_tokenizer
from llmq_peer.gemma_tokenizers import (
    LINES,
    RUNS,
    TAGS,
    gemma_json,
    save_gemma,
    save_gemma_json,
    train_gemma,
)
from llmq_peer.texts import probe_texts
from tests.oracles.llama_vocab import ids_of_all

COUNT = 5000
SPECIALS = ("<start_of_turn>", "<end_of_turn>", "<table>", "<h1>", "\n\n\n")
TEXTS = probe_texts(SPECIALS, COUNT)


@pytest.fixture(scope="module")
def model() -> bytes:
    return train_gemma()


def mismatches(
    folder: Path,
    config: dict[str, Any],
    rules: FamilyRules,
    encode: Callable[[str], list[int]] | None = None,
    texts: Sequence[str] = TEXTS,
) -> list[str]:
    """The texts whose ids differ between transformers (or `encode`) and llama.cpp."""
    encode = encode or AutoTokenizer.from_pretrained(folder).encode
    ours = ids_of_all(read_tokenizer(folder, config, rules=rules).metadata, folder, texts)
    return [text for text, ids in zip(texts, ours, strict=True) if encode(text) != ids]


def test_tokenizer_model_as_sentencepiece_itself(model: bytes, tmp_path: Path) -> None:
    config = save_gemma(tmp_path, model)
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    texts = probe_texts(TAGS, COUNT)
    assert mismatches(tmp_path, config, GEMMA, lambda t: [2, *library.encode(t)], texts) == []


def test_tokenizer_model_as_transformers(model: bytes, tmp_path: Path) -> None:
    """It merges runs of spaces in halves, SentencePiece takes the longest first."""
    config = save_gemma(tmp_path, model)
    different = mismatches(tmp_path, config, GEMMA)
    assert different
    assert [text for text in different if " " * (len(RUNS[-1]) + 1) not in text] == []


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("kind", ["GemmaTokenizer", "PreTrainedTokenizerFast"])
@pytest.mark.parametrize(("model_type", "rules"), [("gemma3_text", GEMMA), ("gemma4", GEMMA4)])
def test_tokenizer_json_alone(
    model: bytes, tmp_path: Path, words: bool, kind: str, model_type: str, rules: FamilyRules
) -> None:
    tokenizer = gemma_json(model, words=words)
    config = save_gemma_json(tmp_path, tokenizer, model_type=model_type, tokenizer_class=kind)
    assert mismatches(tmp_path, config, rules) == []


def test_both_files(model: bytes, tmp_path: Path) -> None:
    config = save_gemma(tmp_path, model)
    gemma_json(model).save(str(tmp_path / "tokenizer.json"))
    metadata, notes = read_tokenizer(tmp_path, config, rules=GEMMA)
    assert notes == ()
    assert metadata["tokenizer.ggml.model"] == "llama"
    assert mismatches(tmp_path, config, GEMMA) == []


def test_keys_of_gemma_3(model: bytes, tmp_path: Path) -> None:
    """conversion/gemma.py: the space in front is the last key, whatever the folder says of it."""
    config = save_gemma(tmp_path, model, add_prefix_space=False)
    keys: dict[str, Any] = read_tokenizer(tmp_path, config, rules=GEMMA).metadata
    assert list(keys)[-1] == "tokenizer.ggml.add_space_prefix"
    assert keys["tokenizer.ggml.add_space_prefix"] is False
    assert keys["tokenizer.ggml.add_bos_token"] is True
    assert (keys["tokenizer.ggml.eos_token_id"], keys["tokenizer.ggml.eot_token_id"]) == (1, 5)


def test_keys_of_gemma_4(tmp_path: Path) -> None:
    turns = ("<|turn>", "<turn|>", "<|channel>", "<channel|>")
    tokenizer = gemma_json(train_gemma(turns), words=False, adds_bos=False)
    config = save_gemma_json(tmp_path, tokenizer, model_type="gemma4")
    keys: dict[str, Any] = read_tokenizer(tmp_path, config, rules=GEMMA4).metadata
    tokens, types = keys["tokenizer.ggml.tokens"], keys["tokenizer.ggml.token_type"]
    assert [types[tokens.index(text)] for text in turns] == [3, 3, 4, 4]
    assert types[tokens.index("\n\n")] == types[tokens.index("▁▁")] == 1
    assert keys["tokenizer.ggml.model"] == "gemma4"
    assert "tokenizer.ggml.pre" not in keys
    assert set(keys["tokenizer.ggml.scores"]) == {-1000}
    assert len(keys["tokenizer.ggml.merges"]) > 700
    assert list(keys)[-2:] == ["tokenizer.ggml.add_space_prefix", "tokenizer.ggml.add_bos_token"]
    assert keys["tokenizer.ggml.add_bos_token"] is True  # llama.cpp insists on it
    bos = [2]
    plain = AutoTokenizer.from_pretrained(tmp_path).encode
    assert mismatches(tmp_path, config, GEMMA4, lambda text: bos + plain(text)) == []


def test_gemma_4_with_a_space_in_front_is_refused(model: bytes, tmp_path: Path) -> None:
    tokenizer = json.loads(gemma_json(model).to_str())
    prepend = {"type": "Prepend", "prepend": "▁"}
    tokenizer["normalizer"] = {
        "type": "Sequence",
        "normalizers": [prepend, tokenizer["normalizer"]],
    }
    tokenizer["pre_tokenizer"] = None
    config = save_gemma_json(
        tmp_path,
        Tokenizer.from_str(json.dumps(tokenizer)),
        model_type="gemma4",
        tokenizer_class="PreTrainedTokenizerFast",
    )
    with pytest.raises(TokenizerError, match=r"puts a space in front of a text.*'gemma4' does not"):
        read_tokenizer(tmp_path, config, rules=GEMMA4)


def test_long_runs_of_white_space(model: bytes, tmp_path: Path) -> None:
    """Longer than any token, and behind and before words."""
    texts = [f"a{run * n}b" for run in (" ", "\n", "\t") for n in range(1, 40)]
    texts += [f"{line} {tag}{run}x" for line in LINES for tag in TAGS for run in ("  ", " " * 5)]
    for rules, model_type in ((GEMMA, "gemma3_text"), (GEMMA4, "gemma4")):
        folder = tmp_path / model_type
        config = save_gemma_json(folder, gemma_json(model), model_type=model_type)
        assert mismatches(folder, config, rules, texts=texts) == []
