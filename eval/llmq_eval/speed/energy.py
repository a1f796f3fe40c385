"""The energy that the processor takes, where the machine tells it.

Linux counts it for Intel's and AMD's processors in micro-joules (powercap, "RAPL"): a counter for
each package, which starts again at `max_energy_range_uj`. It is readable to root alone since 2020
(CVE-2020-8694). It counts all that runs, and neither the memory nor the display.
"""

from collections.abc import Mapping
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
MICRO = 1e-6

Counters = Mapping[Path, int]


def counters(root: Path = POWERCAP) -> Counters:
    """Every package's counter; none where the machine does not tell."""
    found = {}
    for zone in sorted(root.glob("*:*")):
        try:
            if (zone / "name").read_text().startswith("package"):
                found[zone] = int((zone / "energy_uj").read_text())
        except (OSError, ValueError):  # not for us to read
            continue
    return found


def joules_between(before: Counters, after: Counters) -> float | None:
    """What was taken in between; None where that is not known."""
    if not before or before.keys() != after.keys():
        return None
    try:
        return MICRO * sum(_passed(zone, before[zone], after[zone]) for zone in before)
    except (OSError, ValueError):
        return None


def _passed(zone: Path, before: int, after: int) -> int:
    if after >= before:
        return after - before
    return after - before + int((zone / "max_energy_range_uj").read_text())
