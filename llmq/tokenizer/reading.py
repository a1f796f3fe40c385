"""read_tokenizer: a folder -> every `tokenizer.*` key, in the order of llama.cpp's converter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.byte_level import read_byte_level
from llmq.tokenizer.chat_templates import chat_template_metadata
from llmq.tokenizer.family_rules import NO_RULES, FamilyRules
from llmq.tokenizer.folder import TokenizerFolder, open_folder
from llmq.tokenizer.metaspace import is_metaspace, read_metaspace
from llmq.tokenizer.pre_tokenizer import checked_name, flat_steps
from llmq.tokenizer.pre_tokenizer_names import ADDS_BOS
from llmq.tokenizer.special_tokens import ADD_KEYS, ID_KEYS, special_token_metadata
from llmq.tokenizer.spm import read_sentencepiece

ADD_SPACE_PREFIX = "tokenizer.ggml.add_space_prefix"


def read_tokenizer(
    folder: Path,
    config: Mapping[str, Any],
    *,
    pre: str | None = None,
    rules: FamilyRules = NO_RULES,
) -> Metadata:
    """The tokenizer of a model folder as GGUF metadata.

    `config` holds the model's settings, those of config.json or as its family completes them. `pre`
    overrides the name of the pre-tokenizer (`tokenizer.ggml.pre`), which is otherwise found from
    the structure of tokenizer.json; `rules` are those of the model's family.
    Raises `TokenizerError`, one line, for a tokenizer that is missing, broken, of an unknown
    structure, or not of this model.
    """
    if pre is not None:
        checked_name(pre)
    files = open_folder(folder, config)
    vocabulary = _read_vocabulary(files, pre=pre)
    keys = (_space_prefix(files) if rules.space_prefix else {}) | vocabulary
    texts: list[str] = vocabulary["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    keys |= special_token_metadata(files, texts)
    if keys["tokenizer.ggml.pre"] in ADDS_BOS:
        keys.setdefault(ADD_KEYS["bos"], False)
    if keys["tokenizer.ggml.model"] == "gpt2" and ID_KEYS["eos"] not in keys:
        raise TokenizerError(
            f"{folder}: no file names the token that ends a text, and llama.cpp would take token "
            '11 for it; add "eos_token" to tokenizer_config.json'
        )
    keys |= chat_template_metadata(files)
    keys |= _normalizer_flags(files)
    size = files.vocab_size
    if size is not None:
        keys = keys | rules.defaults.get(size, {}) | keys | rules.overrides.get(size, {})
    return keys


def _read_vocabulary(files: TokenizerFolder, *, pre: str | None) -> Metadata:
    """The first kind that fits; see the package's docstring."""
    if (files.path / "tokenizer.model").is_file():
        return read_sentencepiece(files)
    if not files.tokenizer:
        found = [name for name in ("vocab.json", "tekken.json") if (files.path / name).is_file()]
        beside = f"; {found[0]} alone does not say how text is cut" if found else ""
        raise TokenizerError(
            f"{files.path}: has neither tokenizer.json nor tokenizer.model{beside}; save the "
            "tokenizer with transformers' save_pretrained"
        )
    if pre is None and is_metaspace(files):
        return read_metaspace(files)
    return read_byte_level(files, pre=pre)


def _space_prefix(files: TokenizerFolder) -> Metadata:
    """The key that conversion/llama.py writes before all others."""
    value = files.tokenizer_config.get("add_prefix_space")
    if value is None:
        return {}
    if not isinstance(value, bool):
        where = files.where("tokenizer_config.json", "add_prefix_space")
        raise TokenizerError(f"{where} is {value!r:.40} instead of true or false")
    return {ADD_SPACE_PREFIX: value}


def _normalizer_flags(files: TokenizerFolder) -> Metadata:
    """What gguf-py tells of BERT-like normalizers; only `pre` leads past the unknown structure."""
    keys: Metadata = {}
    where = files.where("tokenizer.json", "normalizer")
    for step in flat_steps(files.tokenizer.get("normalizer"), "normalizers", where):
        match step.get("type"):
            case "Lowercase":
                keys["tokenizer.ggml.normalizer.lowercase"] = True
            case "StripAccents":
                keys["tokenizer.ggml.normalizer.strip_accents"] = True
    return keys
