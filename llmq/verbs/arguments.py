"""Values on the command line: amounts of bytes, processes, threads, tokens and anything else."""

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
    return _whole(text, "a number of processes", least=1, most=256)


def threads_argument(text: str) -> int:
    """A number of threads, at least one, for argparse."""
    return _whole(text, "a number of threads", least=1, most=256)


def context_argument(text: str) -> int:
    """A context in tokens that holds something to score, for argparse."""
    return _whole(text, "a number of tokens", least=4, most=2**31 - 1)


def count_argument(text: str) -> int:
    """How many, at least one, for argparse."""
    return _whole(text, "a number", least=1, most=2**31 - 1)


def _whole(text: str, what: str, *, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text[:20]) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} from {least} to {most}")
    return int(text)
