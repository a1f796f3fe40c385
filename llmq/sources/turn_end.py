"""The token with which a file's own chat template closes a turn, found before the file is there."""

import numpy as np

from llmq.files.gguf import Metadata
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.end_of_turn import end_of_turn
from llmq.tokenizer.special_tokens import ID_KEYS
from llmq.tokenizer.vocabulary import TokenType

MARKS = (TokenType.CONTROL, TokenType.USER_DEFINED)


def find_turn_end(keys: Metadata) -> str | None:
    """Its text, or None; `keys` are those of the file's tokenizer."""
    source = keys.get("tokenizer.chat_template")
    if not isinstance(source, str):
        return None
    texts: list[str] = keys["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    types = np.asarray(keys["tokenizer.ggml.token_type"])
    bos, eos = (
        texts[int(keys[ID_KEYS[kind]])] if ID_KEYS[kind] in keys else ""  # type: ignore[arg-type]
        for kind in ("bos", "eos")
    )
    template = ChatTemplate(source, bos=bos, eos=eos, name="the folder")
    marks = [texts[number] for number in np.flatnonzero(np.isin(types, MARKS))]
    return end_of_turn(template, marks)
