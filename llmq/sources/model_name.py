"""A model's name is more than a name to llama.cpp: "phi3" in it changes how its tokens are read.

llama_vocab::impl::load in llama-vocab.cpp looks for "phi-3" and "phi3" in general.name, whatever
the case. It then lets special tokens swallow the white space behind them, as Phi-3's do, and looks
up four of Phi-3's tokens by name; where one is missing, the file cannot be opened. A model of
another kind may well be called so, after its teacher.
"""

import re
from pathlib import Path

from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import open_folder

NAME, TOKENS = "general.name", "tokenizer.ggml.tokens"
HEEDED = re.compile("(phi)-?(3)", re.IGNORECASE)
PHI_3_TOKENS = frozenset({"</s>", "<unk>", "<s>", "<|endoftext|>"})


def harmless_name(metadata: Metadata, folder: Path) -> tuple[Metadata, tuple[str, ...]]:
    """`metadata` with a name that says nothing to llama.cpp, unless the tokenizer is Phi-3's."""
    name = metadata.get(NAME)
    if not isinstance(name, str) or not HEEDED.search(name):
        return metadata, ()
    texts: list[str] = metadata[TOKENS]  # type: ignore[assignment]  # built so
    if PHI_3_TOKENS.issubset(texts) and _swallows(folder):
        return metadata, ()
    other = HEEDED.sub(r"\1 \2", name)
    note = (
        f"the name {name!r} is written as {other!r}: from the first, llama.cpp would conclude that"
        " the tokenizer is Phi-3's, which it is not"
    )
    return {**metadata, NAME: other}, (note,)


def _swallows(folder: Path) -> bool:
    """Whether added tokens of this model take the spaces beside them."""
    files = open_folder(folder, {})
    return any(token.picky for token in [*files.json_added_tokens, *files.config_added_tokens])
