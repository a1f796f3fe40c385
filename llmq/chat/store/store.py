"""Sessions, turns and learners, kept from one chat to the next, or for one chat alone."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from llmq.chat.sanitize import sanitized
from llmq.chat.store.database import Database
from llmq.chat.store.places import prepared
from llmq.chat.store.records import (
    SESSION_COLUMNS,
    TURN_COLUMNS,
    SessionRecord,
    StoredTurn,
    as_text,
    cleaned_json,
    session_record,
    stored_turn,
)
from llmq.errors import StoreError, one_line

RETENTION_DAYS = 30
NAME_LENGTH = 80
TOUCH = "UPDATE sessions SET used = MAX(used, ?) WHERE id = ?"


class Store:
    """An open store. What it gives back is safe to print; every change is on the disk at once.

    `remark` is what a user has to know of the file's protection, "" where there is nothing to say.
    """

    def __init__(self, database: Database, remark: str = "") -> None:
        self._database = database
        self.remark = remark

    @classmethod
    def open(cls, folder: Path | None, *, keep_days: int = RETENTION_DAYS) -> Self:
        """The store in `folder`, made where there is none; None keeps all in memory alone.

        Sessions that nobody used for `keep_days` days are deleted. Raises StoreError.

        >>> with Store.open(None) as store:
        ...     session = store.begin("fractions", "tutor.gguf", "socratic", "built-in")
        ...     store.add_turn(session.id, "user", "Is it 3/4?")
        ...     [turn.text for turn in store.turns(session.id)]
        1
        ['Is it 3/4?']
        """
        if folder is None:
            return cls(Database(None))
        path, remark = prepared(folder)
        store = cls(Database(path), remark)
        try:
            store.expire(keep_days)
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a private store is gone with it."""
        self._database.close()

    @property
    def private(self) -> bool:
        """Whether nothing is written to a disk."""
        return self._database.path is None

    def begin(self, name: str, model: str, profile: str, course: str) -> SessionRecord:
        """A new session; without a name it is called by its time."""
        now = _now()
        named = one_line(sanitized(name), NAME_LENGTH) or f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        facts = [named, *map(sanitized, (model, profile, course)), now, now]
        with self._database.changing() as changing:
            row = changing.execute(
                "INSERT INTO sessions (name, model, profile, course, begun, used)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                facts,
            )
            number = row.lastrowid
        return self._sessions("WHERE id = ?", number)[0]

    def sessions(self) -> list[SessionRecord]:
        """All sessions, the last used first."""
        return self._sessions("")

    def latest(self) -> SessionRecord | None:
        """The session that was used last."""
        return next(iter(self._sessions("")), None)

    def find(self, name: str) -> SessionRecord | None:
        """The session of this name; of several, the one used last."""
        wanted = one_line(sanitized(name), NAME_LENGTH)
        return next(iter(self._sessions("WHERE name = ?", wanted)), None)

    def add_turn(
        self, session_id: int, role: str, text: str, *, kind: str = "", at: datetime | None = None
    ) -> int:
        """Keep one more turn, and return its number. Raises StoreError for a forgotten session."""
        when = at.timestamp() if at else _now()
        values = (session_id, session_id, role, kind, sanitized(text), when)
        with self._database.changing() as changing:
            _check(changing, session_id)
            changing.execute(
                "INSERT INTO turns (session, n, role, kind, text, at) VALUES"
                " (?, (SELECT COALESCE(MAX(n), 0) + 1 FROM turns WHERE session = ?), ?, ?, ?, ?)",
                values,
            )
            changing.execute(TOUCH, (_now(), session_id))
            newest = "SELECT MAX(n) FROM turns WHERE session = ?"
            number: int = changing.execute(newest, (session_id,)).fetchone()[0]
        return number

    def turns(self, session_id: int) -> list[StoredTurn]:
        """The turns of a session, oldest first."""
        query = f"SELECT {TURN_COLUMNS} FROM turns WHERE session = ? ORDER BY n"
        return [stored_turn(row) for row in self._database.rows(query, session_id)]

    def replace_last(self, session_id: int, text: str, *, kind: str | None = None) -> None:
        """Put `text` in the place of the last turn's; of its kind, unless another one is named."""
        with self._database.changing() as changing:
            _check(changing, session_id)
            changing.execute(
                "UPDATE turns SET text = ?, kind = COALESCE(?, kind) WHERE session = ? AND n ="
                " (SELECT MAX(n) FROM turns WHERE session = ?)",
                (sanitized(text), kind, session_id, session_id),
            )

    def drop_turns(self, session_id: int, from_n: int) -> None:
        """Delete the turns from number `from_n` on."""
        with self._database.changing() as changing:
            changing.execute("DELETE FROM turns WHERE session = ? AND n >= ?", (session_id, from_n))

    def save_state(self, session_id: int, json_text: str) -> None:
        """Keep where the session stands, as JSON."""
        with self._database.changing() as changing:
            _check(changing, session_id)
            changing.execute(
                "UPDATE sessions SET state = ? WHERE id = ?", (sanitized(json_text), session_id)
            )

    def state(self, session_id: int) -> str | None:
        """Where the session stood, as JSON; None where nothing was kept."""
        rows = self._database.rows("SELECT state FROM sessions WHERE id = ?", session_id)
        return self._json(rows, "the state of this session")

    def save_learner(self, course: str, json_text: str) -> None:
        """Keep what is known of the learner in a course, as JSON; the last to save has its way."""
        with self._database.changing() as changing:
            changing.execute(
                "INSERT INTO learners (course, state) VALUES (?, ?)"
                " ON CONFLICT (course) DO UPDATE SET state = excluded.state",
                (sanitized(course), sanitized(json_text)),
            )

    def learner(self, course: str) -> str | None:
        """What is known of the learner in a course, as JSON; None where nothing is."""
        wanted = sanitized(course)
        rows = self._database.rows("SELECT state FROM learners WHERE course = ?", wanted)
        return self._json(rows, f"what is known of you in {one_line(course)}")

    def forget(self, session_id: int | None = None) -> None:
        """Delete a session, or everything, so that no file holds a byte of it afterwards."""
        with self._database.changing() as changing:
            if session_id is None:
                for table in ("turns", "sessions", "learners"):
                    changing.execute(f"DELETE FROM {table}")
            else:
                changing.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
        self._database.compact()

    def expire(self, days: int = RETENTION_DAYS) -> int:
        """Delete the sessions that nobody used for `days` days; how many there were.

        What is known of the learner stays: estimates of skills, no words, and reviews come due
        after longer than that.
        """
        before = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        with self._database.changing() as changing:
            n_gone = changing.execute("DELETE FROM sessions WHERE used < ?", (before,)).rowcount
        if n_gone:
            self._database.compact()
        return n_gone

    def _sessions(self, where: str, *values: object) -> list[SessionRecord]:
        query = f"SELECT {SESSION_COLUMNS} FROM sessions {where} ORDER BY used DESC, id DESC"
        return [session_record(row) for row in self._database.rows(query, *values)]

    def _json(self, rows: list[tuple[object, ...]], what: str) -> str | None:
        if not rows or rows[0][0] is None:
            return None
        try:
            return cleaned_json(as_text(rows[0][0]))
        except (ValueError, RecursionError):
            raise StoreError(f"{what} is damaged: /forget deletes it") from None


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _check(changing: sqlite3.Connection, session_id: int) -> None:
    """Refuse to write to a session that another chat has forgotten."""
    if not changing.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchall():
        raise StoreError("this session was forgotten in another chat: /new begins one that is kept")
