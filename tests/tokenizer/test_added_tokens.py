"""Added tokens: the union of all lists, tokens without a row, texts that llama.cpp cannot hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer

from llmq.errors import TokenizerError
from llmq_peer.tokenizer_folders import (
    NAMED,
    read,
    read_noted,
    save,
    save_sentencepiece,
    train_sentencepiece,
    write,
)
from tests.oracles.both_tokenizers import cut_differently

LATE = "[PAD]"


def tokens_of(keys: dict[str, Any]) -> list[str]:
    tokens: list[str] = keys["tokenizer.ggml.tokens"]
    return tokens


@pytest.fixture
def late(trained: str, tmp_path: Path) -> Path:
    """A folder whose padding token has no row: it was added, the model was not resized."""
    tokenizer = Tokenizer.from_str(trained)
    tokenizer.add_special_tokens([LATE])
    config = save(tmp_path, tokenizer, **NAMED | {"pad_token": LATE})
    write(tmp_path / "config.json", {**config, "vocab_size": 301, "pad_token_id": 301})
    return tmp_path


def test_a_padding_token_without_a_row_is_left_out(late: Path) -> None:
    keys, notes = read_noted(late)
    assert LATE not in tokens_of(keys)
    assert "tokenizer.ggml.padding_token_id" not in keys
    assert notes == ("left out, since the embedding has 301 rows: the added tokens '[PAD]' (301)",)
    assert cut_differently(late) == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"chat_template": "{{ '[PAD]' }}"}, "the chat template writes it"),
        ({"eos_token": LATE}, "it is the eos_token"),
        ({"bos_token": LATE}, "it is the bos_token"),
    ],
)
def test_a_token_that_is_needed_has_a_row(late: Path, settings: Any, reason: str) -> None:
    config = json.loads((late / "tokenizer_config.json").read_text())
    write(late / "tokenizer_config.json", config | settings)
    with pytest.raises(TokenizerError, match=r"'\[PAD\]' has the id 301, but .* 301 rows") as error:
        read(late)
    assert reason in str(error.value)
    assert "resize_token_embeddings" in str(error.value)


def test_the_same_beside_a_tokenizer_model(tmp_path: Path) -> None:
    config = save_sentencepiece(tmp_path, train_sentencepiece(), pad_token=LATE)
    write(tmp_path / "config.json", {**config, "vocab_size": 900})
    assert "'[PAD]' (900)" in read_noted(tmp_path).notes[0]
    assert LATE not in tokens_of(read(tmp_path))
    assert tokens_of(read(tmp_path, vocab_size=901))[900] == LATE
    assert cut_differently(tmp_path) == []


def test_all_lists_count(tmp_path: Path) -> None:
    """Each list of added tokens names one that no other has."""
    save_sentencepiece(
        tmp_path,
        train_sentencepiece(),
        added_tokens_decoder={"900": {"content": "<one>", "special": True}},
        additional_special_tokens=["<four>"],
    )
    write(tmp_path / "added_tokens.json", {"<two>": 901})
    tokenizer = Tokenizer.from_str(_json_of(tmp_path))
    tokenizer.add_tokens(
        [AddedToken(text, normalized=False) for text in ("<one>", "<x>", "<three>")]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    write(tmp_path / "special_tokens_map.json", {"pad_token": "<five>"})
    assert tokens_of(read(tmp_path))[900:905] == ["<one>", "<two>", "<three>", "<four>", "<five>"]


def _json_of(folder: Path) -> str:
    from transformers import AutoTokenizer

    plain = folder / "plain"
    plain.mkdir()
    save_sentencepiece(plain, (folder / "tokenizer.model").read_bytes())
    backend: Any = AutoTokenizer.from_pretrained(plain).backend_tokenizer
    text: str = backend.to_str()
    return text


def test_a_list_that_no_other_file_repeats(trained: str, tmp_path: Path) -> None:
    """transformers reads added_tokens.json beside a tokenizer.json, too."""
    save(tmp_path, Tokenizer.from_str(trained), **NAMED)
    write(tmp_path / "added_tokens.json", {"<think>": 301})
    assert tokens_of(read(tmp_path))[301] == "<think>"
    assert cut_differently(tmp_path, ["a<think>b", "<think>"]) == []


def test_two_rows_of_one_text_are_refused(tmp_path: Path) -> None:
    decoder = {"900": {"content": "<one>", "special": True}}
    save_sentencepiece(tmp_path, train_sentencepiece(), added_tokens_decoder=decoder)
    write(tmp_path / "added_tokens.json", {"<one>": 901})
    with pytest.raises(TokenizerError, match=r"the ids 900 and 901 to the same text '<one>'"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_a_text_that_llama_cpp_would_cut(trained: str, tmp_path: Path, text: str) -> None:
    save(tmp_path, Tokenizer.from_str(trained), **NAMED)
    path = tmp_path / "tokenizer.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    value["added_tokens"].append({"id": 301, "content": text, "special": True})
    write(path, value)
    with pytest.raises(TokenizerError, match=r"with id 301, which llama\.cpp cuts at") as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word"])
def test_tokens_that_take_spaces_are_said(trained: str, tmp_path: Path, flag: str) -> None:
    tokenizer = Tokenizer.from_str(trained)
    flags: dict[str, bool] = {flag: True}
    tokenizer.add_tokens([AddedToken("<picky>", normalized=False, **flags)])
    save(tmp_path, tokenizer, **NAMED)
    (note,) = read_noted(tmp_path).notes
    assert note.endswith("in llama.cpp they do neither: '<picky>' (301)")
    assert cut_differently(tmp_path, ["a <picky> b", "a<picky>b"]) != []


def test_pieces_beyond_the_embedding_are_refused(tmp_path: Path) -> None:
    save_sentencepiece(tmp_path, train_sentencepiece())
    with pytest.raises(TokenizerError, match=r"with id 899, but config\.json's vocab_size is 800"):
        read(tmp_path, vocab_size=800)
