"""SentencePiece: `tokenizer.model` and what was added to it, GGUF's tokenizer model "llama".

The rows are those of _create_vocab_sentencepiece in conversion/base.py.
"""

import math

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.added_tokens import split_by_row, without_row
from llmq.tokenizer.byte_tokens import BYTE_TOKENS, with_byte_tokens
from llmq.tokenizer.folder import AddedToken, TokenizerFolder, named_special_tokens
from llmq.tokenizer.sentencepiece_model import SentencePieceModel
from llmq.tokenizer.spaces import on_words, space_keys
from llmq.tokenizer.vocabulary import (
    PIECE_SPACE,
    NotedKeys,
    Token,
    TokenType,
    added,
    complete,
    texts_scores_and_types,
)

PAD_SCORE = -10000.0
ADDED_SCORE = -1000.0


def read_sentencepiece(folder: TokenizerFolder, model: SentencePieceModel) -> NotedKeys:
    """[add_space_prefix,] model, pre, tokens, scores, token_type.

    Refuses Unigram models: llama.cpp would merge.
    """
    where = str(folder.path / "tokenizer.model")
    if model.kind not in ("BPE", "Char"):
        raise TokenizerError(
            f"{where}: a SentencePiece model of the kind {model.kind}; llama.cpp merges pieces by "
            "score, as BPE does, and would cut text differently"
        )
    spaces = space_keys(folder, model)
    size = folder.vocab_size or len(model.pieces)
    tokens = {number: _row(piece) for number, piece in enumerate(model.pieces)}
    for number, token in tokens.items():
        if not math.isfinite(token.score):
            raise TokenizerError(f"{where}: the piece {number} has the score {token.score}")
        if token.type == TokenType.BYTE and token.text not in BYTE_TOKENS:
            raise TokenizerError(
                f"{where}: the piece {number} stands for a byte, but is {token.text!r:.40} and not"
                " one of <0x00> to <0xFF>"
            )
    usable, beyond = split_by_row(size, _added_tokens(folder, model))
    tokens |= {
        token.id: added(token.text, special=token.special, score=ADDED_SCORE) for token in usable
    }
    tokens, byte_notes = with_byte_tokens(tokens, size, where=where)
    keys: Metadata = {
        **spaces.metadata,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        **texts_scores_and_types(complete(tokens, size, where=where, pad_score=PAD_SCORE)),
    }
    words = on_words(folder, tokens.values())
    return NotedKeys(keys, (*spaces.notes, *words, *without_row(folder, beyond), *byte_notes))


def _row(piece: Token) -> Token:
    if piece.type != TokenType.USER_DEFINED:
        return piece
    return piece._replace(text=piece.text.replace(PIECE_SPACE, " "))


def _added_tokens(folder: TokenizerFolder, model: SentencePieceModel) -> list[AddedToken]:
    """One for each id: added_tokens.json's, then tokenizer_config.json's, which win.

    transformers 5 writes added tokens into tokenizer.json alone; those fill rows that nothing else
    has, and change no piece. What has a name and stands nowhere gets the next free row.
    """
    declared = [*folder.listed_tokens, *folder.config_added_tokens]
    rows = {token.id: token for token in declared}
    pieces = {piece.text for piece in model.pieces}
    texts = pieces | {token.text for token in declared}
    for token in folder.json_added_tokens:
        if token.id not in rows and token.id >= len(model.pieces) and token.text not in texts:
            rows[token.id] = token
    texts |= {token.text for token in rows.values()}
    free = max([len(model.pieces), *(number + 1 for number in rows)])
    for text in named_special_tokens(folder):
        if text not in texts:
            rows[free] = AddedToken(free, text, special=True)
            free += 1
    return list(rows.values())
