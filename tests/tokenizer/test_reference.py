"""The comparison with the tokenizers package: silent where a file is right, of every kind."""

import unicodedata
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, normalizers, processors
from tokenizers import pre_tokenizers as pre
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.family_rules import GEMMA, GEMMA4
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq.tokenizer.probe_texts import GROUPS, probe_texts
from llmq.tokenizer.reading import read_tokenizer
from llmq.tokenizer.reference import check_same_ids
from llmq_peer.gemma_tokenizers import gemma_json, save_gemma_json, train_gemma
from llmq_peer.tokenizer_folders import (
    NAMED,
    read,
    read_noted,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)
from tests.oracles.both_tokenizers import cut_differently
from tests.oracles.llama_vocab import LlamaVocabulary

NAMES = ("gpt-2", "llama-bpe", "tekken", "deepseek-llm", "falcon3")
SPACES = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])


def check(folder: Path, metadata: Metadata) -> int:
    """Compare as the load check does; the number of texts."""
    model = str(metadata["tokenizer.ggml.model"])
    names = (model, str(metadata.get("tokenizer.ggml.pre", model)))
    texts = list(probe_texts(*names))
    tokens = metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, list)
    with LlamaVocabulary(metadata, folder) as vocabulary:
        check_same_ids(
            folder,
            texts,
            lambda text: vocabulary.ids(text, special=False),
            len(tokens),
            words=names[0] != "llama",
        )
    return len(texts)


@pytest.mark.parametrize("name", NAMES)
def test_byte_level(name: str, tmp_path: Path) -> None:
    """Also those that llama.cpp cuts a little differently, which was said."""
    row = next(row for row in STRUCTURES if row.name == name)
    save(tmp_path, train_byte_level(row), **NAMED)
    n_texts = check(tmp_path, read(tmp_path))
    assert n_texts > 40 or (row.note and n_texts > 5)


@pytest.fixture(scope="module")
def model() -> bytes:
    return train_sentencepiece(user_defined_symbols=["<answer>"])


