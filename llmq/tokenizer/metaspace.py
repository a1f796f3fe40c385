"""SentencePiece written as merges: a tokenizer.json with byte fallback, without a tokenizer.model.

GGUF's tokenizer model is "llama" here too, which merges by score; so each token's score is minus the
place of the first merge that makes it, and llama.cpp merges in the order that the file says.
"""

from llmq.errors import TokenizerError
from llmq.gguf_file import Metadata
from llmq.tokenizer.byte_level import all_added_tokens, model_vocab, read_merges
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.json_values import as_object
from llmq.tokenizer.pre_tokenizer import describe_step, flat_steps
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
    where = str(folder.path / "tokenizer.json")
    normalizer = flat_steps(folder.tokenizer.get("normalizer"), "normalizers", where)
    steps = flat_steps(folder.tokenizer.get("pre_tokenizer"), "pretokenizers", where)
    key = (
        tuple(describe_step(step, where) for step in normalizer),
        tuple(describe_step(step, where) for step in steps),
    )
    if key not in ADDS_SPACE:
        shown = " > ".join(key[0] + key[1])[:200] or "none"
        raise TokenizerError(
            f"{where}: byte fallback with the steps {shown} is nothing that llama.cpp can do"
        )
    as_object(folder.tokenizer.get("model"), where)
    return ADDS_SPACE[key]
