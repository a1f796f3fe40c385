"""How much memory this machine has left, and how much this process takes.

Read from the system itself, by its own means: no package is needed for two numbers. Where a system
does not tell, the answer is None, and nobody is refused anything.
"""

import ctypes
import sys
from pathlib import Path

MEMINFO, STATM = Path("/proc/meminfo"), Path("/proc/self/statm")
CGROUP = Path("/sys/fs/cgroup")  # of a container; in it version 2 has the files of its own group
# macOS presses and swaps what others do not use; what is free at a moment says little there.
MACOS_SHARE = 0.75
KILO = 1024


def available_bytes() -> int | None:
    """What a program may take now without others being swapped out; None where nobody tells."""
    free = _OF_SYSTEM.get(sys.platform, lambda: None)()
    limit = _left_in_group()
    known = [number for number in (free, limit) if number is not None]
    return min(known) if known else None


def process_bytes() -> int | None:
    """What this process holds in memory; where only that is told, the most it has held so far."""
    try:
        if sys.platform == "linux":
            import resource

            return int(STATM.read_text().split()[1]) * resource.getpagesize()
        if sys.platform == "win32":
            return _windows_process()
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * KILO  # getrusage(2) of each
    except (OSError, ValueError, IndexError):
        return None


def _linux() -> int | None:
    try:
        lines = MEMINFO.read_text().splitlines()
        found = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(found.split()[1]) * KILO
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _left_in_group() -> int | None:
    """What the limit of a container leaves; files that are cached in it can go (memory.stat)."""
    try:
        limit = int((CGROUP / "memory.max").read_text())  # "max" where there is none
        used = int((CGROUP / "memory.current").read_text())
        kept = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
        return max(0, limit - used + int(kept.get("inactive_file", 0)))
    except (OSError, ValueError):
        return None


def _macos() -> int | None:
    size, room = ctypes.c_uint64(), ctypes.c_size_t(8)
    system = ctypes.CDLL(None)
    if system.sysctlbyname(b"hw.memsize", ctypes.byref(size), ctypes.byref(room), None, 0):
        return None
    return int(size.value * MACOS_SHARE)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of sysinfoapi.h."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("physical", "available", "page", "page_left")),
        *((name, ctypes.c_uint64) for name in ("virtual", "virtual_left", "extended_left")),
    )


class _ProcessMemory(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of psapi.h."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("faults", ctypes.c_uint32),
        *(
            (name, ctypes.c_size_t)
            for name in ("peak", "working_set", "a", "b", "c", "d", "e", "f")
        ),
    )


def _windows() -> int | None:
    if sys.platform != "win32":
        return None
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    told = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.available) if told else None


def _windows_process() -> int | None:
    if sys.platform != "win32":
        return None
    kernel, counters = ctypes.windll.kernel32, _ProcessMemory(length=ctypes.sizeof(_ProcessMemory))
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    told = kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.length)
    return int(counters.working_set) if told else None


_OF_SYSTEM = {"linux": _linux, "darwin": _macos, "win32": _windows}
