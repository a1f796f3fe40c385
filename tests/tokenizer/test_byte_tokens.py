"""A SentencePiece vocabulary without byte fallback, at which llama.cpp would abort."""

from pathlib import Path

import pytest

from llmq.errors import TokenizerError
from llmq.tokenizer.byte_tokens import missing_bytes
from llmq.tokenizer.vocabulary import Token, TokenType
from llmq_peer.tokenizer_folders import read_noted, save_sentencepiece, train_sentencepiece
from tests.oracles.both_tokenizers import TEXTS, cut_differently
from tests.oracles.llama_vocab import LlamaVocabulary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_sentencepiece(tmp_path, train_sentencepiece(byte_fallback=False))
    return tmp_path


def test_unused_rows_stand_for_bytes(folder: Path) -> None:
    keys, notes = read_noted(folder, vocab_size=1160)
    tokens = keys["tokenizer.ggml.tokens"]
    assert isinstance(tokens, list)
    assert tokens[-1] == "<0xF4>"
    assert tokens[900] == "[PAD900]"
    assert len(notes) == 1
    assert "no byte tokens" in notes[0]
    with LlamaVocabulary(keys, folder) as vocabulary:
        ids = vocabulary.ids("a\u2603\x00é\U0010fffd")
        known = [text for text in TEXTS if not any(i > 900 for i in vocabulary.ids(text))]
    assert [tokens[i] for i in ids[-4:]] == ["<0xF4>", "<0x8F>", "<0xBF>", "<0xBD>"]
    assert len(known) > 100
    assert cut_differently(folder, known, vocab_size=1160) == []


def test_a_letter_stands_for_its_byte() -> None:
    """As in llama.cpp, which looks for the letter where the byte is no token."""
    missing = missing_bytes({0: Token("A", TokenType.NORMAL), 1: Token("é", TokenType.NORMAL)})
    assert "<0x41>" not in missing
    assert {"<0x42>", "<0xC3>", "<0xE9>"} <= set(missing)
    assert len(missing) == 256 - 13 - 1  # 13 bytes are in no text


def test_without_rows_it_is_refused(folder: Path) -> None:
    with pytest.raises(
        TokenizerError, match=r"lacks \d+ byte tokens.* and has 60 unused rows"
    ) as e:
        read_noted(folder)
    size = int(str(e.value).split("embeddings(")[1].split(")")[0])
    assert read_noted(folder, vocab_size=size).notes
    with pytest.raises(TokenizerError, match=r"has \d+ unused rows"):
        read_noted(folder, vocab_size=size - 1)


def test_a_byte_of_another_name_is_refused(tmp_path: Path) -> None:
    """llama.cpp would read its number past the end of the text."""
    data = train_sentencepiece().replace(b"<0x41>", b"<0xzz>")
    save_sentencepiece(tmp_path, data)
    with pytest.raises(TokenizerError, match="stands for a byte, but is '<0xzz>'"):
        read_noted(tmp_path)
