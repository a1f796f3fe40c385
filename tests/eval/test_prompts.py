"""The built-in prompts: as many and as mixed as eval/README.md says."""

import json
from pathlib import Path

import pytest

from llmq_eval.drift import BUILTIN_SUITES, builtin_suite

SOURCES = {"tutoring": ("llmq.practice, held out", 80), "general": ("hand-written", 24)}


@pytest.mark.parametrize("name", BUILTIN_SUITES)
def test_they_are_dialogues_that_end_with_the_tutor(name: str) -> None:
    suite = builtin_suite(name)
    assert suite.name == name
    assert len(suite.dialogues) == SOURCES[name][1]
    for dialogue in suite.dialogues:
        roles = [m.role for m in dialogue.messages if m.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2), dialogue.id
        assert all(m.content.strip() == m.content != "" for m in dialogue.messages), dialogue.id


@pytest.mark.parametrize("name", BUILTIN_SUITES)
def test_where_they_come_from(repository: Path, name: str) -> None:
    path = repository / "eval" / "llmq_eval" / "prompts" / f"{name}.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["source"].startswith(SOURCES[name][0])
