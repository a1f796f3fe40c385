"""A model's name is more than a name to llama.cpp: "phi3" in it changes how its tokens are read.

`llmq.tokenizer.swallowing` says how. A model of another kind may well be called so, after its
teacher, and one that was trained on Phi-3 may be called anything.
"""

import re
from pathlib import Path

from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import open_folder
from llmq.tokenizer.swallowing import LOOKED_UP, swallows_as_phi_3

NAME, TOKENS = "general.name", "tokenizer.ggml.tokens"
HEEDED = re.compile("(phi)-?(3)", re.IGNORECASE)


def harmless_name(metadata: Metadata, folder: Path) -> tuple[Metadata, tuple[str, ...]]:
    """`metadata` with a name that tells llama.cpp of Phi-3's tokenizer just where it is that."""
    name = metadata.get(NAME)
    if not isinstance(name, str):
        return metadata, ()
    texts: list[str] = metadata[TOKENS]  # type: ignore[assignment]  # built so
    is_phi_3 = LOOKED_UP.issubset(texts) and swallows_as_phi_3(open_folder(folder, {}), metadata)
    if is_phi_3 == bool(HEEDED.search(name)):
        return metadata, ()
    other = f"{name} (Phi-3)" if is_phi_3 else HEEDED.sub(r"\1 \2", name)
    why = (
        "only so llama.cpp lets its special tokens take the white space behind them, as Phi-3's do"
        if is_phi_3
        else "from the first, llama.cpp would conclude that the tokenizer is Phi-3's, which it is not"
    )
    return {**metadata, NAME: other}, (f"the name {name!r} is written as {other!r}: {why}",)
