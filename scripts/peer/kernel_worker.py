"""Run the kernels of one checkout when asked: a process at either end of `kernels_against`.

Each line of standard input is a cell in JSON, [format, work, with importance], each line of
standard output the seconds that a call took; the first line lists the cells that there are. The
checkout is the one on the path, and may be an older one: what was called otherwise there is looked
up here.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import llmq_kernels
from scripts.peer.kernel_weights import SECONDS, importance, weights

KERNELS: Any = llmq_kernels
FORMATS: Any = KERNELS.FORMATS
ENCODER, KEYWORD = (
    (KERNELS.Encoder, "encoder") if hasattr(KERNELS, "Encoder") else (KERNELS.Strategy, "strategy")
)

Cell = tuple[str, str, bool]


def main() -> None:
    print(json.dumps(cells()), flush=True)
    for line in sys.stdin:
        print(seconds_of(work_of(*json.loads(line))), flush=True)


def cells() -> list[Cell]:
    """Every format that quantizes, with each encoder that it has, with and without importance."""
    found: list[Cell] = []
    for name, fmt in FORMATS.items():
        if fmt.block > 1:
            searched = (
                "search" in fmt.encoders if hasattr(fmt, "encoders") else fmt.searcher is not None
            )
            works = ["ggml", *(["search"] if searched else [])]
            found += [(name, work, given) for work in works for given in (False, True)]
            found += [(name, "decode", False)]
    return found


def work_of(name: str, work: str, given: bool) -> Callable[[], object]:
    """One call of a kernel."""
    if work == "decode":
        return partial(FORMATS[name].decode, blocks_of(name))
    row = importance() if given else None
    return partial(FORMATS[name].encode, weights(), row, **{KEYWORD: ENCODER(work)})


@cache
def blocks_of(name: str) -> Any:
    """The weights in this format."""
    return work_of(name, "ggml", given=False)()


def seconds_of(work: Callable[[], object]) -> float:
    """What one call takes, over as many calls as fill SECONDS."""
    calls, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        work()
        calls += 1
    return elapsed / calls


if __name__ == "__main__":
    main()
