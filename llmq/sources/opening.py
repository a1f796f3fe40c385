"""Opening a source, whatever it is: a Hugging Face folder, one of the hub's, a GGUF file."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from llmq.errors import AdapterError, CheckpointError, TokenizerError, one_line
from llmq.sources.adapters.adapter import Adapter, is_adapter, open_adapter
from llmq.sources.adapters.settings import BASE, read_settings
from llmq.sources.gguf_model import open_gguf_model
from llmq.sources.hf_folder import check_settings, open_hf_folder
from llmq.sources.hub.ids import HubId, hub_id
from llmq.sources.source import Source

if TYPE_CHECKING:
    from llmq.sources.hub.fetching import Transfer

Adapters = Mapping[str | Path, float]
"""Folders of LoRA adapters, and what each is multiplied with: 1 as it was trained."""


def open_source(
    path: str | Path,
    *,
    pre: str | None = None,
    allow_requantize: bool = False,
    adapters: Adapters | None = None,
) -> Source:
    """Open a model that can be converted; only headers are read.

    `path` is a Hugging Face folder, the id of one in the hub's cache (`org/name[@revision]`), the
    folder of a LoRA adapter whose base is at hand, or a GGUF file, of a split one the first part.
    `pre` overrides the name of a folder's pre-tokenizer; `allow_requantize` admits a GGUF file
    whose matrices have fewer than 16 bits; `adapters` are folders of LoRA adapters to merge in, one
    after the other, and what each is multiplied with. Raises a child of `LlmqError` for
    whatever is damaged, unknown or inconsistent.

        >>> from llmq import open_source
        >>> source = open_source("eval/tutor")
        >>> source.name, len(source.tensors), source.facts.architecture
        ('tutor', 56, 'llama')
    """
    path, given = located(path), adapters or {}
    if path.is_dir():
        return _open_folder(path, [open_adapter(located(p), s) for p, s in given.items()], pre)
    if not path.exists():
        wanted = hub_id(path)
        hint = f"; of the hub, llmq convert {wanted} fetches it" if wanted else ""
        raise CheckpointError(
            f"{path}: there is no such folder or file; name the folder that holds config.json, or a"
            f" GGUF file{hint}"
        )
    if given:
        raise AdapterError(
            f"{path}: an adapter is merged into the model's folder, not into a GGUF file of it; name"
            " the folder"
        )
    if pre is not None:
        raise TokenizerError(f"{path}: a GGUF file names its pre-tokenizer itself; leave out --pre")
    return open_gguf_model(path, allow_requantize=allow_requantize)


def located(path: str | Path) -> Path:
    """`path` itself, or the folder in the hub's cache that it is the id of, where it is there."""
    wanted = hub_id(path)
    return Path(path) if wanted is None else _cached(wanted) or Path(path)


def fetched(
    path: str | Path,
    *,
    pre: str | None = None,
    transfer: "Transfer | None" = None,
    say: Callable[[str], object] | None = None,
) -> Path:
    """`path` itself, or the folder of the hub's model that it is the id of, which is fetched.

    Settings and tokenizer come first, so that a model which cannot be converted is refused before
    its weights have come. `transfer` watches, `say` is told where what is here counts.
    Raises a child of `LlmqError`.
    """
    wanted = hub_id(path)
    if wanted is None:
        return Path(path)
    from llmq.sources.hub.fetching import fetch, in_silence, unwatched

    check = partial(check_settings, pre=pre)
    return fetch(wanted, check=check, transfer=transfer or unwatched, say=say or in_silence)


def _cached(wanted: HubId) -> Path | None:
    from llmq.sources.hub.fetching import cached

    return cached(wanted)


def _open_folder(path: Path, adapters: list[Adapter], pre: str | None) -> Source:
    """A checkpoint's folder, or that of an adapter, which is merged first."""
    if is_adapter(path):
        base = base_of(path)
        adapters, path = [open_adapter(path), *adapters], base
    return open_hf_folder(path, pre=pre, adapters=adapters)


def base_of(adapter: Path) -> Path:
    """The folder of the model that an adapter names: beside it, here, or in the hub's cache."""
    settings = read_settings(adapter)
    name, type_it = settings.get(BASE), f"type: llmq convert BASE --lora {adapter}"
    if not isinstance(name, str) or not name:
        raise AdapterError(f"{adapter}: is an adapter that names no base; {type_it}")
    for folder in (adapter / name, Path(name)):
        if (folder / "config.json").is_file():
            return folder
    revision = settings.get("revision")
    wanted = hub_id(f"{name}@{revision}" if isinstance(revision, str) else name)
    found = _cached(wanted) if wanted else None
    if found is None:
        type_it = type_it.replace("BASE", str(wanted)) if wanted else f"{type_it}, BASE its folder"
        what = "in the hub's cache" if wanted else "here"
        name = one_line(name)
        raise AdapterError(f"{adapter}: is an adapter of {name}, which is not {what}; {type_it}")
    return found
