"""tokenizer.model beside tokenizer.json: which one counts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq_peer.tokenizer_folders import (
    read,
    read_noted,
    save_sentencepiece,
    train_sentencepiece,
    write,
)
from tests.oracles.both_tokenizers import cut_differently


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A folder with both files, of the same tokens."""
    save_sentencepiece(tmp_path, train_sentencepiece())
    AutoTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path)
    assert (tmp_path / "tokenizer.json").is_file()
    return tmp_path


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    write(path, value)


def test_where_they_agree_the_scores_count(both: Path) -> None:
    keys, notes = read_noted(both)
    assert notes == ()
    (both / "tokenizer.json").unlink()
    assert list(keys["tokenizer.ggml.scores"]) == list(read(both)["tokenizer.ggml.scores"])  # type: ignore[arg-type]  # an array


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 499723\n",
        b"IQ== 0\nIg== 1\nIw== 2\n",  # tiktoken's form
    ],
)
def test_what_is_no_model_is_no_obstacle(both: Path, data: bytes) -> None:
    (both / "tokenizer.model").write_bytes(data)
    assert "no SentencePiece model; tokenizer.json is read" in read_noted(both).notes[0]
    assert cut_differently(both) == []


def test_of_two_vocabularies_tokenizer_json_counts(both: Path) -> None:
    other = train_sentencepiece(user_defined_symbols=["<answer>"])
    (both / "tokenizer.model").write_bytes(other)
    assert (
        "disagree (the id 3 is '<answer>' in one, '<0x00>' in the other)"
        in (read_noted(both).notes[0])
    )
    assert cut_differently(both) == []


def test_another_order_of_merges_is_another_tokenizer(both: Path) -> None:
    edit(both, lambda t: t["model"]["merges"].reverse())
    assert "they merge" in read_noted(both).notes[0]
    assert cut_differently(both) == []


@pytest.mark.parametrize("merge", [5, None, {"a": 1}, ["a", 5], "a", []])
def test_merges_that_are_none_do_not_stop_the_comparison(both: Path, merge: object) -> None:
    edit(both, lambda t: t["model"].update(merges=[merge]))
    assert read_noted(both).notes == ()


def test_added_tokens_may_stand_in_either_list(both: Path) -> None:
    def move(tokenizer: dict[str, Any]) -> None:
        del tokenizer["model"]["vocab"]["</s>"]  # an added token besides
        tokenizer["model"]["vocab"]["<new>"] = 900
        tokenizer["added_tokens"].append({"id": 900, "content": "<new>", "special": True})

    edit(both, move)
    assert read_noted(both).notes == ()


def test_unigram_cuts_in_its_own_way(both: Path) -> None:
    def score(tokenizer: dict[str, Any]) -> None:
        vocab = tokenizer["model"]["vocab"]
        tokenizer["model"] = {"type": "Unigram", "vocab": [[text, -1.0] for text in vocab]}

    edit(both, score)
    with pytest.raises(TokenizerError, match=r"tokenizer\.json: model is of type 'Unigram'"):
        read(both)


def test_the_one_that_fits_the_embedding(both: Path) -> None:
    edit(both, lambda t: t["model"]["vocab"].update({f"new{i}": 900 + i for i in range(100)}))
    assert (
        "tokenizer.model, which fits the embedding's 960 rows, is read"
        in (read_noted(both).notes[0])
    )
    assert "tokenizer.json is read" in read_noted(both, vocab_size=1000).notes[0]
    with pytest.raises(TokenizerError, match=r"tokenizer\.json: .*vocab_size is 800"):
        read(both, vocab_size=800)
