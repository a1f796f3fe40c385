"""Freeze the built-in tutoring prompts: dialogues of held-out practice problems.

    scripts/make-prompts
    scripts/make-prompts -o measuring.jsonl --seed 20272 --count 2000
    scripts/make-prompts -o calibration.jsonl --seed 20273 --count 600 --split training

Without an output it is the built-in suite. Do this only on purpose: its hash changes, and drift
measured before can't be compared with drift measured after.

With one it is a suite of its own, such as one to calibrate the bundled tutor on and one to measure
it on. That tutor learned from seed 1 and from seeds of a million on, and never saw a problem of the
held-out split; calibrate on problems of the training split, and nothing is measured on what was
calibrated on.
"""

import argparse
import json
import sys
from itertools import islice
from pathlib import Path

from llmq.practice.dialogues import dialogues
from llmq.practice.topics import Split

PROMPTS = Path(__file__).parent.parent / "eval" / "llmq_eval" / "prompts" / "tutoring.jsonl"
SEED = 20_261
COUNT = 80
NAMES = {Split.HELD_OUT: "held out", Split.TRAINING: "training"}


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--split", type=Split, choices=list(Split), default=Split.HELD_OUT)
    arguments = parser.parse_args()
    chosen = {"seed": arguments.seed, "count": arguments.count, "split": arguments.split}
    if arguments.output is None and tuple(chosen.values()) != (SEED, COUNT, Split.HELD_OUT):
        parser.error("the built-in suite is always the same: name an --output for another one")
    write_suite(arguments.output or PROMPTS, **chosen)
    print(f"{arguments.output or PROMPTS}: {arguments.count} dialogues")
    return 0


def write_suite(path: Path, *, seed: int, count: int, split: Split = Split.HELD_OUT) -> None:
    """Write a suite of practice dialogues, of held-out problems unless told otherwise."""
    lines = [
        json.dumps(
            {
                "id": f"practice-{number:03}",
                "source": f"llmq.practice, {NAMES[split]}, seed {seed}",
                "subject": dialogue.problem.topic,
                "messages": dialogue.messages(),
            },
            ensure_ascii=False,
        )
        for number, dialogue in enumerate(islice(dialogues(seed, split), count))
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
