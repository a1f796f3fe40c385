"""Byte-level BPE: llama.cpp, given our metadata, cuts text into the tokens that Hugging Face does.

One case for each row of the table of structures; the tokenizer is trained here, so its name cannot
come from a list of known vocabularies.
"""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models
from tokenizers import pre_tokenizers as pre
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq.tokenizer.pre_tokenizer_table import LLAMA_CPP_DEFECTS, STRUCTURES, Structure
from llmq.tokenizer.reading import read_tokenizer
from llmq_peer.texts import COMBINING, DECOMPOSED, WORDS, probe_texts
from llmq_peer.tokenizer_folders import NAMED, SPECIALS, TOOL, save, train_byte_level, write
from tests.oracles.llama_vocab import LlamaVocabulary, ids_of_all

ROWS = {row.name: row for row in STRUCTURES}  # of two rows with one name, the last
COUNT = 5000


def has_case_or_mark(text: str) -> bool:
    """What the defect "case" is about: marks, and letters with a case beyond ASCII."""
    return any(
        unicodedata.category(letter)[0] == "M"
        or (not letter.isascii() and unicodedata.category(letter) in ("Lu", "Ll", "Lt"))
        for letter in text
    )


def has_more_than_words(text: str) -> bool:
    """What the defect "falcon" is about: anything but words in one case and single spaces."""
    others = any(not letter.isalpha() and letter != " " for letter in text)
    return others or "  " in text or text != text.lower()


EXPLAINED: dict[str, Callable[[str], bool]] = {
    LLAMA_CPP_DEFECTS["case"]: has_case_or_mark,
    LLAMA_CPP_DEFECTS["falcon"]: has_more_than_words,
    LLAMA_CPP_DEFECTS["wide space"]: lambda text: "\u3000" in text,
    "": lambda _text: False,
}


def mismatches(
    folder: Path, config: dict[str, object], texts: Sequence[str], *, pre: str | None = None
) -> list[str]:
    """The texts whose ids differ between transformers and llama.cpp."""
    hugging_face = AutoTokenizer.from_pretrained(folder)
    ours = ids_of_all(read_tokenizer(folder, config, pre=pre).metadata, folder, texts)
    pairs = zip(texts, ours, strict=True)
    return [text for text, ids in pairs if hugging_face.encode(text) != ids]


@pytest.mark.parametrize("row", STRUCTURES, ids=lambda row: f"{row.name}-{STRUCTURES.index(row)}")
def test_ids_are_those_of_hugging_face(row: Structure, tmp_path: Path) -> None:
    config = save(tmp_path, train_byte_level(row), **NAMED)
    texts = probe_texts([*SPECIALS, TOOL], COUNT)
    metadata, notes = read_tokenizer(tmp_path, config)
    assert metadata["tokenizer.ggml.pre"] == row.name
    assert notes == ((row.note,) if row.note else ())
    different = mismatches(tmp_path, config, texts)
    assert [text for text in different if not EXPLAINED[row.note](text)] == []
    assert len(different) < COUNT // 4
    assert bool(different) == bool(row.note)  # a note that explains nothing is a wrong note


