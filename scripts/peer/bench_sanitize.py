"""Measure how fast text of a model is made safe to print.

    scripts/bench sanitize [--megabytes 4]

Each kind of text is fed in large pieces and in pieces of a token's size; of five runs the median is
shown. What comes out has to be what went in, but for the text that holds control sequences.
"""

# ruff: noqa: RUF001  # letters of other scripts are meant

import argparse
import time
from statistics import median

from llmq.chat.sanitize import Sanitizer
from llmq.verbs.tables import aligned

KINDS = {
    "English": "What is 3/4 of 20? Think of one quarter first, then take three of them.\n",
    "mathematics": "x² ≤ ½·π, so √(3/4) ≈ 0.866 for every x in the set\n",
    "Russian": "Сколько будет три четверти от двадцати? Подумай о четверти.\n",
    "Chinese": "四分之三乘二十等于多少？先想一想四分之一是多少。\n",
    "Arabic": "كم يساوي ثلاثة أرباع العشرين؟ فكّر في الربع أولاً.\n",
    "Hindi": "बीस का तीन चौथाई कितना होता है? पहले एक चौथाई सोचो।\n",
    "emoji": "Yes 👩‍🏫, that is right! 👍🏽 Now take three of them ❤️\n",
    "control sequences": "a \x1b[31mred\x1b[0m fox \x1b]0;title\x07 jumps over the lazy dog\n",
}
SIZES = (65536, 4)
RUNS = 5


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=4, help="of text, for each kind")
    n_bytes = parser.parse_args().megabytes * 1_000_000
    rows = [("text", *(f"MB/s by {size} bytes" for size in SIZES), "came out")]
    for kind, line in KINDS.items():
        data = (line * (n_bytes // len(line.encode()))).encode()
        same = fed(data, SIZES[0]) == data.decode()
        speeds = (median(speed(data, size) for _ in range(RUNS)) for size in SIZES)
        rows.append((kind, *(f"{s:.1f}" for s in speeds), "unchanged" if same else "cleaned"))
    for row in aligned(rows, "<>><"):
        print(row)
    return 0


def speed(data: bytes, size: int) -> float:
    """MB/s in pieces of this size."""
    begun = time.perf_counter()
    fed(data, size)
    return len(data) / 1e6 / (time.perf_counter() - begun)


def fed(data: bytes, size: int) -> str:
    """What comes out of `data` in pieces of this size."""
    sanitizer = Sanitizer()
    pieces = [sanitizer.feed(data[i : i + size]) for i in range(0, len(data), size)]
    return "".join(pieces) + sanitizer.finish()


if __name__ == "__main__":
    raise SystemExit(main())
