"""The token with which a file's own chat template closes a turn, found before the file is there."""

import numpy as np

from llmq.files.gguf import Metadata
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.end_of_turn import end_of_turn
from llmq.runtime.file_template import TOKEN_KEYS
from llmq.tokenizer.end_tokens import END_TYPES
from llmq.tokenizer.special_tokens import ID_KEYS


def find_turn_end(keys: Metadata) -> str | None:
    """Its text, or None; `keys` are those of the file's tokenizer."""
    source = keys.get("tokenizer.chat_template")
    if not isinstance(source, str):
        return None
    texts: list[str] = keys["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    types = np.asarray(keys["tokenizer.ggml.token_type"])
    names = {"bos": ID_KEYS["bos"], "eos": ID_KEYS["eos"], **TOKEN_KEYS}
    named = {
        name: texts[int(keys[key])]  # type: ignore[arg-type]  # an id
        for name, key in names.items()
        if key in keys
    }
    bos, eos = (named.pop(kind, "") for kind in ("bos", "eos"))
    template = ChatTemplate(source, bos=bos, eos=eos, name="the folder", tokens=named)
    marks = [texts[number] for number in np.flatnonzero(np.isin(types, END_TYPES))]
    return end_of_turn(template, marks)
