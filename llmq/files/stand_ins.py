"""What lies in a file's place when fetching it went wrong: a pointer of git-lfs, a web page."""

from pathlib import Path

from llmq.errors import LlmqError

LOOKED_AT = 200  # bytes; a pointer has about 130
STAND_INS = {
    # The first line of every pointer, by the specification of git-lfs.
    b"version https://git-lfs.github.com/spec/": (
        "is a pointer of git-lfs, not the file itself; type git lfs pull in its folder, or fetch the"
        " file again"
    ),
    **dict.fromkeys(
        (b"<!doctype html", b"<html", b"<head", b"<?xml"),
        "is a web page, not the file itself, as where one has to log in first; fetch the file again",
    ),
}


def check_no_stand_in(path: Path, data: bytes, error: type[LlmqError]) -> None:
    """Raise `error` where `data`, the beginning of the file `path`, is another file's."""
    start = data[:LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for sign, what in STAND_INS.items():
        if start.startswith(sign):
            raise error(f"{path}: {what}")
