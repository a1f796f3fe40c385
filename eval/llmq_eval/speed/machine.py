"""This machine, as far as speed depends on it, and the memory of this process."""

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmq.processors import cores, others_at_work
from llmq.spelling import counted

CPU_INFO = Path("/proc/cpuinfo")
OWN_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Machine:
    """Its processor, the cores that we may use, and how many others computed when we looked."""

    processor: str
    system: str
    cores: int
    others_at_work: int

    @property
    def words(self) -> str:
        """The machine in a line.

        >>> Machine("Xeon", "Linux x86_64", 2, 1).words
        'Xeon, Linux x86_64, 2 cores, on which 1 other computes now: figures are worse for that'
        """
        others = self.others_at_work
        verb = "computes" if others == 1 else "compute"
        busy = f", on which {counted(others, 'other')} {verb} now: figures are worse for that"
        named = [self.processor, self.system, counted(self.cores, "core")]
        return ", ".join(filter(None, named)) + busy * bool(others)


def this_machine() -> Machine:
    """The machine now."""
    system = f"{platform.system()} {platform.machine()}"
    return Machine(_processor(), system, cores(), others_at_work())


def _processor() -> str:
    try:
        rows = [line.partition(":") for line in CPU_INFO.read_text().splitlines()]
    except OSError:
        rows = []
    names = (value.strip() for key, _, value in rows if key.strip() == "model name")
    return next(names, platform.processor())


def peak_bytes() -> int | None:
    """The most memory that was resident in this process; None where the system does not tell.

    Linux carries getrusage's figure over from the process that started this one; VmHWM begins anew.
    """
    if OWN_STATUS.exists():
        lines = OWN_STATUS.read_text().splitlines()
        sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
        return max(sizes, default=None)
    try:
        import resource
    except ImportError:  # not a POSIX system
        return None
    usage: Any = resource
    most: int = usage.getrusage(usage.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
