"""Dialogues as people write them: turns under `messages` or as ShareGPT does, pairs of texts."""

from collections.abc import Sequence

from llmq.errors import SuiteError
from llmq.spelling import did_you_mean
from llmq.suites.fields import SHOWN, Record, brief, checked_text, field, label, text, written
from llmq.suites.items import Dialogue, Message

ROLES = ("system", "user", "assistant")
# What ShareGPT and its heirs call who speaks, under "from".
SPEAKERS = {"human": "user", "gpt": "assistant", "chatgpt": "assistant"} | {r: r for r in ROLES}


def read_turns(record: Record, where: str, *, key: str = "messages") -> Dialogue:
    """The dialogue whose turns are the list under `key`."""
    turns = field(record, key, where)
    if not isinstance(turns, list) or not turns:
        raise SuiteError(f"{where}: {key!r} must be a list of at least one turn")
    return _dialogue(record, [_turn(turn, i, where) for i, turn in enumerate(turns, 1)], where)


def read_pair(record: Record, where: str, *, asked: str, said: str, more: str = "") -> Dialogue:
    """One exchange: what the student asked and the tutor said; `more` is asked behind `asked`."""
    sides = (("user", asked), ("assistant", said))
    system = label(record, "system", where)
    messages = [Message("system", system)] if system else []
    for role, key in sides:
        value = field(record, key, where)
        if isinstance(value, list):  # turns in both
            start = len(messages) + 1
            messages += [_turn(turn, i, where) for i, turn in enumerate(value, start)]
            continue
        content = checked_text(value, key, where)
        behind = label(record, more, where) if role == "user" else ""
        messages.append(Message(role, f"{content}\n\n{behind}" if behind else content))
    return _dialogue(record, messages, where)


def _dialogue(record: Record, messages: Sequence[Message], where: str) -> Dialogue:
    late = [i for i, m in enumerate(messages, start=1) if m.role == "system" and i > 1]
    if late:
        raise SuiteError(f"{where}, turn {late[0]}: a system turn may only come first")
    key = record.get("answer")
    answer = "" if key is None else written(key, "answer", where)
    groups = label(record, "subject", where), label(record, "source", where)
    return Dialogue(text(record, "id", where), tuple(messages), *groups, answer)


def _turn(turn: object, number: int, where: str) -> Message:
    where = f"{where}, turn {number}"
    if not isinstance(turn, dict):
        raise SuiteError(f"{where}: an object with role and content is expected")
    if "from" in turn and "role" not in turn:
        role = SPEAKERS.get(named := text(turn, "from", where), named)
        content = text(turn, "value", where)
    else:
        role, content = text(turn, "role", where), _content(turn, where)
    if role not in ROLES:
        known = f"; known are {', '.join(ROLES)}"
        hint = did_you_mean(role[:SHOWN], ROLES, found="; did you mean {!r}?", otherwise=known)
        raise SuiteError(f"{where}: unknown role {brief(role)}{hint}")
    return Message(role, content)


def _content(turn: Record, where: str) -> str:
    """What was said; OpenAI's lists of parts are joined where all of them are text."""
    parts = turn.get("content")
    if isinstance(parts, list) and parts and all(isinstance(part, dict) for part in parts):
        return "".join(text(part, "text", where) for part in parts)
    return text(turn, "content", where)
