"""Suites: JSONL files of dialogues, read strictly and known by their hash.

One JSON object a line: {"id": "...", "messages": [{"role": "user", "content": "..."}, ...]}.
Without an id a dialogue is called by the number of its line. Other keys (source, license) are
welcome and ignored. `role` is system, user or assistant, where the assistant is the tutor. A system
turn comes first or not at all.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import Traversable
from pathlib import Path
from typing import Any

from llmq.errors import SuiteError
from llmq.files.json import parse_json_object
from llmq.files.plain import check_plain
from llmq.spelling import did_you_mean

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Message:
    """One turn of a dialogue."""

    role: str
    content: str


@dataclass(frozen=True)
class Dialogue:
    """A conversation between a student (user) and a tutor (assistant).

    `answer` is the key that the tutor must not tell, where there is one.
    """

    id: str
    messages: tuple[Message, ...]
    subject: str = ""
    source: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Choice:
    """A question with choices, of which `answer` is the index of the right one."""

    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    subject: str = ""
    source: str = ""


@dataclass(frozen=True)
class Problem:
    """A question with an exact answer."""

    id: str
    question: str
    answer: str
    subject: str = ""
    source: str = ""


@dataclass(frozen=True)
class Suite:
    """Named dialogues; `sha256` covers ids, roles and contents, not spacing or other keys."""

    name: str
    sha256: str
    dialogues: tuple[Dialogue, ...]
    choices: tuple[Choice, ...] = ()
    problems: tuple[Problem, ...] = ()
    license: str = ""
    n_bytes: int = 0


def read_suite(path: Path | Traversable) -> Suite:
    """Read a JSONL file of dialogues.

    Raises SuiteError with the file and the line number for anything that is not as it should be.
    """
    if isinstance(path, Path):
        check_plain(path, SuiteError)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"cannot read the suite {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path} is not UTF-8 text: byte {error.start} does not fit") from error
    dialogues = tuple(_dialogues(text, path.name))
    if not dialogues:
        raise SuiteError(f"{path} holds no dialogue; one JSON object a line is expected")
    return Suite(path.name.removesuffix(".jsonl"), _digest(dialogues), dialogues)


def spread(suite: Suite, n: int) -> Suite:
    """`n` dialogues, evenly spread over the suite; all of one that has no more."""
    n_all = len(suite.dialogues)
    if n_all <= n:
        return suite
    dialogues = tuple(suite.dialogues[i * n_all // n] for i in range(n))
    return Suite(suite.name, _digest(dialogues), dialogues)


def _dialogues(text: str, name: str) -> Iterator[Dialogue]:
    lines_of: dict[str, int] = {}
    # Only a newline ends a line: str.splitlines would also cut at U+2028 inside a string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        record = parse_json_object(line.encode(), Path(where), SuiteError)
        dialogue = _dialogue({"id": str(number), **record}, where)
        first = lines_of.setdefault(dialogue.id, number)
        if first != number:
            raise SuiteError(f"{where}: the id {dialogue.id!r} is taken by line {first}")
        yield dialogue


def _dialogue(record: dict[str, Any], where: str) -> Dialogue:
    name = _text(record, "id", where)
    turns = _field(record, "messages", where)
    if not isinstance(turns, list) or not turns:
        raise SuiteError(f"{where}: 'messages' must be a list of at least one turn")
    messages = tuple(_message(turn, f"{where}, turn {i}") for i, turn in enumerate(turns, start=1))
    late = [i for i, m in enumerate(messages, start=1) if m.role == "system" and i > 1]
    if late:
        raise SuiteError(f"{where}, turn {late[0]}: a system turn may only come first")
    return Dialogue(name, messages)


def _message(turn: object, where: str) -> Message:
    if not isinstance(turn, dict):
        raise SuiteError(f"{where}: an object with role and content is expected")
    role = _text(turn, "role", where)
    if role not in ROLES:
        hint = did_you_mean(
            role, ROLES, found="; did you mean {!r}?", otherwise=f"; known are {', '.join(ROLES)}"
        )
        raise SuiteError(f"{where}: unknown role {role!r}{hint}")
    return Message(role, _text(turn, "content", where))


def _text(record: dict[str, Any], key: str, where: str) -> str:
    value = _field(record, key, where)
    if not isinstance(value, str):
        raise SuiteError(f"{where}: {key!r} must be text, not {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:  # JSON can spell half of a surrogate pair
        raise SuiteError(f"{where}: {key!r} holds half a surrogate pair") from error
    return value


def _field(record: dict[str, Any], key: str, where: str) -> object:
    if key not in record:
        hint = did_you_mean(key, record, found="; is it {!r}?")
        raise SuiteError(f"{where}: {key!r} is missing{hint}")
    return record[key]


def _digest(dialogues: tuple[Dialogue, ...]) -> str:
    content = [[d.id, [[m.role, m.content] for m in d.messages]] for d in dialogues]
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
