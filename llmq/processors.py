"""How many processors there are to use."""

import os


def cores() -> int:
    """The cores this process may use; os.sched_getaffinity is absent on macOS and Windows."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
