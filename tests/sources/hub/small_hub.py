"""A hub of one model on this machine: the requests that huggingface_hub sends, over real HTTP.

Files are listed, asked for by HEAD and by GET, whole or from an offset, as the hub has them: large
ones under their SHA-256, small ones under the SHA-1 of git's blob.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

LARGE = ".safetensors"
CHUNK = 10_000  # that the library shall write at once, as files are small here
OTHERS = {
    "modeling_tutor.py": b"import os",
    "pytorch_model.bin": b"PK",
    "onnx/model.onnx": b"o",
    "consolidated.safetensors": b"c",
    ".gitattributes": b"g",
}


@dataclass
class SmallHub:
    """What it has, how it misbehaves, and what it was asked for."""

    repo: str
    files: dict[str, bytes]
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    revisions: tuple[str, ...] = ("main", "v1.0")
    damaged: dict[str, bytes] = field(default_factory=dict)
    """What comes in place of the files that are listed."""
    missing: set[str] = field(default_factory=set)
    """Files that are listed and not there."""
    cut: dict[str, list[int]] = field(default_factory=dict)
    """After how many bytes the connection breaks off, for one answer after the other."""
    error: tuple[int, str] | None = None
    """A status and an error's name, in place of every answer."""
    gated: bool = False
    asked: list[str] = field(default_factory=list)
    by: set[str] = field(default_factory=set)
    """How those who asked name themselves."""
    url: str = ""

    def etag(self, name: str) -> str:
        """The hash that the hub lists."""
        data = self.files[name]
        if name.endswith(LARGE):
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    def listing(self) -> dict[str, Any]:
        """The answer of /api/models/REPO/revision/REVISION?blobs=true."""
        siblings: list[dict[str, Any]] = []
        for name, data in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": "0" * 40}
            if name.endswith(LARGE):
                entry["lfs"] = {"sha256": self.etag(name), "size": len(data), "pointerSize": 130}
            else:
                entry["blobId"] = self.etag(name)
            siblings.append(entry)
        return {"id": self.repo, "modelId": self.repo, "sha": self.commit, "siblings": siblings}


@contextmanager
def serving(hub: SmallHub) -> Iterator[SmallHub]:
    """The hub at work, at `hub.url`."""

    class Handler(_Handler):
        def __init__(self, *arguments: Any) -> None:
            self.hub = hub
            super().__init__(*arguments)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: SmallHub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:  # the base class's name for it
        """As GET, without the content."""
        self._answer(with_content=False)

    def do_GET(self) -> None:  # the base class's name for it
        """A listing, or a file."""
        self._answer(with_content=True)

    def _answer(self, *, with_content: bool) -> None:
        hub, path = self.hub, self.path.partition("?")[0]
        hub.asked.append(f"{self.command} {unquote(path)} {self.headers.get('Range', '')}".strip())
        listing, files = f"/api/models/{hub.repo}/revision/", f"/{hub.repo}/resolve/"
        hub.by.add(self.headers["User-Agent"])
        known = (*hub.revisions, hub.commit)
        if hub.error is not None:
            self._refuse(*hub.error)
        elif path.startswith(listing):
            if unquote(path.removeprefix(listing)) in known:
                self._send(200, json.dumps(hub.listing()).encode(), {}, with_content=with_content)
            else:
                self._refuse(404, "RevisionNotFound")
        elif path.startswith(files):
            revision, _, name = path.removeprefix(files).partition("/")
            self._file(revision, unquote(name), with_content=with_content)
        else:
            self._refuse(401, "RepoNotFound")

    def _file(self, revision: str, name: str, *, with_content: bool) -> None:
        hub = self.hub
        if hub.gated and name.endswith(LARGE):
            self._refuse(403, "GatedRepo")
        elif revision != hub.commit or name not in hub.files or name in hub.missing:
            self._refuse(404, "EntryNotFound")
        else:
            data = hub.damaged.get(name, hub.files[name])
            start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
            headers = {
                "ETag": f'"{hub.etag(name)}"',
                "X-Repo-Commit": hub.commit,
                "Accept-Ranges": "bytes",
            }
            if name.endswith(LARGE):
                headers["X-Linked-Etag"] = headers["ETag"]
                headers["X-Linked-Size"] = str(len(hub.files[name]))
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            cuts = hub.cut.get(name) if with_content else None
            status, rest = 206 if start else 200, data[start:]
            self._send(
                status, rest, headers, with_content=with_content, cut=cuts.pop(0) if cuts else None
            )

    def _send(
        self,
        status: int,
        content: bytes,
        headers: Mapping[str, str],
        *,
        with_content: bool,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_content:
            self.wfile.write(content if cut is None else content[:cut])
            self.close_connection = cut is not None

    def _refuse(self, status: int, name: str) -> None:
        self._send(status, b"", {"X-Error-Code": name, "X-Error-Message": name}, with_content=False)
