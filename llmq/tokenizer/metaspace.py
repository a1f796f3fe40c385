"""SentencePiece written as merges: a tokenizer.json with byte fallback, without a tokenizer.model.

GGUF's tokenizer model is "llama" here too, which merges by score; so each token's score is minus
the place of the first merge that makes it, and llama.cpp merges in the order that the file says.
"""

from llmq.errors import TokenizerError, one_line
from llmq.files.gguf import Metadata
from llmq.tokenizer.byte_level import all_added_tokens, model_vocab, read_merges
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.pre_tokenizer import described
from llmq.tokenizer.vocabulary import (
    PIECE_SPACE,
    Token,
    TokenType,
    added,
    complete,
    texts_scores_and_types,
)

REPLACE = f"Replace(pattern={{'String': ' '}}, content={PIECE_SPACE!r})"
PREPEND = f"Prepend(prepend={PIECE_SPACE!r})"


def _metaspace(scheme: str) -> str:
    return f"Metaspace(replacement={PIECE_SPACE!r}, prepend_scheme={scheme!r}, split=False)"


# (normalizer, pre-tokenizer) -> does it put a space in front of the text?
ADDS_SPACE = {
    ((PREPEND, REPLACE), ()): True,
    ((REPLACE,), ()): False,
    ((), (_metaspace("always"),)): True,
    ((), (_metaspace("first"),)): True,
    ((), (_metaspace("never"),)): False,
}
BYTE_TOKENS = {f"<0x{byte:02X}>" for byte in range(256)}


def is_metaspace(folder: TokenizerFolder) -> bool:
    """Is this tokenizer.json SentencePiece in disguise (LlamaHfVocab in gguf/vocab.py)?"""
    model = folder.tokenizer.get("model")
    return isinstance(model, dict) and model.get("byte_fallback") is True


def read_metaspace(folder: TokenizerFolder) -> Metadata:
    """[add_space_prefix,] model, pre, tokens, scores, token_type."""
    where = folder.where("tokenizer.json", "model")
    vocab = model_vocab(folder)
    merges = read_merges(folder, vocab)
    scores: dict[str, float] = {}
    for place, (left, right) in enumerate(merges):
        scores.setdefault(left + right, -float(place))
    lowest = -float(len(merges))
    tokens = {
        number: Token(
            text,
            TokenType.BYTE if text in BYTE_TOKENS else TokenType.NORMAL,
            scores.get(text, lowest),
        )
        for text, number in vocab.items()
    }
    tokens |= {
        token.id: added(token.text, special=token.special, score=lowest)
        for token in all_added_tokens(folder, vocab)
    }
    size = folder.vocab_size or max(tokens) + 1
    prefix: Metadata = {} if adds_space(folder) else {"tokenizer.ggml.add_space_prefix": False}
    return {
        **prefix,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        **texts_scores_and_types(complete(tokens, size, where=where, pad_score=lowest)),
    }


def adds_space(folder: TokenizerFolder) -> bool:
    """Whether text gets a space in front; an unknown structure is an error that shows it."""
    where = folder.path / "tokenizer.json"
    normalizer = described(folder.tokenizer, "normalizer", where)
    steps = described(folder.tokenizer, "pre_tokenizer", where)
    if (normalizer, steps) not in ADDS_SPACE:
        shown = one_line(" > ".join(normalizer + steps), 200) or "none"
        raise TokenizerError(
            f"{where}: byte fallback with the steps {shown} is nothing that llama.cpp can do; "
            "put the tokenizer.model that it was made from into the folder"
        )
    return ADDS_SPACE[normalizer, steps]
