"""Freeze the built-in tutoring prompts: dialogues of held-out practice problems, then hand-written ones.

The hand-written lines of the file stay as they are; the others are made anew from the seed. Do this
only on purpose: the suite's hash changes, and drift measured before can't be compared with drift
measured after.
"""

import json
from itertools import islice
from pathlib import Path

from llmq.practice.dialogues import dialogues
from llmq.practice.topics import Split

PROMPTS = Path(__file__).parent.parent / "eval" / "llmq_eval" / "prompts" / "tutoring.jsonl"
SEED = 20_261
N_PRACTICE = 64
HAND_WRITTEN = "hand-written"


def main() -> None:
    """Write the file."""
    lines = PROMPTS.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["source"] == HAND_WRITTEN]
    made = [
        json.dumps(
            {
                "id": f"practice-{number:03}",
                "source": f"llmq.practice, held out, seed {SEED}",
                "subject": dialogue.problem.topic,
                "messages": dialogue.messages(),
            },
            ensure_ascii=False,
        )
        for number, dialogue in enumerate(islice(dialogues(SEED, Split.HELD_OUT), N_PRACTICE))
    ]
    PROMPTS.write_text("\n".join([*made, *kept]) + "\n", encoding="utf-8", newline="\n")
    print(f"{PROMPTS}: {len(made)} of practice, {len(kept)} hand-written")


if __name__ == "__main__":
    main()
