"""How many processors there are to use, and how to leave them to others.

llama.cpp's threads wait for each other after every step of every layer: one that has to share its
core holds up all. On two cores a chat of two threads wrote 0.4 tokens a second beside a drift of
two threads, 54 once drift had stepped back, and 19 beside a drift of one thread (scripts/bench
chat, a tutor of 135 M weights). Between two terminals of a Linux desktop, whose sessions share the
machine evenly, stepping back changes little; there it is the free cores that count.
"""

import os
import time
from pathlib import Path
from statistics import median

LOAD = Path("/proc/loadavg")  # of Linux: its fourth word is "running/all", at this moment
SAMPLES, PAUSE_SECONDS = 5, 0.004
BACKGROUND = 10  # of 19 steps that a process can step back


def cores() -> int:
    """The cores this process may use; os.sched_getaffinity is absent on macOS and Windows."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def free_cores() -> int:
    """How many of them nobody else is computing on now, but at least half of them."""
    free = (os.cpu_count() or 1) - others_at_work()
    return max(min(cores(), free), cores() // 2, 1)


def step_back() -> None:
    """Let whoever else wants to compute go first, from now on (not on Windows).

    Linux with autogroups (`kernel.sched_autogroup_enabled`, usual on desktops) weighs priorities
    only within one terminal; a drift and a chat in two of them share the cores alike.
    """
    if hasattr(os, "nice"):
        os.nice(max(BACKGROUND - os.nice(0), 0))


def others_at_work() -> int:
    """How many others compute, processes and threads; without /proc, on average over a minute."""
    try:
        counts = []
        for _ in range(SAMPLES):
            counts.append(int(LOAD.read_text().split()[3].partition("/")[0]) - 1)  # less this one
            time.sleep(PAUSE_SECONDS)
        return round(median(counts))
    except (OSError, ValueError, IndexError):
        return round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
