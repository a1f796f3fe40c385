"""tekken.json, Mistral's own format, read as the tokenizer.json that it stands for.

The file lists the bytes of each token in the order in which they were learned, the pattern that
cuts a text into words, and the special tokens, which have the first ids (`Tekkenizer` in
mistral_common's tekken.py; the merges are those of `MistralVocab` in gguf-py's vocab.py). It says
nothing of a chat template.
"""

from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llmq.errors import TokenizerError
from llmq.files.json import read_json_object
from llmq.tokenizer.json_values import as_list, as_object, as_text, as_token_id

TEKKEN = "tekken.json"
NAMES = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
LONGEST = 4096  # letters of a token's base64; every cut of a token in two is looked at
# Those of the first files, which name none (DEPRECATED_SPECIAL_TOKENS in tekken.py).
FIRST_SPECIAL = (
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]"),
    *("[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    "[TOOL_CONTENT]",
)


def read_tekken(path: Path) -> dict[str, Any]:
    """The same tokenizer in the form of tokenizer.json; raises `TokenizerError` for a broken one.

    A text begins with <s>, as mistral_common and llama.cpp's converter have it.
    """
    file = read_json_object(path, TokenizerError)
    config = as_object(file.get("config"), f"{path}: config")
    pattern = as_text(config.get("pattern"), f"{path}: config.pattern")
    special = _special(file, config, path)
    words = _words(file, _count(config, "default_vocab_size", path), len(special), path)
    ids = {word: rank for rank, word in enumerate(words)}
    letters = _letters()
    texts = ["".join(letters[byte] for byte in word) for word in words]
    vocab = {text: number for number, text in enumerate([*special, *texts])}
    merges = [
        [texts[left], texts[right]] for word in words for left, right in _halves(word, ids, path)
    ]
    return {
        "added_tokens": [
            {"id": number, "content": text, "special": True} for number, text in enumerate(special)
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"},
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
        },
        "model": {"type": "BPE", "ignore_merges": True, "vocab": vocab, "merges": merges},
    }


def tekken_names(tokenizer: Mapping[str, Any]) -> dict[str, str]:
    """What tokenizer_config.json would call the special tokens that `read_tekken` found."""
    vocab = tokenizer["model"]["vocab"]
    return {kind: text for kind, text in NAMES.items() if text in vocab}


def _special(file: dict[str, Any], config: dict[str, Any], path: Path) -> list[str]:
    """The special tokens by id, with those that only stand for a place."""
    where = f"{path}: special_tokens"
    if file.get("special_tokens") is None:
        texts = dict(enumerate(FIRST_SPECIAL))
    else:
        entries = [as_object(entry, where) for entry in as_list(file["special_tokens"], where)]
        texts = {
            as_token_id(entry.get("rank"), f"{where}[].rank"): as_text(
                entry.get("token_str"), f"{where}[].token_str"
            )
            for entry in entries
        }
        if sorted(texts) != list(range(len(entries))):
            raise TokenizerError(f"{where}: the ranks are not 0 to {len(entries) - 1}, each once")
    count = _count(config, "default_num_special_tokens", path) or len(texts)
    if count < len(texts):
        raise TokenizerError(f"{where} has {len(texts)} tokens, config counts {count}")
    return [texts.get(number, f"<SPECIAL_{number}>") for number in range(count)]


def _words(file: dict[str, Any], size: int | None, n_special: int, path: Path) -> list[bytes]:
    """The bytes of each token in the order of the ranks, no more than the model has rows for."""
    where = f"{path}: vocab"
    entries = as_list(file.get("vocab"), where)
    entries = entries if size is None else entries[: max(size - n_special, 0)]
    words = []
    for rank, entry in enumerate(entries):
        fields = as_object(entry, f"{where}[{rank}]")
        if fields.get("rank") != rank:
            raise TokenizerError(f"{where}[{rank}] has the rank {fields.get('rank')!r:.40}")
        text = as_text(fields.get("token_bytes"), f"{where}[{rank}].token_bytes")
        if len(text) > LONGEST:
            raise TokenizerError(
                f"{where}[{rank}].token_bytes has {len(text)} letters, over {LONGEST}"
            )
        try:
            words.append(b64decode(text, validate=True))
        except ValueError:
            raise TokenizerError(f"{where}[{rank}].token_bytes is no base64") from None
    if len(set(words)) != len(words):
        raise TokenizerError(f"{where} has a token twice")
    if set(words[:256]) != {bytes([byte]) for byte in range(256)}:
        raise TokenizerError(f"{where} does not begin with the 256 bytes")
    return words


def _halves(word: bytes, ids: dict[bytes, int], path: Path) -> list[tuple[int, int]]:
    """The pairs of tokens that make up `word`, in the order of their ids; none for a byte."""
    if len(word) == 1:
        return []
    parts = [(ids.get(word[:cut]), ids.get(word[cut:])) for cut in range(1, len(word))]
    found = [(left, right) for left, right in parts if left is not None and right is not None]
    if not found:
        raise TokenizerError(f"{path}: vocab: nothing makes the token {word!r:.60}")
    return sorted(found)


def _count(config: dict[str, Any], name: str, path: Path) -> int | None:
    value = config.get(name)
    return None if value is None else as_token_id(value, f"{path}: config.{name}")


def _letters() -> dict[int, str]:
    """The byte-level alphabet: printable bytes stand for themselves, others for what follows."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + number) for number, byte in enumerate(others)
    }
