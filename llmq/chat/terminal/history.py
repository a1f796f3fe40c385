"""What was typed before, in a file that only its owner can read; or nowhere."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory, InMemoryHistory

from llmq.chat.sanitize import sanitized

LONGEST = 4000  # characters of a message that is kept


class KeptHistory(FileHistory):
    """A history in a file (0600), which can be forgotten."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        path.chmod(0o600)  # also one that was there before
        super().__init__(path)
        self._path = path
        self._size_before = path.stat().st_size
        self._is_kept = True

    def load_history_strings(self) -> Iterable[str]:
        """The messages, the newest first; the file may have been written by anybody."""
        return map(sanitized, super().load_history_strings())

    def store_string(self, string: str) -> None:
        """Keep a message, unless it is a long text or nothing is kept."""
        if self._is_kept and len(string) <= LONGEST:
            super().store_string(string)

    def forget(self) -> None:
        """Empty it."""
        os.truncate(self._path, 0)
        self._size_before = 0
        self._loaded_strings.clear()

    def keep_nothing(self, said: Collection[str]) -> None:
        """Take out what this chat added and what of `said` was typed before; add nothing more."""
        os.truncate(self._path, min(self._size_before, self._path.stat().st_size))
        self._is_kept = False
        before = [*self.load_history_strings()][::-1]
        kept = [typed for typed in before if not {typed, typed.partition(" ")[2]} & {*said}]
        if kept != before:
            os.truncate(self._path, 0)
            for typed in kept:
                super().store_string(typed)


class NoHistory(InMemoryHistory):
    """A history of this chat alone, which no file keeps."""

    def forget(self) -> None:
        """Empty it."""
        self._loaded_strings.clear()
        self._storage.clear()

    def keep_nothing(self, said: Collection[str]) -> None:
        """Nothing is kept as it is."""
        del said
