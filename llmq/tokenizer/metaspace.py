"""SentencePiece written as merges: a tokenizer.json with byte fallback or of its pipeline.

GGUF's tokenizer model is "llama" here too, which merges by score; so each token's score is minus
the place of the first merge that makes it, and llama.cpp merges in the order that the file says.
Families whose rules name a tokenizer model of their own (Gemma 4) keep the merges themselves.
"""

from collections.abc import Mapping

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.added_tokens import all_added_tokens, without_row
from llmq.tokenizer.byte_level import merge_texts, model_vocab, read_merges
from llmq.tokenizer.byte_tokens import BYTE_TOKENS, with_byte_tokens
from llmq.tokenizer.family_rules import ADD_SPACE_PREFIX, FamilyRules
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.spaces import ADDS_SPACE, on_words, pipeline, space_keys
from llmq.tokenizer.vocabulary import (
    PIECE_SPACE,
    NotedKeys,
    Token,
    TokenType,
    added,
    complete,
    texts_scores_and_types,
)

UNSCORED = -1000.0  # what the converter gives to tokens that are merged by a list


def is_metaspace(folder: TokenizerFolder) -> bool:
    """Is this tokenizer.json SentencePiece in disguise (LlamaHfVocab in gguf/vocab.py)?"""
    model = folder.tokenizer.get("model")
    falls_back = isinstance(model, dict) and model.get("byte_fallback") is True
    return falls_back or pipeline(folder) in ADDS_SPACE


def read_metaspace(folder: TokenizerFolder) -> NotedKeys:
    """[add_space_prefix,] model, pre, tokens, scores, token_type."""
    vocab = model_vocab(folder)
    merges = read_merges(folder, vocab)
    scores: dict[str, float] = {}
    for place, (left, right) in enumerate(merges):
        scores.setdefault(left + right, -float(place))
    lowest = -float(len(merges))
    table, notes = _table(folder, vocab, {text: scores.get(text, lowest) for text in vocab}, lowest)
    spaces = space_keys(folder, None)
    keys: Metadata = {
        **spaces.metadata,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        **texts_scores_and_types(table),
    }
    return NotedKeys(keys, (*spaces.notes, *on_words(folder, table), *notes))


def read_merged(folder: TokenizerFolder, rules: FamilyRules) -> NotedKeys:
    """model, tokens, scores, token_type, merges."""
    vocab = model_vocab(folder)
    if space_keys(folder, None).metadata.get(ADD_SPACE_PREFIX) is not False:
        raise TokenizerError(
            f"{folder.path / 'tokenizer.json'}: puts a space in front of a text, which llama.cpp's"
            f" tokenizer {rules.merged_as!r} does not"
        )
    table, notes = _table(folder, vocab, dict.fromkeys(vocab, UNSCORED), UNSCORED)
    shown = [
        token._replace(type=TokenType.USER_DEFINED) if token.text in rules.visible else token
        for token in table
    ]
    keys: Metadata = {
        "tokenizer.ggml.model": str(rules.merged_as),
        **texts_scores_and_types(shown),
        "tokenizer.ggml.merges": merge_texts(read_merges(folder, vocab)),
    }
    return NotedKeys(keys, notes)


def _table(
    folder: TokenizerFolder, vocab: Mapping[str, int], scores: Mapping[str, float], lowest: float
) -> tuple[list[Token], tuple[str, ...]]:
    """Every row with the token that has it, and what is worth saying of them."""
    where = folder.where("tokenizer.json", "model")
    tokens = {
        number: Token(
            text, TokenType.BYTE if text in BYTE_TOKENS else TokenType.NORMAL, scores[text]
        )
        for text, number in vocab.items()
    }
    usable, beyond = all_added_tokens(folder, vocab)
    merged = _found_by_merges(folder, vocab)
    tokens |= {
        token.id: added(token.text, special=token.special, score=lowest)
        for token in usable
        if token.special or token.text not in merged
    }
    size = folder.vocab_size or max(tokens) + 1
    tokens, byte_notes = with_byte_tokens(tokens, size, where=where)
    table = complete(tokens, size, where=where, pad_score=lowest)
    return table, (*without_row(folder, beyond), *byte_notes)


def _found_by_merges(folder: TokenizerFolder, vocab: Mapping[str, int]) -> set[str]:
    """Added pieces with a space that no text holds as they stand, such as Gemma's runs of spaces.

    Only merges make them; as user-defined tokens llama.cpp would look for them first.
    """
    return {t.text for t in folder.json_added_tokens if t.raw and PIECE_SPACE in t.text} & set(
        vocab
    )
