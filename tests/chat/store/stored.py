"""What the tests of the store do with it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from llmq.chat.store import Store
from llmq.chat.store.places import FILE_NAME


def begun(store: Store, name: str = "fractions") -> int:
    return store.begin(name, "tutor.gguf", "socratic", "built-in").id


def files_of(folder: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def changed(folder: Path, *statements: str) -> None:
    """What somebody else does to the file."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
