"""What a store gives back: sessions and their turns, made safe to print on the way.

Whoever can write the file, or wrote the model that spoke, may have put anything into it. Text is
cleaned as SQLite hands it over (`cleaned`, the connection's text_factory), so that no query can
forget to; what is no text where text belongs becomes text first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from llmq.chat.sanitize import sanitized

SESSION_COLUMNS = (
    "id, name, model, profile, course, begun, used,"
    " (SELECT COUNT(*) FROM turns WHERE turns.session = sessions.id)"
)
TURN_COLUMNS = "n, role, kind, text, at"


@dataclass(frozen=True)
class SessionRecord:
    """A session: with which model, profile and course, from when to when."""

    id: int
    name: str
    model: str
    profile: str
    course: str
    begun: datetime
    used: datetime
    n_turns: int


@dataclass(frozen=True)
class StoredTurn:
    """One turn; `n` counts from 1, without gaps unless turns were dropped."""

    n: int
    role: str
    kind: str
    text: str
    at: datetime


def session_record(row: Sequence[object]) -> SessionRecord:
    """The session of a row of SESSION_COLUMNS."""
    name, model, profile, course = map(as_text, row[1:5])
    begun, used = map(_as_time, row[5:7])
    return SessionRecord(
        _as_number(row[0]), name, model, profile, course, begun, used, _as_number(row[7])
    )


def stored_turn(row: Sequence[object]) -> StoredTurn:
    """The turn of a row of TURN_COLUMNS."""
    role, kind, text = map(as_text, row[1:4])
    return StoredTurn(_as_number(row[0]), role, kind, text, _as_time(row[4]))


def cleaned(raw: bytes) -> str:
    """Text of the file as text that may be printed."""
    return sanitized(raw.decode("utf-8", "replace"))


def as_text(value: object) -> str:
    """A value where text belongs: SQLite keeps any type in any column."""
    if isinstance(value, bytes):
        return cleaned(value)
    return value if isinstance(value, str) else "" if value is None else str(value)


def cleaned_json(text: str) -> str:
    """JSON with all its strings made safe, for "\\u001b" hides a control from `cleaned`.

    Raises ValueError or RecursionError where it is no JSON, or nested to no end.

    >>> cleaned_json('{"said": "a\\\\u001b[31mb"}')
    '{"said": "ab"}'
    """
    return json.dumps(_safe(json.loads(text)), ensure_ascii=False)


def _safe(value: object) -> object:
    if isinstance(value, str):
        return sanitized(value)
    if isinstance(value, list):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {sanitized(key): _safe(item) for key, item in value.items()}
    return value


def _as_number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _as_time(value: object) -> datetime:
    """Seconds since 1970 as a time; the beginning of that year for what is none."""
    try:
        return datetime.fromtimestamp(value if isinstance(value, int | float) else 0, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