@pytest.mark.parametrize(
    ("name", "model", "kind"),
    [
        ("qwen2", "Qwen2", "Qwen2Tokenizer"),
        ("qwen2", "qwen3_moe", None),
        ("qwen35", "qwen3_5", "Qwen2Tokenizer"),  # as published; the class is replaced
    ],
)
def test_qwen_as_transformers_builds_it(
    name: str, model: str, kind: str | None, tmp_path: Path
) -> None:
    """transformers makes its own pipeline for these, with NFC; llama.cpp applies no NFC."""
    row = Structure(name, ROWS[name].steps, ("NFC",))
    config = save(tmp_path, train_byte_level(row), model=model, tokenizer_class=kind, **NAMED)
    texts = probe_texts([*SPECIALS, TOOL], COUNT)
    assert mismatches(tmp_path, config, texts) == []
    decomposed = [f"{word} {letters}" for word in WORDS[:20] for letters in DECOMPOSED]
    assert mismatches(tmp_path, config, decomposed) == decomposed, LLAMA_CPP_DEFECTS["nfc"]
    composed = [unicodedata.normalize("NFC", text) for text in decomposed]
    assert mismatches(tmp_path, config, [*composed, *COMBINING]) == []


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("phi3", "gpt-4o"),
        ("granite", "smollm"),
        ("granitemoehybrid", "dbrx"),
        ("olmo2", "dbrx"),
        ("exaone4", "gpt-2"),
        ("ministral3", "tekken"),
    ],
)
def test_families_that_name_the_class_of_gpt2(model: str, name: str, tmp_path: Path) -> None:
    """As published; for all but EXAONE tokenizer.json counts all the same."""
    config = save(
        tmp_path,
        train_byte_level(ROWS[name], vocab_size=600),
        model=model,
        tokenizer_class="GPT2Tokenizer",
        **NAMED,
    )
    metadata, notes = read_tokenizer(tmp_path, config)
    assert metadata["tokenizer.ggml.pre"] == name
    assert notes == ((ROWS[name].note,) if ROWS[name].note else ())
    texts = [text for text in probe_texts([*SPECIALS, TOOL], 300) if not has_case_or_mark(text)]
    assert mismatches(tmp_path, config, texts) == []


def test_another_name_is_noticed(tmp_path: Path) -> None:
    """The comparison can fail: with a wrong name the same tokenizer differs on many strings."""
    config = save(tmp_path, train_byte_level(ROWS["qwen2"]), **NAMED)
    texts = probe_texts(count=500)
    assert mismatches(tmp_path, config, texts, pre="deepseek-r1-qwen") == []
    for name in ("gpt-2", "smollm", "deepseek-coder", "default"):
        assert len(mismatches(tmp_path, config, texts, pre=name)) > 10, name


def hand_made(words: Sequence[str]) -> Tokenizer:
    """A vocabulary in which each word that is not cut is one token."""
    level = pre.ByteLevel(add_prefix_space=False, use_regex=False)
    vocab = {letter: number for number, letter in enumerate(sorted(pre.ByteLevel.alphabet()))}
    merges = []
    for word in words:
        letters = level.pre_tokenize_str(word)[0][0]
        for end in range(1, len(letters)):
            if letters[: end + 1] not in vocab:
                merges.append((letters[:end], letters[end]))
                vocab[letters[: end + 1]] = len(vocab)
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = level
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def differing(tmp_path: Path, words: Sequence[str]) -> list[str]:
    """Which of `words` the two cut differently under Llama 3's pattern."""
    tokenizer = hand_made(words)
    tokenizer.pre_tokenizer = train_byte_level(ROWS["smaug-bpe"], vocab_size=260).pre_tokenizer
    config = save(tmp_path, tokenizer, **NAMED)
    return mismatches(tmp_path, config, words)


def test_letters_of_unicode_16_are_no_letters_yet(tmp_path: Path) -> None:
    older, newer = "x\u0440", "x\u1c8a"  # both small Cyrillic letters, U+1C8A since Unicode 16
    assert differing(tmp_path, [older, newer]) == [newer], LLAMA_CPP_DEFECTS["unicode"]


def test_the_long_s_is_not_folded(tmp_path: Path) -> None:
    """U+017F folds to s, so Hugging Face takes it for the s of 's where case does not matter."""
    assert differing(tmp_path, ["'\u017fx", "'Sx"]) == ["'\u017fx"], LLAMA_CPP_DEFECTS["fold"]


