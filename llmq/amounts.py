"""Amounts of bytes and of processes, as people write and read them."""

import argparse
import os
import re

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}


def size_argument(text: str) -> int:
    """`500M`, `2GB`, `1.5GiB` or a plain number as bytes, for argparse."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMG]I?)?B?", text.strip().upper())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500M or 2GB")
    return int(float(match[1]) * UNITS[match[2] or ""])


def jobs_argument(text: str) -> int:
    """A number of processes, at least one, for argparse."""
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 256")
    return int(text)


def cores() -> int:
    """The cores this process may use; os.sched_getaffinity is absent on macOS and Windows."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def shown(size: int) -> str:
    """A size in bytes with a decimal unit: `532 B`, `18.4 kB`, `1.2 GB`."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError
