"""The files of a model folder that say how text becomes tokens, read once and held together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmq.errors import TokenizerError
from llmq.files.json import read_json_object
from llmq.tokenizer.class_pipelines import class_pipeline
from llmq.tokenizer.json_values import MAX_TOKENS, as_list, as_object, as_text, as_token_id
from llmq.tokenizer.tekken import TEKKEN, read_tekken, tekken_names

# The named special tokens, in the order in which the converter writes their ids.
KINDS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


@dataclass(frozen=True)
class AddedToken:
    """A token that is found in the text before anything else is done to it."""

    id: int
    text: str
    special: bool
    picky: bool = False
    """It takes the spaces beside it (lstrip, rstrip), or is none inside a word (single_word)."""
    takes_behind: bool = False
    """It takes the white space behind it and does nothing else of that kind (rstrip alone)."""
    raw: bool = False
    """It is looked for in the text as it stands, before spaces become pieces (not normalized)."""


@dataclass(frozen=True)
class TokenizerFolder:
    """Each JSON file as an object, `{}` where it is absent; `config` is the model's config.json."""

    path: Path
    config: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    tokenizer_config: Mapping[str, Any]
    special_tokens_map: Mapping[str, Any]
    generation_config: Mapping[str, Any]
    file: str = "tokenizer.json"
    """The file that `tokenizer` was read from."""

    def where(self, file: str, place: str) -> str:
        """How errors name a place: path of the file, then the place in it."""
        return f"{self.path / (self.file if file == 'tokenizer.json' else file)}: {place}"

    @property
    def vocab_size(self) -> int | None:
        """The number of rows of the embedding, where config.json tells it."""
        value = self.config.get("vocab_size")
        if value is None:
            return None
        size = as_token_id(value, self.where("config.json", "vocab_size"))
        if size == 0:
            raise TokenizerError(f"{self.where('config.json', 'vocab_size')} is 0")
        return size

    @property
    def json_added_tokens(self) -> list[AddedToken]:
        """The added tokens of tokenizer.json."""
        where = self.where("tokenizer.json", "added_tokens")
        entries = as_list(self.tokenizer.get("added_tokens") or [], where)
        return [_added(entry, as_object(entry, where).get("id"), where) for entry in entries]

    @property
    def config_added_tokens(self) -> list[AddedToken]:
        """The added tokens of tokenizer_config.json, whose names are the ids."""
        where = self.where("tokenizer_config.json", "added_tokens_decoder")
        entries = as_object(self.tokenizer_config.get("added_tokens_decoder") or {}, where)
        return [_added(entry, _number(name, where), where) for name, entry in entries.items()]

    @property
    def listed_tokens(self) -> list[AddedToken]:
        """The tokens of added_tokens.json, which does not say what is special."""
        path = self.path / "added_tokens.json"
        return [
            AddedToken(as_token_id(number, f"{path}: {text!r}"), as_text(text, str(path)), False)
            for text, number in optional_json(path).items()
        ]

    @property
    def add_prefix_space(self) -> bool | None:
        """That setting of tokenizer_config.json, where it is there."""
        value = self.tokenizer_config.get("add_prefix_space")
        if value is not None and not isinstance(value, bool):
            where = self.where("tokenizer_config.json", "add_prefix_space")
            raise TokenizerError(f"{where} is {value!r:.40} instead of true or false")
        return value

    @property
    def class_pipeline(self) -> str | None:
        """How transformers cuts text here, whatever tokenizer.json says; None where that counts."""
        return class_pipeline(self.config, self.tokenizer_config)


def open_folder(
    path: Path, config: Mapping[str, Any], model: Path | None = None
) -> TokenizerFolder:
    """Read the JSON files of the folder `path`; raises `TokenizerError` for a broken one.

    tekken.json is read where it is the only tokenizer; generation_config.json is that of the folder
    `model`, if one is given.
    """
    others = any((path / name).is_file() for name in ("tokenizer.json", "tokenizer.model"))
    tekken = not others and (path / TEKKEN).is_file()
    tokenizer = read_tekken(path / TEKKEN) if tekken else optional_json(path / "tokenizer.json")
    settings = optional_json(path / "tokenizer_config.json")
    return TokenizerFolder(
        path,
        config,
        tokenizer=tokenizer,
        tokenizer_config=tekken_names(tokenizer) | settings if tekken else settings,
        special_tokens_map=optional_json(path / "special_tokens_map.json"),
        generation_config=_decorative_json((model or path) / "generation_config.json"),
        file=TEKKEN if tekken else "tokenizer.json",
    )


def optional_json(path: Path) -> dict[str, Any]:
    """The object in a file, `{}` if there is no such file."""
    return read_json_object(path, TokenizerError) if path.is_file() else {}


def _decorative_json(path: Path) -> dict[str, Any]:
    """The object in a file, `{}` also where it is broken, as for transformers.

    The file's other reader, llmq/sources/model_card.py, says so.
    """
    try:
        return optional_json(path)
    except TokenizerError:
        return {}


def token_text(entry: object) -> str | None:
    """The text of a named special token, stored as a text or as an object with `content`."""
    if isinstance(entry, dict):
        entry = entry.get("content")
    return entry if isinstance(entry, str) and entry else None


def named_special_tokens(folder: TokenizerFolder) -> dict[str, None]:
    """The texts of all special tokens that have a name or stand in a list of extra ones, in order.

    transformers makes each of them an added, special token even where tokenizer.json does not
    (tokenization_utils_tokenizers.py, TokenizersBackend).
    """
    texts: dict[str, None] = {}
    for source in (folder.tokenizer_config, folder.special_tokens_map):
        named = [f"{kind}_token" for kind in KINDS]
        named += [name for name in source if name.endswith("_token") and name not in named]
        entries = [source.get(name) for name in named]
        for name in ("extra_special_tokens", "additional_special_tokens"):
            extra = source.get(name)
            entries += extra if isinstance(extra, list) else []
            entries += extra.values() if isinstance(extra, dict) else []
        texts |= {text: None for entry in entries if (text := token_text(entry)) is not None}
    return texts


def _added(entry: object, token_id: object, where: str) -> AddedToken:
    fields = as_object(entry, where)
    text = as_text(fields.get("content"), f"{where}[].content")
    number = as_token_id(token_id, f"{where}: the id of {text!r}")
    flags = [flag for flag in ("lstrip", "rstrip", "single_word") if fields.get(flag) is True]
    special = fields.get("special") is True
    return AddedToken(
        number,
        text,
        special,
        picky=bool(flags),
        takes_behind=flags == ["rstrip"],
        raw=fields.get("normalized", not special) is not True,
    )


def _number(name: str, where: str) -> int:
    if not (name.isascii() and name.isdigit() and len(name) <= len(str(MAX_TOKENS))):
        raise TokenizerError(f"{where}: the name {name[:40]!r} is not a token id")
    return int(name)