@pytest.fixture
def tokenizer(model: bytes, tmp_path: Path) -> Tokenizer:
    """What transformers makes of a tokenizer.model, which lies in the folder."""
    save_sentencepiece(tmp_path, model)
    backend = AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    assert isinstance(backend, Tokenizer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return backend


@pytest.mark.parametrize("beside", [True, False], ids=["beside tokenizer.model", "alone"])
@pytest.mark.parametrize("scheme", ["first", "always", "prepend"])
def test_sentencepiece(scheme: str, beside: bool, tokenizer: Tokenizer, tmp_path: Path) -> None:
    if scheme == "prepend":  # Llama 2's file
        tokenizer.normalizer = SPACES
        tokenizer.pre_tokenizer = None
    else:
        tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme=scheme, split=False)
    if not beside:
        (tmp_path / "tokenizer.model").unlink()
    save(tmp_path, tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    assert check(tmp_path, read(tmp_path)) > 40


def test_sentencepiece_without_a_space_in_front(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme="never", split=False)
    (tmp_path / "tokenizer.model").unlink()
    save(tmp_path, tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    metadata = read(tmp_path)
    assert check(tmp_path, metadata) > 40
    del metadata["tokenizer.ggml.add_space_prefix"]
    with pytest.raises(TokenizerError, match=r"would cut 'the' into .* makes \[\d+"):
        check(tmp_path, metadata)


@pytest.mark.parametrize(
    ("model", "name", "pre"),
    [
        ("Qwen2", "Qwen2Tokenizer", "qwen2"),
        ("Qwen3_5", "Qwen2Tokenizer", "qwen35"),
        ("Llama", "GPT2TokenizerFast", "gpt-2"),
    ],
)
def test_a_class_that_cuts_its_own_way(model: str, name: str, pre: str, tmp_path: Path) -> None:
    """It counts, but --pre may say that tokenizer.json does; a third way is refused."""
    row = next(row for row in STRUCTURES if row.name == "llama-bpe")
    save(tmp_path, train_byte_level(row), model=model, tokenizer_class=name, **NAMED)
    assert read(tmp_path)["tokenizer.ggml.pre"] == pre
    assert check(tmp_path, read(tmp_path)) > 40
    assert check(tmp_path, read(tmp_path) | {"tokenizer.ggml.pre": "llama-bpe"}) > 40
    with pytest.raises(TokenizerError, match="where transformers makes"):
        check(tmp_path, read(tmp_path) | {"tokenizer.ggml.pre": "deepseek-coder"})


def test_llamas_class_without_a_space_in_front(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Where tokenizer.json puts one."""
    tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme="first", split=False)
    save(tmp_path, tokenizer, tokenizer_class="LlamaTokenizer", add_prefix_space=False)
    config = {"bos_token_id": 1, "eos_token_id": 2}
    assert check(tmp_path, read(tmp_path, **config)) > 40


@pytest.mark.parametrize("scheme", ["first", "never"])
def test_gemmas_class_puts_no_space_in_front(
    scheme: str, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Whatever tokenizer.json says."""
    tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme=scheme, split=False)
    (tmp_path / "tokenizer.model").unlink()
    save(tmp_path, tokenizer, model="Gemma3", tokenizer_class="GemmaTokenizer")
    config = {"bos_token_id": 1, "eos_token_id": 2}
    assert check(tmp_path, read(tmp_path, **config)) > 40
    assert cut_differently(tmp_path, bos_token_id=1, eos_token_id=2) == []


@pytest.mark.parametrize("model_type", ["gemma3_text", "gemma4"])
def test_gemma(model_type: str, tmp_path: Path) -> None:
    tokenizer = gemma_json(train_gemma(), words=model_type == "gemma3_text")
    config = save_gemma_json(tmp_path, tokenizer, model_type=model_type)
    rules = GEMMA4 if model_type == "gemma4" else GEMMA
    assert check(tmp_path, read_tokenizer(tmp_path, config, rules=rules).metadata) > 40


def test_an_unknown_character_is_no_difference(tmp_path: Path) -> None:
    """llama.cpp spells it with bytes, of which the file has tokens that nothing else uses."""
    model = train_sentencepiece(character_coverage=0.98)
    save_sentencepiece(tmp_path, model)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    tokenizer.model.byte_fallback = False
    tokenizer.model.unk_token = "<unk>"
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert any(0 in tokenizer.encode(text).ids for text in probe_texts("llama", "default"))
    assert check(tmp_path, read(tmp_path)) > 40


def test_the_texts_are_different_and_composed() -> None:
    texts = [text for group in GROUPS for text in group.texts]
    assert len(set(texts)) == len(texts) >= 50
    assert all(unicodedata.is_normalized("NFC", text) for text in texts)
    assert not any("\u3000" in text for text in texts)


def test_the_name_of_a_special_token_is_text(tmp_path: Path) -> None:
    """transformers reads a mark wherever its name stands, the comparison does not."""
    trained = train_byte_level(next(row for row in STRUCTURES if row.name == "llama-bpe"))
    trained.add_special_tokens([AddedToken(name, special=True) for name in ("student", "\n\n")])
    save(tmp_path, trained, **NAMED)
    assert check(tmp_path, read(tmp_path)) > 40


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word"])
def test_a_word_that_takes_its_spaces(flag: str, tmp_path: Path) -> None:
    """llama.cpp's takes none, which was said."""
    trained = train_byte_level(next(row for row in STRUCTURES if row.name == "llama-bpe"))
    trained.add_tokens([AddedToken("the", **{flag: True})])
    save(tmp_path, trained, **NAMED)
    assert check(tmp_path, read(tmp_path)) > 40


def test_words_that_overlap(tmp_path: Path) -> None:
    """llama.cpp takes the longest first, not the leftmost: nothing says so but the comparison."""
    trained = train_byte_level(next(row for row in STRUCTURES if row.name == "llama-bpe"))
    trained.add_tokens([AddedToken(text) for text in ("di", "ivide")])
    save(tmp_path, trained, **NAMED)
    with pytest.raises(TokenizerError, match="would cut 'divide both"):
        check(tmp_path, read(tmp_path))


@pytest.mark.parametrize("scheme", ["first", "never", "prepend"])
def test_words_in_a_sentencepiece_vocabulary(
    scheme: str, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Behind each, llama.cpp puts the space of a text's beginning; said where others do not."""
    if scheme == "prepend":
        tokenizer.normalizer = SPACES
        tokenizer.pre_tokenizer = None
    else:
        tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme=scheme, split=False)
    words = [AddedToken(text, normalized=False) for text in ("fraction", "the")]
    tokenizer.add_tokens(words)
    (tmp_path / "tokenizer.model").unlink()
    save(tmp_path, tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    found = read_noted(tmp_path)
    assert any("'fraction', 'the'" in note for note in found.notes) == (scheme == "first")
    assert check(tmp_path, found.metadata) > 40


def test_words_that_are_found_in_the_normalized_text(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """There the space in front belongs to the word, which llama.cpp does not know."""
    tokenizer.normalizer = SPACES
    tokenizer.pre_tokenizer = None
    tokenizer.add_tokens([AddedToken("the", normalized=True)])
    (tmp_path / "tokenizer.model").unlink()
    save(tmp_path, tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    with pytest.raises(TokenizerError, match="would cut 'divide both"):
        check(tmp_path, read(tmp_path))
