"""Only plain files are read: a pipe would be waited for, and a device might never end."""

import stat
from pathlib import Path

from llmq.errors import LlmqError


def check_plain(path: Path, error: type[LlmqError]) -> None:
    """Raise `error` where `path` is a pipe, a device or a socket.

    Nothing is said of what is missing or a folder: opening that fails by itself, with its reason.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise error(
            f"{path}: is not a file but a pipe or a device; save it as a file and name that"
        )
