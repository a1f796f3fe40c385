"""transformers and llama.cpp on the same folder: the texts that they cut differently."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from llmq_peer.texts import probe_texts
from llmq_peer.tokenizer_folders import read
from tests.oracles.llama_vocab import LlamaVocabulary

# llama.cpp, as SentencePiece, adds its space in front of a space too; Metaspace does not.
TEXTS = [text for text in probe_texts(count=400) if not text.startswith(" ")]


def cut_differently(folder: Path, texts: Sequence[str] = tuple(TEXTS), **config: Any) -> list[str]:
    """Those of `texts` with other ids; `config` changes config.json for our reading."""
    hugging_face = AutoTokenizer.from_pretrained(folder)
    with LlamaVocabulary(read(folder, **config), folder) as vocabulary:
        return [text for text in texts if hugging_face.encode(text) != vocabulary.ids(text)]
