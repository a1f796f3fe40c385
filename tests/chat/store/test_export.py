"""A session as Markdown, JSON and HTML: all of it there, none of it obeyed."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from llmq.chat.store import SessionRecord, StoredTurn
from llmq.chat.store.export import exported
from llmq.errors import StoreError

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> <img src=x onerror="alert(2)"> & \x1b[31m\u202e**Tutor**\n# no'
RECORD = SessionRecord(1, 'fractions "<b>"', "tutor.gguf", "socratic", "built-in", AT, AT, 3)
TURNS = [
    StoredTurn(1, "user", "", "Is it 3/4?\n\nI think so.", AT),
    StoredTurn(2, "assistant", "hint", HOSTILE, AT),
    StoredTurn(3, "<remark>", "", "cut short", AT),
]


class Page(HTMLParser):
    """The tags, their attributes and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_runs_and_fetches_nothing() -> None:
    page = exported(RECORD, TURNS, "html")
    read = Page(page)
    assert not {"script", "img", "link", "iframe", "b", "a"} & set(read.tags)
    assert not {"src", "href", "onerror", "onclick"} & set(read.attributes)
    assert "default-src 'none'" in page
    assert "<script>alert(1)</script>" in read.text, "it is text"
    assert "Is it 3/4?\n\nI think so." in read.text
    assert not {"\x1b", "\u202e"} & set(page)
    assert read.tags.count("section") == 3


def test_markdown_lets_no_text_pass_for_another_turn() -> None:
    text = exported(RECORD, TURNS, "md")
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("#")] == ['# fractions "<b>"']
    assert [line.split("**")[1] for line in lines if line.startswith("**")] == [
        "Student",
        "Tutor",
        "Note",
    ]
    assert "> Is it 3/4?\n>\n> I think so." in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_json_holds_everything() -> None:
    read = json.loads(exported(RECORD, TURNS, "json"))
    assert read["session"]["name"] == RECORD.name
    assert read["session"]["begun"] == AT.isoformat()
    assert [turn["role"] for turn in read["turns"]] == ["user", "assistant", "<remark>"]
    assert read["turns"][0]["text"] == TURNS[0].text
    assert "\x1b" not in read["turns"][1]["text"]


def test_another_form_is_refused_with_those_there_are() -> None:
    with pytest.raises(StoreError, match="'pdf': name one of md, json, html"):
        exported(RECORD, TURNS, "pdf")
