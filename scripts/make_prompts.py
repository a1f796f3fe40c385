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
    lines = [
        json.dumps(
            {
                "id": f"practice-{number:03}",
                "source": f"llmq.practice, held out, seed {SEED}",
                "subject": dialogue.problem.topic,
                "messages": dialogue.messages(),
            },
            ensure_ascii=False,
        )
        for number, dialogue in enumerate(islice(dialogues(SEED, Split.HELD_OUT), COUNT))
    ]
    PROMPTS.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{PROMPTS}: {COUNT} dialogues")


if __name__ == "__main__":
    main()
