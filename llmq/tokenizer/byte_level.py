"""Byte-level BPE: the vocabulary and the merges of a tokenizer.json, GGUF's tokenizer model "gpt2".

The rows are those of get_vocab_base in conversion/base.py; what transformers adds to the file at
load time (named special tokens, the added tokens of tokenizer_config.json) is added here too.
"""

from collections.abc import Mapping
from typing import Any

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.added_tokens import all_added_tokens, without_row
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.json_values import as_list, as_object, as_text, as_token_id
from llmq.tokenizer.pre_tokenizer import pre_tokenizer_name
from llmq.tokenizer.pre_tokenizer_table import PRE_NOTES
from llmq.tokenizer.vocabulary import (
    NotedKeys,
    Token,
    TokenType,
    added,
    complete,
    texts_and_types,
)

# A class's own pipeline, and the names that cut a vocabulary of theirs alike: olmo only normalizes
# before, and one trained with single digits has no token that crosses them.
AS_THE_CLASS = {
    "gpt-2": ("gpt-2", "olmo", "smollm", "command-r"),
    "qwen2": ("qwen2",),
    "qwen35": ("qwen35",),
}
# What the other models of the tokenizers library do, and who uses them.
NOT_MERGED = {
    "Unigram": "it chooses the likeliest pieces, as T5's and XLM-R's do",
    "WordPiece": "it takes the longest pieces from the left, as BERT's do",
    "WordLevel": "it knows whole words alone",
}
SPACE_BYTE = "Ġ"  # the byte-level alphabet's letter for a space


def read_byte_level(folder: TokenizerFolder, *, pre: str | None) -> NotedKeys:
    """model, pre, tokens, token_type, merges."""
    where = folder.where("tokenizer.json", "model")
    vocab = model_vocab(folder)
    name, notes = _pre_tokenizer(folder, pre)
    for option in ("continuing_subword_prefix", "end_of_word_suffix"):
        if folder.tokenizer["model"].get(option):
            raise TokenizerError(f"{where}.{option} is set, which llama.cpp does not know")
    usable, beyond = all_added_tokens(folder, vocab)
    tokens = {number: Token(text, TokenType.NORMAL) for text, number in vocab.items()}
    tokens |= {token.id: added(token.text, special=token.special) for token in usable}
    table = complete(tokens, folder.vocab_size or max(tokens) + 1, where=where)
    keys: Metadata = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": name,
        **texts_and_types(table),
        "tokenizer.ggml.merges": merge_texts(read_merges(folder, vocab)),
    }
    if name in PRE_NOTES:
        notes += (PRE_NOTES[name],)
    return NotedKeys(keys, (*notes, *without_row(folder, beyond)))


def _pre_tokenizer(folder: TokenizerFolder, pre: str | None) -> tuple[str, tuple[str, ...]]:
    """llama.cpp's name for how text is cut, and what to say where tokenizer.json says otherwise."""
    where, own = folder.path / folder.file, folder.class_pipeline
    if pre is not None or own not in AS_THE_CLASS:
        return pre_tokenizer_name(folder.tokenizer, pre=pre, where=where), ()
    if folder.add_prefix_space:
        raise TokenizerError(
            f"{folder.where('tokenizer_config.json', 'add_prefix_space')} is true, but llama.cpp"
            " puts no space in front of a text for a byte-level vocabulary; if the model was"
            " trained without one, set it to false"
        )
    try:
        name = pre_tokenizer_name(folder.tokenizer, where=where)
    except TokenizerError:
        name = "another way"
    if name in AS_THE_CLASS[own]:
        return name, ()
    note = (
        f"transformers' class for this tokenizer cuts text as {own!r}, whatever tokenizer.json says"
        f" ({name}), and so does this file; --pre NAME overrides it"
    )
    return own, (note,)


def model_vocab(folder: TokenizerFolder) -> dict[str, int]:
    """`model.vocab`: text -> id, no id twice."""
    where = folder.where("tokenizer.json", "model.vocab")
    model = as_object(folder.tokenizer.get("model"), folder.where("tokenizer.json", "model"))
    kind = model.get("type", "BPE" if "merges" in model else None)
    if kind != "BPE":
        raise TokenizerError(
            f"{folder.where('tokenizer.json', 'model')} is of type {kind!r}; {NOT_MERGED.get(str(kind), 'it is not known')};"
            " llmq converts tokenizers that merge (BPE), and no option changes that"
        )
    if model.get("dropout") and folder.class_pipeline is None:
        raise TokenizerError(
            f"{folder.where('tokenizer.json', 'model.dropout')} is {model['dropout']!r:.40}: it cuts"
            " text at random, as for training; set it to null"
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


def read_merges(folder: TokenizerFolder, vocab: Mapping[str, int]) -> list[tuple[str, str]]:
    """The merges, best first; each makes a token out of two tokens."""
    where = folder.where("tokenizer.json", "model.merges")
    merges = []
    for number, entry in enumerate(as_list(folder.tokenizer["model"].get("merges"), where)):
        # Old files write "a b", new ones ["a", "b"], so that a part may hold a space itself.
        match entry.split(" ") if isinstance(entry, str) else entry:
            case [str(left), str(right)] if vocab.keys() >= {left, right, left + right}:
                merges.append((left, right))
            case parts:
                raise _refused_merge(parts, vocab, f"{where}[{number}]")
    return merges


def merge_texts(merges: list[tuple[str, str]]) -> list[str]:
    """Merges as GGUF has them; a space inside a part would read as the separator."""
    return [" ".join(part.replace(" ", SPACE_BYTE) for part in pair) for pair in merges]


def _refused_merge(parts: Any, vocab: Mapping[str, int], where: str) -> TokenizerError:
    """Why this is no merge; hundreds of thousands of others are looked at before."""
    if not (isinstance(parts, list) and len(parts) == 2):
        return TokenizerError(f"{where} is not a pair of tokens")
    left, right = (as_text(part, where) for part in parts)
    missing = next(text for text in (left, right, left + right) if text not in vocab)
    return TokenizerError(f"{where} needs {missing!r}, which is not a token")
