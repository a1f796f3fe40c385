"""The content of one file of the hub: received, held against what is listed, put in its place."""

import errno
import hashlib
from pathlib import Path

from llmq.errors import HubError
from llmq.sources.hub import client
from llmq.sources.hub.client import HubFile, OnBytes
from llmq.sources.hub.ids import HubId

CHUNK_BYTES = 1 << 20
PARTIAL = ".incomplete"  # what the library calls a file that came in part


def receive(wanted: HubId, commit: str, file: HubFile, on_bytes: OnBytes) -> None:
    """Have the content of a file in the cache, checked."""
    place = _blob(client.cache_folder(wanted.repo), file)
    if place.is_file() and place.stat().st_size == file.size:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(place)
    if partial.exists() and partial.stat().st_size > file.size:
        partial.unlink()
    try:
        with partial.open("ab") as into:
            client.receive(wanted.repo, commit, file, into, on_bytes)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise client.in_words(error, wanted) from None
    if not _is_listed(partial, file):
        partial.unlink()
        raise HubError(
            f"{wanted}: what came as {file.name} is not what the hub lists (its size or its hash"
            " differs), and was deleted; type the same command again"
        )
    partial.replace(place)


def _is_listed(path: Path, file: HubFile) -> bool:
    """Whether a file's bytes are those that the hub lists."""
    if path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(b"blob %d\0" % file.size)
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == file.etag


def _blob(home: Path, file: HubFile) -> Path:
    return home / "blobs" / file.etag


def _partial(place: Path) -> Path:
    return place.with_name(place.name + PARTIAL)


def is_placed(home: Path, commit: str, file: HubFile) -> bool:
    """Whether a file stands in the folder of the commit, as large as it should be."""
    path = home.joinpath("snapshots", commit, *file.name.split("/"))
    return path.is_file() and path.stat().st_size == file.size


def n_bytes_here(home: Path, file: HubFile) -> int:
    """How much of a file's content the cache has."""
    place = _blob(home, file)
    sizes = [each.stat().st_size for each in (place, _partial(place)) if each.is_file()]
    return min(max(sizes, default=0), file.size)
