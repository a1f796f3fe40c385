"""SentencePiece's normalizer_spec: followed as transformers does, or refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, normalizers
from tokenizers import pre_tokenizers as pre
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq_peer.tokenizer_folders import (
    read,
    read_noted,
    save,
    save_sentencepiece,
    train_sentencepiece,
    write,
)
from tests.oracles.both_tokenizers import cut_differently

PREFIX = "tokenizer.ggml.add_space_prefix"
NONE = {"tokenizer_class": "PreTrainedTokenizerFast"}
NAMED = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


@pytest.mark.parametrize(
    ("dummy", "settings", "adds"),
    [
        (True, {}, True),
        (True, {"add_prefix_space": True}, True),
        (True, {"add_prefix_space": False}, False),
        (False, {"add_prefix_space": False}, False),
        (False, {"add_prefix_space": True}, True),
        (False, NONE, False),
        (True, NONE, False),  # transformers' general class puts no space there, and it is said
    ],
)
def test_the_space_in_front(tmp_path: Path, *, dummy: bool, settings: Any, adds: bool) -> None:
    save_sentencepiece(tmp_path, train_sentencepiece(add_dummy_prefix=dummy), **settings)
    assert read(tmp_path).get(PREFIX, True) is adds
    assert cut_differently(tmp_path) == []
    said = any("SentencePiece puts one" in note for note in read_noted(tmp_path).notes)
    assert said == (dummy and settings is NONE)


def test_two_answers_about_the_space_are_refused(tmp_path: Path) -> None:
    save_sentencepiece(tmp_path, train_sentencepiece(add_dummy_prefix=False))
    with pytest.raises(TokenizerError, match=r'tokenizer\.model: .*"add_prefix_space": false or'):
        read(tmp_path)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"normalization_rule_name": "nmt_nfkc"}, "the normalizer 'nmt_nfkc'"),
        ({"normalization_rule_name": "nfkc_cf"}, "the normalizer 'nfkc_cf'"),
        ({"remove_extra_whitespaces": True}, "remove_extra_whitespaces"),
        ({"treat_whitespace_as_suffix": True}, "treat_whitespace_as_suffix"),
    ],
)
def test_what_llama_cpp_cannot_follow(tmp_path: Path, options: Any, named: str) -> None:
    """Refused, unless a tokenizer.json of the same tokens does without, as transformers then."""
    save_sentencepiece(tmp_path, train_sentencepiece(**options))
    with pytest.raises(TokenizerError, match=rf"tokenizer\.model: asks for {named}") as error:
        read(tmp_path)
    assert "\n" not in str(error.value)
    AutoTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path)
    assert cut_differently(tmp_path) == []
    assert any(named in note for note in read_noted(tmp_path).notes)


def test_spaces_that_stay_spaces(tmp_path: Path) -> None:
    """The library trains no such model, so the setting is appended; the last one counts."""
    save_sentencepiece(tmp_path, train_sentencepiece() + b"\x1a\x02\x28\x00")
    with pytest.raises(TokenizerError, match="asks for escape_whitespaces = false"):
        read(tmp_path)


PIPELINES = {
    "prepend": (
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        None,
    ),
    "replace": (normalizers.Replace(" ", "▁"), None),
    "never": (None, pre.Metaspace(prepend_scheme="never", split=False)),
    "first": (None, pre.Metaspace(prepend_scheme="first", split=False)),
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("space", [None, True, False])
@pytest.mark.parametrize("kind", ["LlamaTokenizerFast", "PreTrainedTokenizerFast", None])
def test_a_class_of_transformers_may_overrule_tokenizer_json(
    tmp_path: Path, name: str, space: bool | None, kind: str | None
) -> None:
    save_sentencepiece(tmp_path, train_sentencepiece())
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    (tmp_path / "tokenizer.model").unlink()
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.normalizer, tokenizer.pre_tokenizer = PIPELINES[name]
    save(tmp_path, tokenizer, **NAMED)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    given = {"tokenizer_class": kind, "add_prefix_space": space}
    write(
        tmp_path / "tokenizer_config.json",
        {k: v for k, v in (config | given).items() if v is not None},
    )
    assert cut_differently(tmp_path) == []
