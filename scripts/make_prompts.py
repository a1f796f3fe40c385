"""Freeze the built-in tutoring prompts: dialogues of held-out practice problems.

Do this only on purpose: the suite's hash changes, and drift measured before can't be compared with
drift measured after.
"""

import json
from itertools import islice
from pathlib import Path

from llmq.practice.dialogues import dialogues
from llmq.practice.topics import Split

PROMPTS = Path(__file__).parent.parent / "eval" / "llmq_eval" / "prompts" / "tutoring.jsonl"
SEED = 20_261
COUNT = 80


def main() -> None:
    """Write the file."""
    write_suite(PROMPTS, seed=SEED, count=COUNT)
    print(f"{PROMPTS}: {COUNT} dialogues")


def write_suite(path: Path, *, seed: int, count: int) -> None:
    """Write a suite of held-out practice dialogues."""
    lines = [
        json.dumps(
            {
                "id": f"practice-{number:03}",
                "source": f"llmq.practice, held out, seed {seed}",
                "subject": dialogue.problem.topic,
                "messages": dialogue.messages(),
            },
            ensure_ascii=False,
        )
        for number, dialogue in enumerate(islice(dialogues(seed, Split.HELD_OUT), count))
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
