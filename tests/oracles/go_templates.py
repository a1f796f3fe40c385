"""Go's text/template, as much of it as our Modelfiles use, written after its documentation.

Where Go itself is installed, `with_go` runs it.
"""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llmq.suites import Message

PROGRAM = """\
package main

import (
	"encoding/json"
	"os"
	"text/template"
)

type Message struct{ Role, Content string }
type Values struct {
	System   string
	Messages []Message
}

func main() {
	source, _ := os.ReadFile(os.Args[1])
	text, _ := os.ReadFile(os.Args[2])
	var values Values
	if err := json.Unmarshal(text, &values); err != nil {
		panic(err)
	}
	if err := template.Must(template.New("").Parse(string(source))).Execute(os.Stdout, values); err != nil {
		panic(err)
	}
}
"""


def with_go(source: str, messages: Sequence[Message], folder: Path) -> str:
    """What Go's own template package writes; raises where Go is not installed."""
    (folder / "main.go").write_text(PROGRAM)
    (folder / "source").write_text(source, encoding="utf-8")
    (folder / "values").write_text(json.dumps(_values(messages)), encoding="utf-8")
    command = ["go", "run", "main.go", "source", "values"]
    return subprocess.check_output(command, cwd=folder, encoding="utf-8")


def rendered(source: str, messages: Sequence[Message]) -> str:
    """What it writes of `messages`, as Ollama gives them to it."""
    parts = re.split(r"\{\{ (.*?) \}\}", source)  # a text, an action, a text ...
    return "".join(_block(parts, 0, {"$": _values(messages)}, _values(messages), run=True)[0])


def _values(messages: Sequence[Message]) -> dict[str, Any]:
    """Ollama's values: the system texts in one, and all messages, these among them."""
    systems = [m.content for m in messages if m.role == "system"]
    turns = [{"Role": m.role, "Content": m.content} for m in messages]
    return {"System": "\n\n".join(systems), "Messages": turns}


def _block(
    parts: list[str], at: int, names: dict[str, Any], dot: Any, *, run: bool
) -> tuple[list[str], int]:
    """What stands from the text at `at` up to its else or end, and where that stands."""
    written: list[str] = []
    while True:
        if run:
            written.append(parts[at])
        if at + 1 == len(parts):
            return written, at
        action = parts[at + 1]
        if action == "end" or action.startswith("else"):
            return written, at
        at += 2
        if action.startswith("if "):
            inner, at = _choice(action[3:], parts, at, names, dot, run=run)
            written += inner
        elif action.startswith("range $i, $_ := .Messages"):
            after = at
            for index, turn in enumerate(names["$"]["Messages"] if run else []):
                inner, after = _block(parts, at, names | {"$i": index}, turn, run=True)
                written += inner
            at = after if after != at else _block(parts, at, names, dot, run=False)[1]
            at += 2
        elif action.startswith("$last := "):
            names["$last"] = run and _value(action[9:], names, dot)
        elif run:
            written.append(str(_value(action, names, dot)))


def _choice(
    condition: str, parts: list[str], at: int, names: dict[str, Any], dot: Any, *, run: bool
) -> tuple[list[str], int]:
    """What an `if` writes, and where the text behind its `end` stands."""
    holds = run and bool(_value(condition, names, dot))
    written, at = _block(parts, at, names, dot, run=holds)
    action = parts[at + 1]
    if action == "end":
        return written, at + 2
    otherwise = run and not holds
    if action.startswith("else if "):
        rest, at = _choice(action[8:], parts, at + 2, names, dot, run=otherwise)
        return written + rest, at
    rest, at = _block(parts, at + 2, names, dot, run=otherwise)
    return written + rest, at + 2


def _value(expression: str, names: dict[str, Any], dot: Any) -> Any:
    if expression == "eq (len (slice $.Messages $i)) 1":
        return len(names["$"]["Messages"][names["$i"] :]) == 1
    if match := re.fullmatch(r'eq \.Role "(\w+)"', expression):
        return dot["Role"] == match[1]
    if match := re.fullmatch(r"and (\S+) (\S+)", expression):
        return _value(match[1], names, dot) and _value(match[2], names, dot)
    if expression.startswith("$."):
        return names["$"][expression[2:]]
    return dot[expression[1:]] if expression.startswith(".") else names[expression]
