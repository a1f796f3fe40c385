"""A small tokenizer and a model folder with it, for the tests of this folder."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_peer.tokenizer_folders import NAMED, save, train_byte_level

ROW = next(row for row in STRUCTURES if row.name == "llama-bpe")


@pytest.fixture(scope="session")
def trained() -> str:
    """A small byte-level tokenizer.json, as text."""
    return train_byte_level(ROW, vocab_size=300).to_str()


@pytest.fixture
def folder(trained: str, tmp_path: Path) -> Path:
    """A model folder with that tokenizer."""
    save(tmp_path, Tokenizer.from_str(trained), **NAMED)
    return tmp_path
