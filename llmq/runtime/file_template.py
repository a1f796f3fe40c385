"""The chat template that a GGUF file holds, with the tokens that templates call by name."""

from typing import Any

from llmq.runtime.binding import file_value, library
from llmq.runtime.chat_template import PLAIN, ChatTemplate
from llmq.runtime.vocabulary import Vocabulary
from llmq.tokenizer.special_tokens import ID_KEYS

# What transformers calls `unk_token` and so on, beside the beginning and the end of a text.
TOKEN_KEYS = {f"{kind}_token": ID_KEYS[kind] for kind in ("unk", "sep", "pad", "mask")} | {
    "cls_token": "tokenizer.ggml.cls_token_id"
}


def file_template(model: Any, vocabulary: Vocabulary, *, fixed_date: bool) -> ChatTemplate:
    """The template of the file behind llama.cpp's `model`, or PLAIN where it has none."""
    source = library().llama_model_chat_template(model, None)
    values = {name: file_value(model, key) for name, key in TOKEN_KEYS.items()}
    ids = {name: int(value) for name, value in values.items() if value.isdigit()}
    return ChatTemplate(
        source=PLAIN if source is None else source.decode("utf-8", "replace"),
        bos=vocabulary.text(vocabulary.bos),
        eos=vocabulary.text(vocabulary.eos),
        name=vocabulary.path.name,
        tokens={name: vocabulary.text(i) for name, i in ids.items() if i in vocabulary},
        fixed_date=fixed_date,
    )
