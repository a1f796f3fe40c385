"""A session as a document to keep or hand in: Markdown, JSON, or a page of HTML."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from types import MappingProxyType

from llmq.chat.sanitize import sanitized
from llmq.chat.store.records import SessionRecord, StoredTurn
from llmq.errors import StoreError

NAMES = MappingProxyType({"user": "Student", "assistant": "Tutor"})
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }}
section {{ margin: 1rem 0; padding: .5rem 1rem; border-left: .25rem solid #888; }}
.student {{ border-color: #06c; }} .tutor {{ border-color: #080; }}
h2 {{ font-size: 1rem; margin: 0; }} time, .facts {{ color: #555; font-weight: normal; }}
p {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0; }}
</style>
</head>
<body>
<h1 dir="auto">{title}</h1>
<p class="facts">{facts}</p>
{turns}
</body>
</html>
"""


def exported(record: SessionRecord, turns: Sequence[StoredTurn], form: str) -> str:
    """The session as text of `form`: "md", "json" or "html". Raises StoreError for another."""
    if form not in FORMS:
        raise StoreError(
            f"a session is not exported as {form[:20]!r}: name one of {', '.join(FORMS)}"
        )
    return FORMS[form](record, turns)


def _markdown(record: SessionRecord, turns: Sequence[StoredTurn]) -> str:
    """Every line of a turn is quoted, so that no text can pass for another one's turn."""
    parts = [f"# {_line(record.name)}", _facts(record)]
    for turn in turns:
        quoted = "\n".join(f"> {line}".rstrip() for line in sanitized(turn.text).split("\n"))
        parts.append(f"**{_name(turn)}** · {_minute(turn.at)}\n\n{quoted}")
    return "\n\n".join(parts) + "\n"


def _json(record: SessionRecord, turns: Sequence[StoredTurn]) -> str:
    facts = {
        "name": record.name,
        "model": record.model,
        "profile": record.profile,
        "course": record.course,
        "begun": record.begun.isoformat(),
        "used": record.used.isoformat(),
    }
    said = [
        {"role": t.role, "kind": t.kind, "text": sanitized(t.text), "at": t.at.isoformat()}
        for t in turns
    ]
    return json.dumps({"session": facts, "turns": said}, ensure_ascii=False, indent=2) + "\n"


def _html(record: SessionRecord, turns: Sequence[StoredTurn]) -> str:
    """One file that fetches nothing and runs nothing: its own policy forbids both."""
    sections = "\n".join(
        f'<section class="{_name(turn).lower()}"><h2>{_name(turn)} '
        f"<time>{_minute(turn.at)}</time></h2>"
        f'<p dir="auto">{escape(sanitized(turn.text))}</p></section>'
        for turn in turns
    )
    title, facts = escape(_line(record.name)), escape(_facts(record))
    return PAGE.format(title=title, facts=facts, turns=sections)


FORMS: MappingProxyType[str, Callable[[SessionRecord, Sequence[StoredTurn]], str]] = (
    MappingProxyType({"md": _markdown, "json": _json, "html": _html})
)


def _facts(record: SessionRecord) -> str:
    facts = (record.model, record.profile, record.course, f"begun {_minute(record.begun)}")
    return " · ".join(_line(fact) for fact in facts if fact)


def _name(turn: StoredTurn) -> str:
    return NAMES.get(turn.role, "Note")


def _line(text: str) -> str:
    return " ".join(sanitized(text).split())


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