@pytest.mark.slow
def test_every_code_point_up_to_unicode_15_is_cut_alike(tmp_path: Path) -> None:
    """Each character behind a letter, a digit and a full stop; 188,032 of them."""
    ranges = (range(0x80, 0xD800), range(0xF900, 0x30000))
    points = [point for part in ranges for point in part]
    different: set[int] = set()
    for start in range(0, len(points), 6000):
        words = [first + chr(point) for point in points[start : start + 6000] for first in "x1."]
        different |= {ord(word[1]) for word in differing(tmp_path, words)}
    assert len(different) == 4382, LLAMA_CPP_DEFECTS["unicode"]
    assert {unicodedata.category(chr(point)) for point in different} <= {
        "Cn",
        "Lu",
        "Ll",
        "Lo",
        "Lm",
        "Nd",
        "Nl",
    }
    assert 0x1C89 in different
    assert 0x13460 in different  # the extended hieroglyphs of Unicode 16


def test_added_tokens_do_not_swallow_spaces(tmp_path: Path) -> None:
    tokenizer = train_byte_level(ROWS["llama-bpe"])
    tokenizer.add_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    config = save(tmp_path, tokenizer, **NAMED)
    assert mismatches(tmp_path, config, ["a <mask> b", "a<mask> b"]) == ["a <mask> b"]
    assert "swallow" in LLAMA_CPP_DEFECTS["strip"]


def test_added_tokens_of_tokenizer_config(tmp_path: Path) -> None:
    """transformers adds them at load time; one that no row of the model is left for is dropped."""
    tokenizer = train_byte_level(ROWS["llama-bpe"])
    size = tokenizer.get_vocab_size()
    flags = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False}
    config = save(tmp_path, tokenizer, **NAMED)
    declared = {str(size): {"content": "<think>", "special": False, **flags}}
    settings = {
        **NAMED,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "added_tokens_decoder": declared,
        "unk_token": "<late>",
    }
    write(tmp_path / "tokenizer_config.json", settings)
    assert mismatches(tmp_path, config, ["a<think>b", "x<late>y <think>"]) == []
    metadata = read_tokenizer(tmp_path, {**config, "vocab_size": size + 1}).metadata
    tokens = metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, list)
    assert tokens[size] == "<think>"
    assert "<late>" not in tokens


def test_ids_without_special_tokens(tmp_path: Path) -> None:
    """Text from a user: what looks like a control token in it is text, no bos is added."""
    tokenizer = train_byte_level(ROWS["llama-bpe"])
    config = save(tmp_path, tokenizer, **NAMED)
    hugging_face = AutoTokenizer.from_pretrained(tmp_path, split_special_tokens=True)
    with LlamaVocabulary(read_tokenizer(tmp_path, config).metadata, tmp_path) as vocabulary:
        for text in ("<|eos|> is a token", "a<|bos|>b"):
            expected = hugging_face.encode(text, add_special_tokens=False)
            assert vocabulary.ids(text, special=False) == expected


@cache
def trained_small(name: str) -> str:
    return train_byte_level(ROWS[name], vocab_size=600).to_str()


@pytest.mark.parametrize("name", ["gpt-2", "llama-bpe", "deepseek-v3"])
@pytest.mark.parametrize("kind", ["GPT2TokenizerFast", "Qwen2Tokenizer", "LlamaTokenizer", None])
@pytest.mark.parametrize("model", ["Llama", "Mistral", "Qwen2", "Qwen3"])
def test_a_class_of_transformers_may_overrule_tokenizer_json(
    tmp_path: Path, name: str, kind: str | None, model: str
) -> None:
    config = save(tmp_path, Tokenizer.from_str(trained_small(name)), model=model, **NAMED)
    write(tmp_path / "tokenizer_config.json", {**NAMED, "tokenizer_class": kind})
    texts = probe_texts([*SPECIALS, TOOL], 300)
    assert mismatches(tmp_path, config, texts) == []


def test_a_space_in_front_of_bytes_is_refused(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True}
    config = save(tmp_path, train_byte_level(ROWS["gpt-2"], vocab_size=300), **NAMED, **settings)
    with pytest.raises(TokenizerError, match=r"add_prefix_space is true, but llama\.cpp puts no"):
        read_tokenizer(tmp_path, config)
