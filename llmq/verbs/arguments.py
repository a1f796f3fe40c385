"""Values on the command line that several verbs take: amounts of bytes and of processes."""

import argparse
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
