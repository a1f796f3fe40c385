"""The SQLite file: opened with care, its tables, and transactions whose errors have one line.

The rollback journal of SQLite's default (DELETE) is used, not a write-ahead log: what was deleted
must be in no file afterwards, and a log of its own would have to be emptied while another chat may
be reading it. secure_delete overwrites what is deleted with zeros, VACUUM leaves no copies of it in
half-full pages, and temp_store keeps VACUUM's own copy out of the folder for temporary files.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmq.chat.store.places import PRIVATELY
from llmq.chat.store.records import cleaned
from llmq.errors import StoreError, one_line

VERSION = 1
APPLICATION = 0x6C6C6D71  # "llmq": whose file it is, as `file` shows it
BUSY_SECONDS = 10.0
OUTSIDE = {  # errors whose reason is not in the file
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
PRAGMAS = (
    "secure_delete = ON",
    "temp_store = MEMORY",
    "foreign_keys = ON",
    "trusted_schema = OFF",  # a hostile file's views and triggers call no functions
    "journal_mode = DELETE",
    "synchronous = FULL",
)
TABLES = (
    # AUTOINCREMENT: the number of a session that was forgotten never means another one
    """CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, model TEXT NOT NULL,
        profile TEXT NOT NULL, course TEXT NOT NULL, begun REAL NOT NULL, used REAL NOT NULL,
        state TEXT)""",
    """CREATE TABLE turns (
        session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, n INTEGER NOT NULL,
        role TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (session, n))""",
    "CREATE TABLE learners (course TEXT PRIMARY KEY, state TEXT NOT NULL)",
)


class Database:
    """One connection, for any thread of this process; `path` is None where it is memory alone."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._told():
            self._connection = sqlite3.connect(
                path or ":memory:",
                timeout=BUSY_SECONDS,
                isolation_level=None,  # transactions are begun below, and nowhere else
                check_same_thread=False,
            )
        try:
            with self._told():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; in memory, everything is gone."""
        self._connection.close()

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """What a query finds."""
        with self._lock, self._told():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, at once on the disk, or nothing."""
        with self._lock, self._told():
            self._connection.execute("BEGIN IMMEDIATE")  # two chats wait, and never deadlock
            try:
                yield self._connection
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def compact(self) -> None:
        """Leave no trace of what was deleted in the file."""
        with self._lock, self._told():
            self._connection.execute("VACUUM")

    def _prepare(self) -> None:
        self._connection.text_factory = cleaned
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        if (found := self._pragma("quick_check(1)")) != "ok":
            raise sqlite3.DatabaseError(str(found))
        with self.changing():
            if not self._holds_tables():
                for table in TABLES:
                    self._connection.execute(table)
                self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
                self._connection.execute(f"PRAGMA user_version = {VERSION}")
            self._check_version()

    def _check_version(self) -> None:
        if self._pragma("application_id") != APPLICATION:
            raise StoreError(
                f"{self.path} is another program's: name another folder in LLMQ_DATA, or {PRIVATELY}"
            )
        if (version := self._pragma("user_version")) != VERSION:
            raise StoreError(
                f"{self.path} was written by another version of llmq (format {version}, this one "
                f"reads {VERSION}): update llmq, name another folder in LLMQ_DATA, or {PRIVATELY}"
            )

    def _holds_tables(self) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall())

    def _pragma(self, name: str) -> object:
        row = self._connection.execute(f"PRAGMA {name}").fetchone()
        return row[0] if row else None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of SQLite as one line with the remedy."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a mistake of ours, no state of the file
        except sqlite3.DatabaseError as error:
            reason = one_line(str(error))
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in OUTSIDE:
                raise StoreError(
                    f"the chats in {self.path} cannot be read or written ({reason}): close other "
                    f"chats, free space on the disk, or {PRIVATELY}"
                ) from None
            raise StoreError(
                f"{self.path} is damaged ({reason}): move it away, and a new one is begun, or "
                f"{PRIVATELY}"
            ) from None
