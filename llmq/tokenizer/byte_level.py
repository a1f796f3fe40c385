"""Byte-level BPE: the vocabulary and the merges of a tokenizer.json, GGUF's tokenizer model "gpt2".

The rows are those of get_vocab_base in conversion/base.py; what transformers adds to the file at
load time (named special tokens, the added tokens of tokenizer_config.json) is added here too.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import AddedToken, TokenizerFolder, named_special_tokens
from llmq.tokenizer.json_values import as_list, as_object, as_text, as_token_id
from llmq.tokenizer.pre_tokenizer import pre_tokenizer_name
from llmq.tokenizer.vocabulary import Token, TokenType, added, complete, texts_and_types

SPACE_BYTE = "Ġ"  # the byte-level alphabet's letter for a space


def read_byte_level(folder: TokenizerFolder, *, pre: str | None) -> Metadata:
    """model, pre, tokens, token_type, merges."""
    where = folder.where("tokenizer.json", "model")
    name = pre_tokenizer_name(folder.tokenizer, pre=pre, where=folder.path / "tokenizer.json")
    vocab = model_vocab(folder)
    for option in ("continuing_subword_prefix", "end_of_word_suffix"):
        if folder.tokenizer["model"].get(option):
            raise TokenizerError(f"{where}.{option} is set, which llama.cpp does not know")
    added_tokens = all_added_tokens(folder, vocab)
    tokens = {number: Token(text, TokenType.NORMAL) for text, number in vocab.items()}
    tokens |= {token.id: added(token.text, special=token.special) for token in added_tokens}
    table = complete(tokens, folder.vocab_size or max(tokens) + 1, where=where)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": name,
        **texts_and_types(table),
        "tokenizer.ggml.merges": merge_texts(read_merges(folder, vocab)),
    }


def model_vocab(folder: TokenizerFolder) -> dict[str, int]:
    """`model.vocab`: text -> id, no id twice."""
    where = folder.where("tokenizer.json", "model.vocab")
    model = as_object(folder.tokenizer.get("model"), folder.where("tokenizer.json", "model"))
    kind = model.get("type", "BPE" if "merges" in model else None)
    if kind != "BPE":
        raise TokenizerError(
            f"{folder.where('tokenizer.json', 'model')} is of type {kind!r}; "
            "of a tokenizer.json only BPE can be converted"
        )
    vocab = as_object(model.get("vocab"), where)
    texts: dict[int, str] = {}
    for text, number in vocab.items():
        as_token_id(number, f"{where}: the id of {as_text(text, where)!r}")
        if texts.setdefault(number, text) != text:
            raise TokenizerError(f"{where} gives the id {number} to {texts[number]!r} and {text!r}")
    if not vocab:
        raise TokenizerError(f"{where} is empty")
    return vocab


def all_added_tokens(folder: TokenizerFolder, vocab: Mapping[str, int]) -> list[AddedToken]:
    """Every token that Hugging Face searches for in the text, with the id that it gives it.

    That is the vocabulary's id or else the next free one (added_vocabulary.rs of the tokenizers
    library); an id in tokenizer.json must agree. tokenizer_config.json has the last word on what is
    special. Tokens that neither file has and the embedding has no row for are left out.
    """
    in_file = folder.json_added_tokens
    wanted = _wanted(folder)
    ids, free = _assigned((text for text, _ in wanted), vocab)
    for token in in_file:
        if token.id != ids[token.text]:
            raise TokenizerError(
                f"{folder.where('tokenizer.json', 'added_tokens')}: {token.text!r} has the id "
                f"{token.id} where Hugging Face would count {ids[token.text]}; an id is missing or "
                "taken twice"
            )
    rows = folder.vocab_size or free
    usable = {token.text for token in in_file} | {text for text in ids if ids[text] < rows}
    return [AddedToken(ids[text], text, special) for text, special in wanted if text in usable]


def _wanted(folder: TokenizerFolder) -> list[tuple[str, bool]]:
    """Texts and whether they are special, as each file says it; the later entry decides."""
    declared = sorted(folder.config_added_tokens, key=lambda token: token.id)
    wanted = [(token.text, token.special) for token in [*folder.json_added_tokens, *declared]]
    known = {text for text, _ in wanted}
    return wanted + [(text, True) for text in named_special_tokens(folder) if text not in known]


def _assigned(texts: Iterable[str], vocab: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """The id of each text, the vocabulary's or the next free one, and the first that stays free."""
    ids: dict[str, int] = {}
    free = len(vocab)
    for text in texts:
        if text not in ids:
            ids[text] = vocab.get(text, free)
            free = max(free, ids[text] + 1)
    return ids, free


def read_merges(folder: TokenizerFolder, vocab: Mapping[str, int]) -> list[tuple[str, str]]:
    """The merges, best first; each makes a token out of two tokens."""
    where = folder.where("tokenizer.json", "model.merges")
    entries = as_list(folder.tokenizer["model"].get("merges"), where)
    merges = [_merge(entry, f"{where}[{number}]") for number, entry in enumerate(entries)]
    for number, (left, right) in enumerate(merges):
        for text in (left, right, left + right):
            if text not in vocab:
                raise TokenizerError(f"{where}[{number}] needs {text!r}, which is not a token")
    return merges


def merge_texts(merges: list[tuple[str, str]]) -> list[str]:
    """Merges as GGUF has them; a space inside a part would read as the separator."""
    return [" ".join(part.replace(" ", SPACE_BYTE) for part in pair) for pair in merges]


def _merge(entry: Any, where: str) -> tuple[str, str]:
    """Old files write "a b", new ones ["a", "b"], so that a part may hold a space itself."""
    parts = entry.split(" ") if isinstance(entry, str) else entry
    if not (isinstance(parts, list) and len(parts) == 2):
        raise TokenizerError(f"{where} is not a pair of tokens")
    return as_text(parts[0], where), as_text(parts[1], where)
