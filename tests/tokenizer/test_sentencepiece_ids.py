"""SentencePiece, as tokenizer.model and tokenizer.json: llama.cpp's ids and the originals'."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import sentencepiece
from tokenizers import Tokenizer, normalizers, processors
from tokenizers import pre_tokenizers as pre
from transformers import AutoTokenizer

from llmq.architectures.llama import LLAMA
from llmq.errors import TokenizerError
from llmq.tokenizer.pre_tokenizer_table import LLAMA_CPP_DEFECTS
from llmq.tokenizer.reading import read_tokenizer
from llmq.tokenizer.sentencepiece_model import read_sentencepiece_model
from llmq.tokenizer.vocabulary import TokenType
from llmq_peer.texts import probe_texts
from llmq_peer.tokenizer_folders import save, save_sentencepiece, train_sentencepiece, write
from tests.oracles.llama_vocab import LlamaVocabulary

SPECIALS = ("<s>", "</s>", "[INST]", "[/INST]", "<answer>")
COUNT = 5000
Encode = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def model() -> bytes:
    """A tokenizer.model with two control pieces and one that its author defined."""
    return train_sentencepiece(
        control_symbols=["[INST]", "[/INST]"], user_defined_symbols=["<answer>"]
    )


def mismatches(
    folder: Path, config: dict[str, object], encode: Encode, texts: Sequence[str]
) -> list[str]:
    """The texts whose ids differ between `encode` and llama.cpp."""
    metadata = read_tokenizer(folder, config, rules=LLAMA.tokenizer).metadata
    with LlamaVocabulary(metadata, folder) as vocabulary:
        return [text for text in texts if encode(text) != vocabulary.ids(text)]


def gets_another_prefix(text: str) -> bool:
    """What the defect "prefix" is about: a space in front, or text behind a special token."""
    pieces = [text]
    for special in SPECIALS:
        pieces = [part for piece in pieces for part in piece.split(special)]
    return text.startswith(" ") or any(pieces[1:])


def test_pieces_are_those_of_the_library(model: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(model)
    ours = read_sentencepiece_model(tmp_path / "tokenizer.model")
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    assert ours.kind == "BPE"
    assert len(ours.pieces) == theirs.vocab_size()
    for number, piece in enumerate(ours.pieces):
        assert piece.text == theirs.id_to_piece(number)
        assert piece.score == theirs.get_score(number)
        assert (piece.type == TokenType.UNKNOWN) == theirs.is_unknown(number)
        assert (piece.type == TokenType.CONTROL) == theirs.is_control(number)
        assert (piece.type == TokenType.BYTE) == theirs.is_byte(number)
        assert (piece.type == TokenType.UNUSED) == theirs.is_unused(number)
    assert [piece.text for piece in ours.pieces if piece.type == TokenType.USER_DEFINED] == [
        "<answer>"
    ]


def test_text_as_sentencepiece_itself(model: bytes, tmp_path: Path) -> None:
    config = save_sentencepiece(tmp_path, model)
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    texts = probe_texts(count=COUNT)
    assert mismatches(tmp_path, config, lambda text: [1, *library.encode(text)], texts) == []


@pytest.mark.parametrize("legacy", [False, True])
def test_with_a_space_in_front(model: bytes, tmp_path: Path, *, legacy: bool) -> None:
    config = save_sentencepiece(tmp_path, model, legacy=legacy)
    hugging_face = AutoTokenizer.from_pretrained(tmp_path)
    texts = probe_texts(SPECIALS, COUNT)
    different = mismatches(tmp_path, config, hugging_face.encode, texts)
    assert different, LLAMA_CPP_DEFECTS["prefix"]
    assert [text for text in different if not gets_another_prefix(text)] == []


def test_without_a_space_in_front(model: bytes, tmp_path: Path) -> None:
    config = save_sentencepiece(tmp_path, model, add_prefix_space=False)
    hugging_face = AutoTokenizer.from_pretrained(tmp_path)
    texts = probe_texts(SPECIALS, COUNT)
    assert mismatches(tmp_path, config, hugging_face.encode, texts) == []
    metadata = read_tokenizer(tmp_path, config, rules=LLAMA.tokenizer).metadata
    assert next(iter(metadata)) == "tokenizer.ggml.add_space_prefix"


def as_json(model: bytes, folder: Path) -> Tokenizer:
    """The tokenizer.json that transformers makes of a tokenizer.model."""
    save_sentencepiece(folder, model)
    backend = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    assert isinstance(backend, Tokenizer)
    (folder / "tokenizer.model").unlink()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return backend


NAMED = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def test_json_of_llama_2(model: bytes, tmp_path: Path) -> None:
    """Prepend and Replace put the space where SentencePiece does, specials included."""
    tokenizer = as_json(model, tmp_path)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.pre_tokenizer = None
    config = save(tmp_path, tokenizer, **NAMED)
    hugging_face = AutoTokenizer.from_pretrained(tmp_path)
    texts = probe_texts(SPECIALS, COUNT)
    assert mismatches(tmp_path, config, hugging_face.encode, texts) == []


@pytest.mark.parametrize("scheme", ["first", "always", "never"])
def test_json_of_transformers(model: bytes, tmp_path: Path, scheme: str) -> None:
    tokenizer = as_json(model, tmp_path)
    tokenizer.pre_tokenizer = pre.Metaspace(prepend_scheme=scheme, split=False)
    config = save(tmp_path, tokenizer, **NAMED)
    hugging_face = AutoTokenizer.from_pretrained(tmp_path)
    texts = probe_texts(SPECIALS, COUNT)
    different = mismatches(tmp_path, config, hugging_face.encode, texts)
    assert bool(different) == (scheme != "never"), LLAMA_CPP_DEFECTS["prefix"]
    assert [text for text in different if not gets_another_prefix(text)] == []


def test_other_steps_around_byte_fallback_are_refused(model: bytes, tmp_path: Path) -> None:
    tokenizer = as_json(model, tmp_path)
    tokenizer.pre_tokenizer = pre.Metaspace(split=True)
    config = save(tmp_path, tokenizer, **NAMED)
    with pytest.raises(TokenizerError, match=r"split=True.* nothing that llama\.cpp can do"):
        read_tokenizer(tmp_path, config)


@pytest.mark.parametrize("name", ["stories260K", "babyllama361"])
def test_trained_models(shared: Path, tmp_path: Path, name: str) -> None:
    """babyllama361 asks for a normalizer, which transformers and llama.cpp both leave out."""
    folder = shared / "models" / name
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hugging_face = AutoTokenizer.from_pretrained(folder)
    texts = probe_texts(("<s>", "</s>"), COUNT)
    with LlamaVocabulary(read_tokenizer(folder, config).metadata, tmp_path) as vocabulary:
        different = [text for text in texts if hugging_face.encode(text) != vocabulary.ids(text)]
    assert different, LLAMA_CPP_DEFECTS["prefix"]
    assert [text for text in different if not gets_another_prefix(text)] == []


def test_added_tokens(model: bytes, tmp_path: Path) -> None:
    """added_tokens.json, overruled by tokenizer_config.json; what has no row is left out."""
    config = save_sentencepiece(
        tmp_path,
        model,
        added_tokens_decoder={
            "901": {"content": "<think>", "special": False},
            "902": {"content": "<|end|>", "special": False},
            "2000": {"content": "<far>", "special": True},
        },
    )
    write(tmp_path / "added_tokens.json", {"<old>": 900, "<older>": 901})
    metadata = read_tokenizer(tmp_path, config).metadata
    tokens, types = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    scores = metadata["tokenizer.ggml.scores"]
    assert isinstance(tokens, list)
    assert tokens[900:904] == ["<old>", "<think>", "<|end|>", "[PAD903]"]
    assert list(types[900:904]) == [4, 4, 3, 5]  # type: ignore[index]  # an array
    assert list(scores[900:904]) == [-1000, -1000, -1000, -10000]  # type: ignore[index]  # an array
    assert len(tokens) == 960


def test_added_tokens_only_in_tokenizer_json(model: bytes, tmp_path: Path) -> None:
    """So transformers 5 saves them, beside an old tokenizer.model."""
    config = save_sentencepiece(tmp_path, model)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    tokenizer.add_special_tokens(["<late>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    tokens = read_tokenizer(tmp_path, config).metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, list)
    assert tokens[900] == "<late>"
    assert tokens[899] != "<late>"


def test_other_kinds_are_refused(tmp_path: Path) -> None:
    config = save_sentencepiece(
        tmp_path, train_sentencepiece(kind="unigram", hard_vocab_limit=False)
    )
    with pytest.raises(TokenizerError, match="Unigram"):
        read_tokenizer(tmp_path, config)


@pytest.mark.parametrize("keep", [0, 1, 7, 1000, 8000])
def test_a_model_cut_short_is_refused(model: bytes, tmp_path: Path, keep: int) -> None:
    config = save_sentencepiece(tmp_path, model[:keep])
    with pytest.raises(TokenizerError, match=r"tokenizer\.model: not a SentencePiece model"):
        read_tokenizer(tmp_path, config)


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a piece of 2**64 - 1 bytes
        b"\xff" * 40,  # a number without an end
        b"\x0a\x02\x0a\x09",  # a text longer than its piece
        b"\x0a\x04\x0a\x02\xff\xfe",  # a text that is not UTF-8
        b"\x0a\x04\x18\x63\x0a\x00",  # a type that does not exist
        b"\x0b\x0a\x00",  # a group, which is written no more
        b"PK\x03\x04 a zip archive",
        b"{}",
    ],
)
def test_what_is_no_model(data: bytes, tmp_path: Path) -> None:
    config = save_sentencepiece(tmp_path, data)
    with pytest.raises(
        TokenizerError, match=r"tokenizer\.model: not a SentencePiece model"
    ) as error:
        read_tokenizer(tmp_path, config)
    assert "\n" not in str(error.value)
