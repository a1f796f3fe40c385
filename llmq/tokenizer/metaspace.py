"""SentencePiece written as merges: a tokenizer.json with byte fallback or of its pipeline.

GGUF's tokenizer model is "llama" here too, which merges by score; so each token's score is minus
the place of the first merge that makes it, and llama.cpp merges in the order that the file says.
"""

from llmq.files.gguf import Metadata
from llmq.tokenizer.added_tokens import all_added_tokens, without_row
from llmq.tokenizer.byte_level import model_vocab, read_merges
from llmq.tokenizer.byte_tokens import BYTE_TOKENS, with_byte_tokens
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.spaces import ADDS_SPACE, on_words, pipeline, space_keys
from llmq.tokenizer.vocabulary import (
    NotedKeys,
    Token,
    TokenType,
    added,
    complete,
    texts_scores_and_types,
)


def is_metaspace(folder: TokenizerFolder) -> bool:
    """Is this tokenizer.json SentencePiece in disguise (LlamaHfVocab in gguf/vocab.py)?"""
    model = folder.tokenizer.get("model")
    falls_back = isinstance(model, dict) and model.get("byte_fallback") is True
    return falls_back or pipeline(folder) in ADDS_SPACE


def read_metaspace(folder: TokenizerFolder) -> NotedKeys:
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
    usable, beyond = all_added_tokens(folder, vocab)
    tokens |= {token.id: added(token.text, special=token.special, score=lowest) for token in usable}
    size = folder.vocab_size or max(tokens) + 1
    spaces = space_keys(folder, None)
    tokens, byte_notes = with_byte_tokens(tokens, size, where=where)
    keys: Metadata = {
        **spaces.metadata,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        **texts_scores_and_types(complete(tokens, size, where=where, pad_score=lowest)),
    }
    words = on_words(folder, tokens.values())
    return NotedKeys(keys, (*spaces.notes, *words, *without_row(folder, beyond), *byte_notes))
