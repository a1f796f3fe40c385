"""The fields of a record that a stranger wrote: there, of the right type, and nothing hidden in it.

Every function takes `where`, the place that an error names.
"""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from llmq.errors import SuiteError, one_line
from llmq.spelling import did_you_mean

Record = Mapping[str, Any]
SHOWN = 40  # characters of a value in a message
MOST_NAMES = 100


def field(record: Record, key: str, where: str) -> object:
    """The value of `key`."""
    if key not in record:
        hint = did_you_mean(key, names(record), found="; is it {!r}?")
        raise SuiteError(f"{where}: {key!r} is missing{hint}")
    return record[key]


def names(record: Record) -> list[str]:
    """The keys of a record among which a misspelled one is looked for: not many, none long."""
    return [name for name in islice(record, MOST_NAMES) if len(name) <= SHOWN]


def text(record: Record, key: str, where: str) -> str:
    """The text under `key`."""
    return checked_text(field(record, key, where), key, where)


def some_text(record: Record, key: str, where: str) -> str:
    """The text under `key`, which says something."""
    found = text(record, key, where)
    if not found.strip():
        raise SuiteError(f"{where}: {key!r} is empty; write its text or leave the item out")
    return found


def checked_text(value: object, key: str, where: str) -> str:
    """`value` if it is text that every program can take."""
    if not isinstance(value, str):
        raise SuiteError(f"{where}: {key!r} must be text, not {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:  # JSON can spell half of a surrogate pair
        raise SuiteError(f"{where}: {key!r} holds half a surrogate pair") from error
    return value


def written(value: object, key: str, where: str) -> str:
    """An answer as text: a number is written out, and nothing else but text is taken.

    >>> written(18, "answer", "x"), written(0.5, "answer", "x"), written(" 3/4 ", "answer", "x")
    ('18', '0.5', '3/4')
    """
    if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    found = checked_text(value, key, where).strip()
    if not found:
        raise SuiteError(f"{where}: {key!r} is empty; write its text or leave the item out")
    return found


def label(record: Record, key: str, where: str) -> str:
    """The text under `key` where there is one: a subject, a source."""
    value = record.get(key)
    return checked_text(value, key, where) if isinstance(value, str) else ""


def brief(value: object) -> str:
    """A value as a message shows it.

    >>> brief("x" * 100)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"
    """
    shown = one_line(value if isinstance(value, str) else f"{value!r:.200}", SHOWN + 1)
    return repr(shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}...")
