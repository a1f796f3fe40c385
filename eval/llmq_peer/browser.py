"""A headless Chromium that opens a page: what it asks the network for, what it complains of.

It is spoken to over two pipes (--remote-debugging-pipe: JSON, each message ended by a NUL), so that
it needs no port and no package. POSIX only.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS = 60.0
# A Chromium reads from file descriptor 3 and writes to 4; ours may have those numbers already.
START = """
import fcntl, os, sys
ours = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, file in enumerate(ours, start=3):
    os.dup2(file, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


def found_browser() -> str | None:
    """The path of a Chromium, or None."""
    paths = map(shutil.which, NAMES if os.name == "posix" else ())
    return next((path for path in paths if path), None)


@dataclass(frozen=True)
class Seen:
    """What a page did while it was opened."""

    requests: tuple[str, ...]  # all but the page itself
    complaints: tuple[str, ...]  # of the console, scripts that ran and dialogs among them
    overflow: int  # pixels by which it is wider than the window
    screenshot: bytes


class Browser:
    """One tab."""

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of = to, of
        self._number, self._pending = 0, b""
        self._events: list[Mapping[str, Any]] = []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        flat = {"targetId": target, "flatten": True}
        self._session: str | None = self._call("Target.attachToTarget", flat)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, path: Path, *, width: int, dark: bool = False, media: str = "screen") -> Seen:
        """Open a file in a window of this width and look at all of it."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", {"media": media, "features": [scheme]})
        self._events.clear()
        self._call("Page.navigate", {"url": path.as_uri()})
        self._wait("Page.loadEventFired")
        script = f"document.documentElement.scrollWidth - {width}"
        wide = self._call("Runtime.evaluate", {"expression": script})["result"]["value"]
        time.sleep(0.3)  # for what a page would do after it is loaded
        shot = self._call("Page.captureScreenshot", {"captureBeyondViewport": True})["data"]
        requests = tuple(
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        )
        others = tuple(url for url in requests if url != path.as_uri())
        return Seen(others, tuple(self._complaints()), wide, base64.b64decode(shot))

    def _complaints(self) -> Iterator[str]:
        for event in self._events:
            if event["method"] in (
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Page.javascriptDialogOpening",
            ):
                yield json.dumps(event["params"])

    def _call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params or {}}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._number:
            self._events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _wait(self, method: str) -> None:
        while not any(event.get("method") == method for event in self._events):
            self._events.append(self._receive())

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            if not select([self._of], [], [], SECONDS)[0]:
                raise RuntimeError(f"the browser said nothing for {SECONDS:.0f} seconds")
            if not (data := os.read(self._of, 1 << 20)):
                raise RuntimeError("the browser has ended")
            self._pending += data
        message, _, self._pending = self._pending.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser(command: str) -> Iterator[Browser]:
    """The browser with an empty profile, ended at the end."""
    (ours_in, theirs_out), (theirs_in, ours_out) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        start = [sys.executable, "-c", START, str(theirs_in), str(theirs_out)]
        process = subprocess.Popen(
            [*start, command, *FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            os.close(ours_out)
            process.terminate()
            process.wait(SECONDS)
            os.close(ours_in)
