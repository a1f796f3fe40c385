"""Freeze the built-in prompts that are generated: dialogues and items of held-out problems.

    scripts/make-prompts
    scripts/make-prompts -o measuring.jsonl --seed 20272 --count 2000
    scripts/make-prompts -o calibration.jsonl --seed 20273 --count 600 --split training

Without an output it is the built-in suites `tutoring` and `practice`. Do this only on purpose:
their hashes change, and drift measured before can't be compared with drift measured after.

With one it is a suite of dialogues of its own, such as one to calibrate the bundled tutor on and
one to measure it on. That tutor learned from seed 1 and from seeds of a million on, and never saw a
problem of the held-out split; calibrate on problems of the training split, and nothing is measured
on what was calibrated on.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from llmq.practice.dialogues import dialogues
from llmq.practice.topics import Split
from llmq_peer.practice_items import N_DIALOGUES, TUTORING_SEED, practice_items

PROMPTS = Path(__file__).parent.parent / "eval" / "llmq_eval" / "prompts"
NAMES = {Split.HELD_OUT: "held out", Split.TRAINING: "training"}
BUILTIN = (TUTORING_SEED, N_DIALOGUES, Split.HELD_OUT)


def main() -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--seed", type=int, default=TUTORING_SEED)
    parser.add_argument("--count", type=int, default=N_DIALOGUES)
    parser.add_argument("--split", type=Split, choices=list(Split), default=Split.HELD_OUT)
    arguments = parser.parse_args()
    chosen = {"seed": arguments.seed, "count": arguments.count, "split": arguments.split}
    if arguments.output is None and tuple(chosen.values()) != BUILTIN:
        parser.error("the built-in suites are always the same: name an --output for another one")
    output = arguments.output or PROMPTS / "tutoring.jsonl"
    write_suite(output, **chosen)
    print(f"{output}: {arguments.count} dialogues")
    if arguments.output is None:
        items = list(practice_items())
        _write(PROMPTS / "practice.jsonl", items)
        print(f"{PROMPTS / 'practice.jsonl'}: {len(items)} items")
    return 0


def write_suite(path: Path, *, seed: int, count: int, split: Split = Split.HELD_OUT) -> None:
    """Write a suite of practice dialogues, of held-out problems unless told otherwise."""
    source = f"llmq.practice, {NAMES[split]}, seed {seed}"
    _write(
        path,
        (
            {
                "id": f"practice-{number:03}",
                "source": source,
                "license": "MIT",
                "subject": dialogue.problem.topic,
                "answer": str(dialogue.problem.key),
                "messages": dialogue.messages(),
            }
            for number, dialogue in enumerate(islice(dialogues(seed, split), count))
        ),
    )


def _write(path: Path, records: Iterable[dict[str, Any]]) -> None:
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
