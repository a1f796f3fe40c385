"""Chat templates: every place where there may be one, and what is said of several."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llmq.errors import TokenizerError
from llmq_peer.tokenizer_folders import read, read_noted, write


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edit one JSON file."""
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    write(path, value)


def test_chat_template_places(folder: Path) -> None:
    config, jinja = folder / "tokenizer_config.json", folder / "chat_template.jinja"

    def templates() -> dict[str, Any]:
        return {k: v for k, v in read(folder).items() if k.startswith("tokenizer.chat")}

    assert templates() == {}
    write(folder / "chat_template.json", {"chat_template": "old"})
    assert templates() == {"tokenizer.chat_template": "old"}
    change(config, lambda c: c.update(chat_template="é\n{{ bos_token }}"))
    assert templates() == {"tokenizer.chat_template": "é\n{{ bos_token }}"}
    named = [("tool use", "T"), ("default", "D"), ("rag", "R")]
    change(
        config,
        lambda c: c.update(chat_template=[{"name": n, "template": t} for n, t in named]),
    )
    assert list(templates().items()) == [
        ("tokenizer.chat_template.tool_use", "T"),
        ("tokenizer.chat_template.rag", "R"),
        ("tokenizer.chat_templates", ["tool_use", "rag"]),
        ("tokenizer.chat_template", "D"),
    ]
    jinja.write_text("file", encoding="utf-8")
    assert templates() == {"tokenizer.chat_template": "file"}
    (folder / "additional_chat_templates").mkdir()
    for name in ("b", "a"):
        (folder / "additional_chat_templates" / f"{name}.jinja").write_text(name, encoding="utf-8")
    assert list(templates().items()) == [
        ("tokenizer.chat_template.a", "a"),
        ("tokenizer.chat_template.b", "b"),
        ("tokenizer.chat_templates", ["a", "b"]),
        ("tokenizer.chat_template", "file"),
    ]
    jinja.write_text("a\0b", encoding="utf-8")
    with pytest.raises(TokenizerError, match=r"U\+0000"):
        templates()
    jinja.write_bytes(b"\xff\xfe")
    with pytest.raises(TokenizerError, match="not UTF-8"):
        read(folder)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["default"], None),
        (["default", "tool_use", "rag"], "use the default chat template; beside it stand tool_use"),
        (["tool_use"], r"of the chat templates \(tool_use\) none is the default one"),
    ],
)
def test_which_template_is_used_is_said(folder: Path, names: list[str], said: str | None) -> None:
    entries = [{"name": name, "template": f"{{{{ '{name}' }}}}"} for name in names]
    change(folder / "tokenizer_config.json", lambda c: c.update(chat_template=entries))
    notes = [note for note in read_noted(folder).notes if "chat template" in note]
    assert len(notes) == (said is not None)
    assert all(re.search(said or "", note) for note in notes)
