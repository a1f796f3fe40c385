"""The folder and the file of the sessions, made so that nobody else can read them.

SQLite gives its journals the permissions of the database itself (`findCreateFileMode` in its
os_unix.c), so a file that is 0600 before SQLite opens it keeps all of them 0600, at any umask.
"""

import os
import stat
from pathlib import Path

from llmq.errors import StoreError

FILE_NAME = "chats.sqlite3"
PRIVATELY = "--private chats without keeping anything"
UNPROTECTED = (
    "{path} lies where this program cannot keep other users out: its permissions are those of the "
    f"folder; {PRIVATELY}"
)
OWN_TO_WINDOWS = (
    "{path} is protected by the permissions of its folder, which in your own profile keep other "
    f"users out; this program sets none on Windows; {PRIVATELY}"
)


def default_folder() -> Path:
    """The folder that LLMQ_DATA names, or llmq's own in the platform's place for user data."""
    named = os.environ.get("LLMQ_DATA")
    if named:
        return Path(named).expanduser()
    import platformdirs  # here, for a chat that keeps nothing does without it

    return Path(platformdirs.user_data_dir("llmq", appauthor=False))


def prepared(folder: Path) -> tuple[Path, str]:
    """The path of the database, which exists and is the user's alone, and what there is to say.

    Raises StoreError where the folder or the file cannot be made.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) & stat.S_ISVTX:
            raise StoreError(
                f"{folder} is shared by all users: name a folder of your own in LLMQ_DATA"
            )
        _restrict(folder, 0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        _restrict(path, 0o600)
    except OSError as error:
        raise StoreError(
            f"chats cannot be kept in {folder} ({error.strerror}): name another folder in "
            f"LLMQ_DATA, or {PRIVATELY}"
        ) from None
    return path, _remark(path)


def _restrict(path: Path, mode: int) -> None:
    """Take from others what they have; a no-op where it is right, or means nothing (Windows)."""
    if stat.S_IMODE(path.stat().st_mode) != mode and os.name == "posix":
        path.chmod(mode)


def _remark(path: Path) -> str:
    """What a user has to know where permissions do not hold, as on FAT and some network drives."""
    if os.name != "posix":
        return OWN_TO_WINDOWS.format(path=path)
    open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
    return UNPROTECTED.format(path=path) if open_to_others else ""
