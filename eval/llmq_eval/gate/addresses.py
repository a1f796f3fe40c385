"""Addresses in a file's metadata, and what programs do with them.

llama.cpp follows no address: of a split model it opens the files beside the one that is named,
whose names it makes of that name (`llama_split_path`). Other runtimes read the same keys. So there
are three kinds of keys:

for people     general.* (the model card), quantize.* and llmq.* (how it was made): shown, never
               followed; that they hold addresses is told
vocabulary     words that a text may hold, such as "https"
templates      programs that write prompts. One that includes another file would have a runtime
               read it, and an image in what it writes is fetched by a window that shows it

An address in any other key has no purpose that is known here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# A scheme and a place, or a share of a Windows network.
ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>]+|\\\\[\w.-]+\\[\w$.-]+", re.IGNORECASE)
FOR_PEOPLE = ("general.", "quantize.", "llmq.")
VOCABULARY = (
    "tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.huggingface.json",
    "tokenizer.rwkv.world",
)  # fmt: skip
TEMPLATE = "tokenizer.chat_template"
# What loads something when a template runs, or when what it writes is shown.
LOADS = (
    (re.compile(r"\{%[-+]?\s*(include|import|from|extends)\b"), "has another file read"),
    (re.compile(r"!\[[^\]]*\]\(\s*\w+:", re.IGNORECASE), "writes an image to be fetched"),
    (
        re.compile(
            r"<\s*(img|script|iframe|link|object|embed)\b[^>]*(src|href|data)\s*=", re.IGNORECASE
        ),
        "writes a tag that loads something",
    ),
)


def followed(metadata: Mapping[str, Any]) -> Iterator[str]:
    """A line for each key in which a runtime might find something to follow."""
    for key, text in _texts(metadata):
        if key.startswith(TEMPLATE):
            yield from (f"{key} {what}" for pattern, what in LOADS if pattern.search(text))
        elif not key.startswith(FOR_PEOPLE) and (found := ADDRESS.search(text)):
            yield f"{key} holds {found[0]}"


def inert(metadata: Mapping[str, Any]) -> list[str]:
    """The keys whose addresses are for people, or words of a prompt."""
    keys = (
        key
        for key, text in _texts(metadata)
        if key.startswith((*FOR_PEOPLE, TEMPLATE)) and ADDRESS.search(text)
    )
    return list(dict.fromkeys(keys))


def _texts(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in metadata.items():
        if key not in VOCABULARY:
            items = value if isinstance(value, list) else [value]
            yield from ((key, item) for item in items if isinstance(item, str))
