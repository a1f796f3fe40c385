"""read_tokenizer: a folder -> every `tokenizer.*` key, in the order of llama.cpp's converter."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.byte_level import read_byte_level
from llmq.tokenizer.chat_templates import chat_template_metadata, template_notes
from llmq.tokenizer.choice import model_in_use
from llmq.tokenizer.end_tokens import END_IDS, end_token_keys
from llmq.tokenizer.family_rules import ADD_SPACE_PREFIX, NO_RULES, FamilyRules
from llmq.tokenizer.folder import TokenizerFolder, open_folder
from llmq.tokenizer.metaspace import is_metaspace, read_merged, read_metaspace
from llmq.tokenizer.pre_tokenizer import checked_name, flat_steps
from llmq.tokenizer.special_tokens import ID_KEYS, special_token_metadata
from llmq.tokenizer.spm import read_sentencepiece
from llmq.tokenizer.swallowing import picky_tokens
from llmq.tokenizer.vocabulary import NotedKeys

DEFAULT_EOS = {"gpt2": "token 11", "llama": "token 2"}  # llama.cpp's, where the file names none


def no_turn_end(_keys: Metadata) -> str | None:
    """For a caller that renders no templates."""
    return None


def read_tokenizer(
    folder: Path,
    config: Mapping[str, Any],
    *,
    model: Path | None = None,
    pre: str | None = None,
    rules: FamilyRules = NO_RULES,
    find_turn_end: Callable[[Metadata], str | None] = no_turn_end,
) -> NotedKeys:
    """The tokenizer of a model folder as GGUF metadata, with what is worth saying of it.

    `config` holds the model's settings, those of config.json or as its family completes them;
    `model` is the folder of generation_config.json where the tokenizer lies in another. `pre`
    overrides the name of the pre-tokenizer (`tokenizer.ggml.pre`), which is otherwise found from
    the structure of tokenizer.json; `rules` are those of the model's family; `find_turn_end` gives
    the token that closes a turn in the chat template of a file with such keys.
    Raises `TokenizerError`, one line, for a tokenizer that is missing, broken, of an unknown
    structure, or not of this model.
    """
    if pre is not None:
        checked_name(pre)
    files = open_folder(folder, config, model)
    vocabulary, notes = _read_vocabulary(files, rules, pre=pre)
    keys = (_space_prefix(files) if rules.space_prefix else {}) | vocabulary
    texts: list[str] = vocabulary["tokenizer.ggml.tokens"]  # type: ignore[assignment]  # built so
    special, special_notes = special_token_metadata(files, texts)
    keys |= special
    template = chat_template_metadata(files)
    ends, end_notes = end_token_keys(files, keys, turn_end=find_turn_end(keys | template))
    own = {key: ends.pop(key) for key in list(ends) if key == END_IDS}
    keys |= ends
    _check_end(folder, keys)
    keys |= template
    keys |= _normalizer_flags(files)
    size = files.vocab_size
    if size is not None:
        keys = keys | rules.defaults.get(size, {}) | keys | rules.overrides.get(size, {})
    keys = {key: value for key, value in keys.items() if key not in rules.last} | rules.last
    notes += (
        *picky_tokens(files, keys),
        *special_notes,
        *end_notes,
        *template_notes(files, template),
    )
    return NotedKeys(keys | own, notes)


def _check_end(folder: Path, keys: Metadata) -> None:
    """A text must have an end that the folder names: llama.cpp would take some other."""
    if ID_KEYS["eos"] not in keys:
        taken = DEFAULT_EOS.get(str(keys["tokenizer.ggml.model"]), "none")
        raise TokenizerError(
            f"{folder}: no file names the token that ends a text, and llama.cpp would take {taken}"
            ' for it; add "eos_token" to tokenizer_config.json'
        )


def _read_vocabulary(files: TokenizerFolder, rules: FamilyRules, *, pre: str | None) -> NotedKeys:
    """The first kind that fits; see the package's docstring."""
    if rules.merged_as and pre is None and is_metaspace(files):
        return read_merged(files, rules)
    model, notes = model_in_use(files)
    if model is not None:
        return _with_notes(notes, read_sentencepiece(files, model))
    if not files.tokenizer:
        found = (files.path / "vocab.json").is_file()
        beside = "; vocab.json alone does not say how text is cut" if found else ""
        raise TokenizerError(
            f"{files.path}: has neither tokenizer.json nor tokenizer.model{beside}; save the "
            "tokenizer with transformers' save_pretrained"
        )
    if pre is None and is_metaspace(files):
        return _with_notes(notes, read_metaspace(files))
    return _with_notes(notes, read_byte_level(files, pre=pre))


def _with_notes(notes: tuple[str, ...], keys: NotedKeys) -> NotedKeys:
    return keys._replace(notes=(*notes, *keys.notes))


def _space_prefix(files: TokenizerFolder) -> Metadata:
    """The key that conversion/llama.py writes before all others."""
    value = files.add_prefix_space
    return {} if value is None else {ADD_SPACE_PREFIX: value}


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
