"""Tokens that are searched for in the text itself: the union of all lists, and their ids.

tokenizer.json, tokenizer_config.json and added_tokens.json list them; transformers adds whatever
has a name besides (named special tokens), in tokenizer_config.json or special_tokens_map.json.
"""

from collections.abc import Iterable, Mapping, Sequence

from llmq.errors import TokenizerError
from llmq.tokenizer.chat_templates import read_templates
from llmq.tokenizer.folder import AddedToken, TokenizerFolder, named_special_tokens, token_text

SHOWN = 4  # tokens in one note


def all_added_tokens(
    folder: TokenizerFolder, vocab: Mapping[str, int]
) -> tuple[list[AddedToken], list[AddedToken]]:
    """Every token that Hugging Face searches for in the text, with the id that it gives it.

    That is the vocabulary's id or else the next free one (added_vocabulary.rs of the tokenizers
    library); an id in tokenizer.json must agree. tokenizer_config.json has the last word on what is
    special. Second come those that the embedding has no row for.
    """
    wanted = _wanted(folder)
    ids, free = _assigned((text for text, _ in wanted), vocab)
    for token in folder.json_added_tokens:
        if token.id != ids[token.text]:
            raise TokenizerError(
                f"{folder.where('tokenizer.json', 'added_tokens')}: {token.text!r} has the id "
                f"{token.id} where Hugging Face would count {ids[token.text]}; an id is missing or "
                "taken twice"
            )
    tokens = [AddedToken(ids[text], text, special) for text, special in wanted]
    return split_by_row(folder.vocab_size or free, tokens)


def split_by_row(
    rows: int, tokens: Sequence[AddedToken]
) -> tuple[list[AddedToken], list[AddedToken]]:
    """Those with a row of the embedding, and those beyond it."""
    beyond = {token.text: token for token in tokens if token.id >= rows}
    return [token for token in tokens if token.id < rows], list(beyond.values())


def without_row(folder: TokenizerFolder, tokens: Sequence[AddedToken]) -> tuple[str, ...]:
    """What to say of added tokens beyond the embedding: a padding token is rarely missed.

    One that the chat template writes, or that begins or ends a text, is: `TokenizerError`.
    """
    if not tokens:
        return ()
    templates = read_templates(folder).values()
    named = {
        token_text(folder.tokenizer_config.get(f"{kind}_token")): f"it is the {kind}_token"
        for kind in ("bos", "eos")
    }
    rows = f"the embedding has {folder.vocab_size} rows"
    for token in tokens:
        written = any(token.text in template for template in templates)
        reason = "the chat template writes it" if written else named.get(token.text)
        if reason:
            raise TokenizerError(
                f"{folder.path}: the token {token.text!r} has the id {token.id}, but {rows}, and"
                f" {reason}; give it one with model.resize_token_embeddings(len(tokenizer))"
            )
    return (f"left out, since {rows}: the added tokens {_shown(tokens)}",)


def _shown(tokens: Sequence[AddedToken]) -> str:
    shown = ", ".join(f"{token.text!r} ({token.id})" for token in tokens[:SHOWN])
    return shown + (f" and {len(tokens) - SHOWN} more" if len(tokens) > SHOWN else "")


def _wanted(folder: TokenizerFolder) -> list[tuple[str, bool]]:
    """Texts and whether they are special, as each file says it; the later entry decides."""
    declared = sorted(folder.config_added_tokens, key=lambda token: token.id)
    wanted = [(token.text, token.special) for token in [*folder.json_added_tokens, *declared]]
    known = {text for text, _ in wanted}
    named = named_special_tokens(folder)
    listed = sorted(folder.listed_tokens, key=lambda token: token.id)
    wanted += [(t.text, t.text in named) for t in listed if t.text not in known]
    known |= {token.text for token in listed}
    return wanted + [(text, True) for text in named if text not in known]


def _assigned(texts: Iterable[str], vocab: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """The id of each text, the vocabulary's or the next free one, and the first that stays free."""
    ids: dict[str, int] = {}
    free = len(vocab)
    for text in texts:
        if text not in ids:
            ids[text] = vocab.get(text, free)
            free = max(free, ids[text] + 1)
    return ids, free
