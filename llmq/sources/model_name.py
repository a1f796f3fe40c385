"""A model's name is more than a name to llama.cpp: "phi3" in it changes how its tokens are read.

llama_vocab::impl::load in llama-vocab.cpp looks for "phi-3" and "phi3" in general.name, whatever
the case. It then lets special tokens swallow the space behind them, as Phi-3's do, and looks up
four of Phi-3's tokens by name; where one is missing, the file cannot be opened. A model of another kind
may well be called so, after its teacher.
"""

import re
from collections.abc import Collection

from llmq.files.gguf import Metadata

NAME = "general.name"
HEEDED = re.compile("(phi)-?(3)", re.IGNORECASE)
PHI_3_TOKENS = frozenset({"</s>", "<unk>", "<s>", "<|endoftext|>"})


def harmless_name(metadata: Metadata, tokens: Collection[str]) -> tuple[Metadata, tuple[str, ...]]:
    """`metadata` with a name that says nothing to llama.cpp, where Phi-3's tokens are missing."""
    name = metadata.get(NAME)
    if not isinstance(name, str) or not HEEDED.search(name) or PHI_3_TOKENS.issubset(tokens):
        return metadata, ()
    other = HEEDED.sub(r"\1 \2", name)
    note = (
        f"the name {name!r} is written as {other!r}: to llama.cpp it means a tokenizer of Phi-3,"
        " and it cannot open a file without Phi-3's tokens"
    )
    return {**metadata, NAME: other}, (note,)
