"""Added tokens that take the white space beside them, and the one model whose tokens may.

In llama.cpp no token does (`picky_tokens` says so), except where the model's name holds "phi-3" or
"phi3", whatever the case: then all special tokens but <unk>, <s> and <|endoftext|> take the white
space behind them, as Phi-3's do in transformers (llama_vocab::impl::load in llama-vocab.cpp). It
looks four tokens up by their text then, and cannot open a file that lacks one.
"""

from collections.abc import Sequence

from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import AddedToken, TokenizerFolder
from llmq.tokenizer.vocabulary import TokenType

LOOKED_UP = frozenset({"</s>", "<unk>", "<s>", "<|endoftext|>"})
LEFT_ALONE = LOOKED_UP - {"</s>"}
SPECIAL = (TokenType.UNKNOWN, TokenType.CONTROL, TokenType.USER_DEFINED)
SHOWN = 4  # tokens in one note


def swallows_as_phi_3(folder: TokenizerFolder, keys: Metadata) -> bool:
    """Whether llama.cpp, told that this is Phi-3, does what transformers does with its tokens."""
    texts: Sequence[str] = keys["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    types: Sequence[int] = keys["tokenizer.ggml.token_type"]  # type: ignore[assignment]  # built so
    if not LOOKED_UP.issubset(texts):
        return False
    special = {text for text, kind in zip(texts, types, strict=True) if kind in SPECIAL}
    picky = _picky(folder)
    return {t.text for t in picky} == (special - LEFT_ALONE) | {"</s>"} and all(
        token.takes_behind for token in picky
    )


def picky_tokens(folder: TokenizerFolder, keys: Metadata) -> tuple[str, ...]:
    """What to say of tokens that take spaces beside them, where llama.cpp's do not."""
    tokens = _picky(folder)
    if not tokens or swallows_as_phi_3(folder, keys):
        return ()
    shown = ", ".join(f"{token.text!r} ({token.id})" for token in tokens[:SHOWN])
    shown += f" and {len(tokens) - SHOWN} more" if len(tokens) > SHOWN else ""
    return (
        "in transformers these added tokens take the spaces beside them or are none inside a word"
        f" (lstrip, rstrip, single_word), in llama.cpp they do neither: {shown}",
    )


def _picky(folder: TokenizerFolder) -> list[AddedToken]:
    """Those tokens; of two entries for one, that of tokenizer_config.json counts."""
    listed = [*folder.json_added_tokens, *folder.config_added_tokens]
    return [token for token in {token.text: token for token in listed}.values() if token.picky]
