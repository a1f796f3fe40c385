"""llama.cpp's tokenizer for a file that holds nothing but our metadata."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from llmq.files.gguf import Metadata, encode_header
from llmq.runtime.binding import library

# The least that llama.cpp wants to know of a model whose vocabulary alone it loads.
FRAME: Metadata = {
    "general.architecture": "llama",
    "llama.block_count": np.uint32(1),
    "llama.context_length": np.uint32(64),
    "llama.embedding_length": np.uint32(32),
    "llama.feed_forward_length": np.uint32(32),
    "llama.attention.head_count": np.uint32(1),
    "llama.attention.layer_norm_rms_epsilon": np.float32(1e-5),
}


class LlamaVocabulary:
    """Opens a vocabulary-only GGUF in `folder`; a context manager."""

    def __init__(self, metadata: Metadata, folder: Path) -> None:
        path = folder / "vocabulary.gguf"
        path.write_bytes(encode_header(FRAME | metadata, []))
        self.lib = library()
        parameters = self.lib.llama_model_default_params()
        parameters.vocab_only = True
        self.model: Any = self.lib.llama_model_load_from_file(str(path).encode(), parameters)
        assert self.model, "llama.cpp refuses the vocabulary"
        self.vocab: Any = self.lib.llama_model_get_vocab(self.model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lib.llama_model_free(self.model)

    def ids(self, text: str, *, special: bool = True) -> list[int]:
        """The tokens of `text`; with `special`, added ones (bos, eos) and control tokens in it."""
        data = text.encode("utf-8")
        room = len(data) + 16
        buffer = (self.lib.llama_token * room)()
        count = self.lib.llama_tokenize(self.vocab, data, len(data), buffer, room, special, special)
        assert count >= 0
        return list(buffer[:count])


_KNOWN: dict[tuple[bytes, tuple[str, ...]], list[list[int]]] = {}


def ids_of_all(metadata: Metadata, folder: Path, texts: Sequence[str]) -> list[list[int]]:
    """The tokens of each text, added ones too; files that are equal need it but once."""
    key = (encode_header(FRAME | metadata, []), tuple(texts))
    if key not in _KNOWN:
        with LlamaVocabulary(metadata, folder) as vocabulary:
            _KNOWN[key] = [vocabulary.ids(text) for text in texts]
    return _KNOWN[key]
