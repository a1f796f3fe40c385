"""SentencePiece: `tokenizer.model` and what was added to it, GGUF's tokenizer model "llama".

The rows are those of _create_vocab_sentencepiece in conversion/base.py.
"""

import math

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import AddedToken, TokenizerFolder, optional_json
from llmq.tokenizer.json_values import as_text, as_token_id
from llmq.tokenizer.sentencepiece_model import read_sentencepiece_model
from llmq.tokenizer.vocabulary import (
    PIECE_SPACE,
    Token,
    TokenType,
    added,
    complete,
    texts_scores_and_types,
)

PAD_SCORE = -10000.0
ADDED_SCORE = -1000.0


def read_sentencepiece(folder: TokenizerFolder) -> Metadata:
    """model, pre, tokens, scores, token_type. Refuses Unigram models: llama.cpp would merge."""
    path = folder.path / "tokenizer.model"
    model = read_sentencepiece_model(path)
    if model.kind not in ("BPE", "Char"):
        raise TokenizerError(
            f"{path}: a SentencePiece model of the kind {model.kind}; llama.cpp merges pieces by "
            "score, as BPE does, and would cut text differently"
        )
    size = folder.vocab_size or len(model.pieces)
    tokens = {number: _row(piece) for number, piece in enumerate(model.pieces[:size])}
    for token_id, row in _added_rows(folder, tokens).items():
        if token_id < size:  # the embedding has no row for the others
            tokens[token_id] = row
    where = str(path)
    for number, token in tokens.items():
        if not math.isfinite(token.score):
            raise TokenizerError(f"{where}: the piece {number} has the score {token.score}")
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        **texts_scores_and_types(complete(tokens, size, where=where, pad_score=PAD_SCORE)),
    }


def _row(piece: Token) -> Token:
    if piece.type != TokenType.USER_DEFINED:
        return piece
    return piece._replace(text=piece.text.replace(PIECE_SPACE, " "))


def _added_rows(folder: TokenizerFolder, tokens: dict[int, Token]) -> dict[int, Token]:
    """added_tokens.json, then tokenizer_config.json, which wins; without both, tokenizer.json.

    The last is not in the converter: transformers 5 writes added tokens only there. It may fill
    unused rows and changes no piece.
    """
    path = folder.path / "added_tokens.json"
    rows = {
        as_token_id(number, f"{path}: {text!r}"): Token(
            as_text(text, str(path)), TokenType.USER_DEFINED, ADDED_SCORE
        )
        for text, number in optional_json(path).items()
    }
    declared: list[AddedToken] = folder.config_added_tokens
    if not rows and not declared:
        texts = {token.text for token in tokens.values()}
        declared = [
            token
            for token in folder.json_added_tokens
            if token.id not in tokens and token.text not in texts
        ]
    return rows | {
        token.id: added(token.text, special=token.special, score=ADDED_SCORE) for token in declared
    }
