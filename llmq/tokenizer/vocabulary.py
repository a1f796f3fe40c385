"""The table of tokens that every kind of tokenizer ends in."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata


class TokenType(IntEnum):
    """`llama_token_type` of llama.h; SentencePiece numbers its pieces the same way."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class NotedKeys(NamedTuple):
    """Keys of the file, and what is worth saying of how they came about."""

    metadata: Metadata
    notes: tuple[str, ...] = ()


class Token(NamedTuple):
    """One row of the table; `score` only matters to SentencePiece."""

    text: str
    type: TokenType
    score: float = 0.0


# Texts that are control tokens even where their author forgot to say so
# (conversion/base.py, does_token_look_special).
SPECIAL_TEXTS = frozenset({"<pad>", "<mask>", "<2mass>", "[@BOS@]"})
SPECIAL_ENDS = (("<|", "|>"), ("<\uff5c", "\uff5c>"), ("<unused", ">"))
PIECE_SPACE = "▁"  # how SentencePiece writes a space


def added(text: str, *, special: bool, score: float = 0.0) -> Token:
    """The row of a token that is searched for in the text itself.

    llama.cpp looks for it before it replaces spaces, so a user-defined one holds real spaces.
    """
    ends = any(text.startswith(start) and text.endswith(end) for start, end in SPECIAL_ENDS)
    if special or text in SPECIAL_TEXTS or ends:
        return Token(text, TokenType.CONTROL, score)
    return Token(text.replace(PIECE_SPACE, " "), TokenType.USER_DEFINED, score)


def complete(
    tokens: Mapping[int, Token], size: int, *, where: str, pad_score: float = 0.0
) -> list[Token]:
    """The tokens by id, `size` of them: rows of the embedding without a token become unused.

    Two equal texts are an error here because llama.cpp aborts the whole process on them
    (llama-vocab.cpp, the assertion on token_to_id), and so is U+0000, at which llama.cpp cuts a
    text, so that two become equal. So is a token beyond the embedding.
    """
    if tokens and max(tokens) >= size:
        last = max(tokens)
        raise TokenizerError(
            f"{where} has the token {tokens[last].text!r} with id {last}, but config.json's "
            f"vocab_size is {size}; the tokenizer belongs to another model"
        )
    table = [
        tokens.get(number) or Token(f"[PAD{number}]", TokenType.UNUSED, pad_score)
        for number in range(size)
    ]
    seen: dict[str, int] = {}
    for number, token in enumerate(table):
        if "\0" in token.text:
            raise TokenizerError(
                f"{where} has the token {token.text!r} with id {number}, which llama.cpp cuts at"
                " the character U+0000; give it another text"
            )
        other = seen.setdefault(token.text, number)
        if other != number:
            raise TokenizerError(
                f"{where} gives the ids {other} and {number} to the same text {token.text!r}"
            )
    return table


def texts_and_types(table: list[Token]) -> Metadata:
    """The two keys that every kind has, in this order."""
    return {
        "tokenizer.ggml.tokens": [token.text for token in table],
        "tokenizer.ggml.token_type": np.array([token.type for token in table], np.int32),
    }


def texts_scores_and_types(table: list[Token]) -> Metadata:
    """The three keys of a SentencePiece vocabulary, in this order."""
    keys = texts_and_types(table)
    return {
        "tokenizer.ggml.tokens": keys["tokenizer.ggml.tokens"],
        "tokenizer.ggml.scores": np.array([token.score for token in table], np.float32),
        "tokenizer.ggml.token_type": keys["tokenizer.ggml.token_type"],
    }
