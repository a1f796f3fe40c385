"""Every token that ends a reply, and the key that says so.

transformers ends a reply at any id of `eos_token_id`, a number or a list, in generation_config.json
or config.json; a chat template may close its turns with yet another token. GGUF has three keys that
llama.cpp ends a reply at: eos, eot and eom. What ends the text for the tokenizer is eos, what
closes a turn eot; more than three go into a key of our own.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.special_tokens import ID_KEYS
from llmq.tokenizer.vocabulary import NotedKeys, TokenType

END_IDS = "llmq.end_token_ids"
END_KEYS = tuple(ID_KEYS[kind] for kind in ("eos", "eot", "eom"))
END_TYPES = (TokenType.CONTROL, TokenType.USER_DEFINED)


def end_token_keys(folder: TokenizerFolder, keys: Metadata, *, turn_end: str | None) -> NotedKeys:
    """The keys of all end tokens; `keys` holds the tokens and what the tokenizer itself says.

    `turn_end` is the text of the token with which the chat template closes a turn.
    """
    texts: list[str] = keys["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    known = [int(keys[key]) for key in END_KEYS if key in keys]  # type: ignore[arg-type]  # ids
    listed, notes = _listed(folder, keys)
    turn = [texts.index(turn_end)] if turn_end in texts else []
    named = ID_KEYS["eos"] in keys
    first = known[:1] if named else [number for number in listed if number not in turn][:1]
    ends = list(dict.fromkeys([*first, *turn, *known, *listed]))
    fitting: Metadata = {
        key: np.uint32(number) for key, number in zip(END_KEYS, ends, strict=False)
    }
    others = ends[len(END_KEYS) :]
    if others:
        shown = ", ".join(f"{texts[number]!r} ({number})" for number in others)
        notes += (
            f"{shown} end a reply too, for which GGUF has no key: llmq's chat and drift know them"
            f" ({END_IDS}), other programs do not",
        )
        return NotedKeys({**fitting, END_IDS: np.array(others, np.uint32)}, notes)
    return NotedKeys(fitting, notes)


def _listed(folder: TokenizerFolder, keys: Metadata) -> tuple[list[int], tuple[str, ...]]:
    """The ids of `eos_token_id` in both files that can end a reply, and what is left out."""
    texts: Sequence[str] = keys["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    types: Sequence[int] = keys["tokenizer.ggml.token_type"]  # type: ignore[assignment]  # built so
    ids: list[int] = []
    notes: dict[int, str] = {}
    for file, number, chosen in _entries(folder):
        ordinary = number < len(texts) and types[number] not in END_TYPES
        if number >= len(texts):
            notes.setdefault(
                number,
                f"{file}: eos_token_id names {number}, beyond the {len(texts)} tokens: left out",
            )
        elif ordinary and not chosen and number not in (keys.get(ID_KEYS["eos"]), *ids):
            notes.setdefault(
                number,
                f"{file}: eos_token_id is {number}, the ordinary text {texts[number]!r}, where the"
                " tokenizer names another end: left out",
            )
        else:
            ids.append(number)
    return ids, tuple(notes.values())


def _entries(folder: TokenizerFolder) -> Iterator[tuple[str, int, bool]]:
    """File, id, and whether somebody chose it.

    Nobody did where config.json has a single id: a new vocabulary keeps that of the class, or where
    generation_config.json was made from it.
    """
    for file, settings in (
        ("generation_config.json", folder.generation_config),
        ("config.json", folder.config),
    ):
        value = settings.get("eos_token_id")
        made = file == "config.json" or settings.get("_from_model_config") is True
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
                yield file, number, isinstance(value, list) or not made
