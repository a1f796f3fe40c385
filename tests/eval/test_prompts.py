"""The built-in prompts: as many and as mixed as eval/README.md says."""

import json
from pathlib import Path

from llmq_eval.drift import builtin_suite

PROMPTS = "eval/llmq_eval/prompts/tutoring.jsonl"


def test_they_are_dialogues_that_end_with_the_tutor() -> None:
    suite = builtin_suite()
    assert suite.name == "tutoring"
    assert 60 <= len(suite.dialogues) <= 100
    for dialogue in suite.dialogues:
        roles = [m.role for m in dialogue.messages if m.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2), dialogue.id
        assert all(m.content.strip() == m.content != "" for m in dialogue.messages), dialogue.id


def test_most_are_practice_and_some_are_hand_written(repository: Path) -> None:
    lines = (repository / PROMPTS).read_text(encoding="utf-8").splitlines()
    sources = [json.loads(line)["source"] for line in lines]
    hand_written = sources.count("hand-written")
    assert 20 <= hand_written < len(sources) / 2
    assert all(s == "hand-written" or "held out" in s for s in sources)
