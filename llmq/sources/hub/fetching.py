"""Models of the hub: found in its cache, or fetched into it.

A file is written beside its place in the cache, held against the size and the hash that the hub
lists, and only then given its name: a wrong one is deleted. What came of it before a command was
stopped waits there, and the same command goes on with it. Fetching is the only thing in llmq that
uses a network, and nothing but `llmq convert` and `llmq.convert` fetch.
"""

import errno
import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from llmq.errors import HubError
from llmq.files.json import read_json_object
from llmq.sources.hub import client
from llmq.sources.hub.client import HubFile, Listing, OnBytes
from llmq.sources.hub.content import is_placed, n_bytes_here, receive
from llmq.sources.hub.ids import COMMIT, HubId
from llmq.sources.hub.needed import needed

LARGEST_SETTINGS = 1 << 28  # bytes; more is not read of such a file either (llmq/files/json.py)

Transfer = Callable[[str, int, int], AbstractContextManager[OnBytes | None]]
"""Begins a transfer: what comes, how many bytes it has, and how many of them are here already."""


def unwatched(_what: str, _n_bytes: int, _here: int) -> AbstractContextManager[None]:
    """A transfer that nobody watches."""
    return nullcontext()


def in_silence(_: str) -> None:
    """A remark that nobody hears."""


def fetch(
    wanted: HubId,
    *,
    check: Callable[[Path], object],
    transfer: Transfer = unwatched,
    say: Callable[[str], object] = in_silence,
) -> Path:
    """The folder of a model in the hub's cache, fetched where it is not there yet.

    `check` is given the folder when all but its weights have come, and may raise. Where the hub
    cannot be asked, what is in the cache counts, and `say` is told so. Raises `HubError`.
    """
    if COMMIT.fullmatch(wanted.revision) and (here := cached(wanted)):
        return here
    try:
        found = client.listing(wanted)
    except Exception as error:  # of requests, of the library, or of the system
        return _in_its_place(wanted, client.in_words(error, wanted), say)
    settings, weights = _checked(wanted, found)
    folder = client.cache_folder(wanted.repo) / "snapshots" / found.commit
    try:
        _check_room(wanted, [*settings, *weights])
        _get(wanted, found.commit, settings, transfer=unwatched)
        check(folder)
        _get(wanted, found.commit, weights, transfer=transfer)
        _write_revision(wanted, found.commit)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise HubError(f"{wanted}: the disk of {folder.parent.parent} is full") from None
        raise client.in_words(error, wanted) from None
    return folder


def cached(wanted: HubId) -> Path | None:
    """The folder of a model in the hub's cache, if all of it is there; asks nobody."""
    home, revision = client.cache_folder(wanted.repo), wanted.revision
    if not COMMIT.fullmatch(revision):
        reference = home.joinpath("refs", *revision.split("/"))
        if not reference.is_file():
            return None
        revision = reference.read_text(encoding="utf-8", errors="replace").strip()
    folder = home / "snapshots" / revision
    return folder if COMMIT.fullmatch(revision) and _is_whole(folder) else None


def _in_its_place(wanted: HubId, error: HubError, say: Callable[[str], object]) -> Path:
    """What the cache has where the hub gives nothing; `error` where it has nothing either."""
    folder = cached(wanted)
    if folder is None:
        raise HubError(f"{error}; nothing of that name is here")
    say(f"{error}; what was fetched before is used: {folder.name[:12]}")
    return folder


def _checked(wanted: HubId, found: Listing) -> tuple[list[HubFile], list[HubFile]]:
    """The small files and the weights that are needed. Raises `HubError` where it is no model."""
    settings, weights = needed(found.files)
    if not weights:
        others = [name for name in found.files if name.endswith(".gguf")]
        remedy = (
            f"it holds GGUF files, which need no conversion: hf download {wanted.repo} {others[0]}"
            if others
            else "other weight formats are not read"
        )
        raise HubError(f"{wanted}: holds no *.safetensors file; {remedy}")
    if not COMMIT.fullmatch(found.commit or ""):
        raise HubError(f"{wanted}: the hub names no commit but {found.commit!r:.60}; try again")
    chosen = [[found.files[name] for name in names] for names in (settings, weights)]
    for file in [*chosen[0], *chosen[1]]:
        if not file.is_hashed:
            raise HubError(f"{wanted}: the hub lists no hash of {file.name}; try again")
    large = next((file for file in chosen[0] if file.size > LARGEST_SETTINGS), None)
    if large is not None:
        raise HubError(
            f"{wanted}: {large.name} has {large.size / 1e6:,.1f} MB, which no settings and no tokenizer"
            " have; it was not fetched"
        )
    return chosen[0], chosen[1]


def _check_room(wanted: HubId, files: Iterable[HubFile]) -> None:
    """Raise `HubError` where the disk has no room for what is still to come."""
    home = client.cache_folder(wanted.repo)
    missing = sum(file.size - n_bytes_here(home, file) for file in files)
    there = next(folder for folder in home.parents if folder.is_dir())
    free = shutil.disk_usage(there).free
    if missing > free:
        raise HubError(
            f"{wanted}: {missing / 1e6:,.1f} MB are still to come, and the disk of {there} has"
            f" {free / 1e6:,.1f} MB free; make room, or name another folder with HF_HUB_CACHE"
        )


def _get(wanted: HubId, commit: str, files: list[HubFile], *, transfer: Transfer) -> None:
    """Have these files in the folder of the commit, each of them whole and what is listed."""
    home = client.cache_folder(wanted.repo)
    missing = [file for file in files if not is_placed(home, commit, file)]
    if not missing:
        return
    total, here = sum(f.size for f in missing), sum(n_bytes_here(home, f) for f in missing)
    with transfer(str(wanted), total, here) as on_bytes:
        for file in missing:
            with client.lock(wanted.repo, file):
                receive(wanted, commit, file, on_bytes or (lambda _: None))
            placed = client.link(wanted.repo, commit, file)
            if placed.stat().st_size != file.size:
                raise HubError(f"{placed}: is not what the hub lists; remove it and try again")


def _write_revision(wanted: HubId, commit: str) -> None:
    """Remember what a branch or a tag stands for, as the library does, for when there is no hub."""
    if wanted.revision == commit:
        return
    path = client.cache_folder(wanted.repo).joinpath("refs", *wanted.revision.split("/"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(commit, encoding="utf-8")


def _is_whole(folder: Path) -> bool:
    """Whether a folder of the cache has a model's weights, or an adapter's, all of them."""
    indexes = [*folder.glob("*.safetensors.index.json")]
    maps = [read_json_object(index, HubError).get("weight_map") for index in indexes]
    shards = {str(shard) for found in maps if isinstance(found, dict) for shard in found.values()}
    if indexes:
        return all((folder / shard).is_file() for shard in shards)
    return any(folder.glob("*.safetensors"))
