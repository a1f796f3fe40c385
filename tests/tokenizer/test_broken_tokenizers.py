"""Tokenizers that are broken, hostile or of another model: one line each, never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models

from llmq.errors import TokenizerError
from llmq.tokenizer.reading import read_tokenizer
from llmq_peer.tokenizer_folders import read


def _vocab(tokenizer: dict[str, Any]) -> dict[str, Any]:
    vocab: dict[str, Any] = tokenizer["model"]["vocab"]
    return vocab


def _rename(tokenizer: dict[str, Any], text: str, number: int) -> None:
    """One token, a byte that no text has, gets another text and another id."""
    del _vocab(tokenizer)["ÿ"]
    _vocab(tokenizer)[text] = number


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "id twice": (lambda t: _vocab(t).update({"!": 4}), "gives the id 4 to"),
    "negative id": (lambda t: _vocab(t).update({"!": -4}), "not a token id from 0"),
    "id is a text": (lambda t: _vocab(t).update({"!": "4"}), "a text instead of a token id"),
    "id is true": (lambda t: _vocab(t).update({"!": True}), "true or false instead of"),
    "huge id": (lambda t: _vocab(t).update({"new": 10**9}), "not a token id from 0"),
    "id beyond the model": (lambda t: _rename(t, "new", 320), "vocab_size is 320"),
    "no vocabulary": (lambda t: t["model"].update(vocab={}), "is empty"),
    "vocabulary is a list": (lambda t: t["model"].update(vocab=[]), "a list instead of an object"),
    "half a surrogate": (lambda t: _vocab(t).update({"\ud800": 310}), "surrogate"),
    "text of a padded row": (lambda t: _rename(t, "[PAD319]", 302), "same text '.PAD319.'"),
    "no model": (lambda t: t.pop("model"), "null instead of an object"),
    "Unigram": (lambda t: t["model"].update(type="Unigram"), "converts tokenizers that merge"),
    "no merges": (lambda t: t["model"].pop("merges"), "null instead of a list"),
    "odd merge": (lambda t: t["model"]["merges"].insert(0, ["a"]), r"merges\[0\] is not a pair"),
    "merge of three": (lambda t: t["model"]["merges"].insert(0, "a b c"), "is not a pair"),
    "merge of numbers": (lambda t: t["model"]["merges"].insert(0, [1, 2]), "a number instead of"),
    "unknown merge": (lambda t: t["model"]["merges"].insert(0, ["a", "語"]), "is not a token"),
    "dropout": (lambda t: t["model"].update(dropout=0.1), "cuts text at random"),
    "suffix": (lambda t: t["model"].update(end_of_word_suffix="</w>"), "end_of_word_suffix is set"),
    "hole": (
        lambda t: t["added_tokens"][-1].update(id=305),
        "305 where Hugging Face would count 300",
    ),
    "added without id": (lambda t: t["added_tokens"][0].pop("id"), "null instead of a token id"),
    "added without text": (lambda t: t["added_tokens"][0].pop("content"), "null instead of a text"),
    "added is a list": (lambda t: t["added_tokens"].insert(0, []), "a list instead of an object"),
    "odd post-processor": (lambda t: t.update(post_processor=[]), "post_processor is a list"),
    "odd template": (
        lambda t: t.update(post_processor={"type": "TemplateProcessing", "single": [1, 2]}),
        "post_processor is a number",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_tokenizers(folder: Path, case: str) -> None:
    edit, message = BROKEN[case]
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value), encoding="ascii")
    with pytest.raises(TokenizerError, match=message) as error:
        read(folder)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer.json", "{", "not valid JSON"),
        ("tokenizer.json", "[]", "list instead of an object"),
        ("tokenizer.json", "[" * 100_000, "nested too deeply"),
        ("tokenizer.json", '{"a":' * 100_000, "nested too deeply"),
        ("tokenizer.json", '{"model": {}, "model": {}}', "stands twice"),
        (
            "tokenizer.json",
            '{"added_tokens": [{"id": 1e400, "content": "x"}], "model": 1}',
            "model",
        ),
        ("tokenizer_config.json", '{"added_tokens_decoder": []}', None),
        ("tokenizer_config.json", '{"added_tokens_decoder": [1]}', "list instead of an object"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"x": {}}}', "'x' is not a token id"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"٣": {}}}', "is not a token id"),
        ("tokenizer_config.json", '{"chat_template": 7}', "a number instead of an object"),
        ("tokenizer_config.json", '{"chat_template": [{"name": "x"}]}', "null instead of a text"),
        ("tokenizer_config.json", '{"add_prefix_space": "no"}', "instead of true or false"),
        ("special_tokens_map.json", "null", "NoneType instead of an object"),
    ],
)
def test_broken_files(folder: Path, file: str, content: str, message: str | None) -> None:
    (folder / file).write_text(content, encoding="utf-8")
    if message is None:
        read(folder, eos_token_id=1)
        return
    with pytest.raises(TokenizerError, match=message) as error:
        read(folder, eos_token_id=1)
    assert "\n" not in str(error.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"neither tokenizer\.json nor tokenizer\.model"):
        read_tokenizer(tmp_path, {})
    (tmp_path / "vocab.json").write_text("{}")
    with pytest.raises(TokenizerError, match=r"vocab\.json alone does not say"):
        read_tokenizer(tmp_path, {})


@pytest.mark.parametrize("size", [0, -1, "many", True, 1 << 40, 3.5])
def test_absurd_vocabulary_sizes(folder: Path, size: object) -> None:
    with pytest.raises(TokenizerError, match="vocab_size"):
        read(folder, vocab_size=size)


def test_an_unknown_override_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="did you mean llama-bpe"):
        read_tokenizer(tmp_path / "nowhere", {}, pre="lama-bpe")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0), "'Unigram'; it chooses the like"),
        (models.WordPiece({"a": 0, "[UNK]": 1}, unk_token="[UNK]"), "'WordPiece'; it takes the lo"),
        (models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"), "'WordLevel'; it knows whole"),
    ],
)
def test_what_does_not_merge_is_refused(folder: Path, model: Any, said: str) -> None:
    """Of these an option would be no help, so none is named."""
    Tokenizer(model).save(str(folder / "tokenizer.json"))
    for pre in (None, "gpt-2"):
        with pytest.raises(TokenizerError, match=said) as error:
            read_tokenizer(folder, {}, pre=pre)
        assert "--" not in str(error.value)
        assert "\n" not in str(error.value)
