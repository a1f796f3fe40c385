"""Values on the command line: names, amounts of bytes, processes, threads, tokens and the like.

Each function is a `type` for argparse; what it raises says in words what was wanted.
"""

import argparse
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from llmq.errors import LlmqError
from llmq.sources.hub.ids import hub_id
from llmq.spelling import did_you_mean

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}

LEAST_PART = 10**3  # bytes; fewer are meant in another unit, and would make a file of each tensor

Value = TypeVar("Value")


def read_by(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """`read`, where what it raises is wrong usage: a name that is none, an unreadable pattern."""

    def reading(text: str) -> Value:
        try:
            return read(text)
        except LlmqError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return reading


def one_of(names: Collection[str], what: str) -> Callable[[str], str]:
    """One of these names."""

    def reading(text: str) -> str:
        if text in names:
            return text
        known = f"known are {', '.join(names)}"
        hint = did_you_mean(text.lower(), names, otherwise=known, cutoff=0.5)
        raise argparse.ArgumentTypeError(f"there is no {what} {text!r}; {hint}")

    return reading


def size_argument(text: str) -> int:
    """`500M`, `2GB`, `1.5GiB` or a plain number as bytes."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMG]I?)?B?", text.strip().upper())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500M or 2GB")
    return int(float(match[1]) * UNITS[match[2] or ""])


def part_argument(text: str) -> int:
    """A size that a part of a model can have."""
    size = size_argument(text)
    if size < LEAST_PART:
        raise argparse.ArgumentTypeError(f"{text!r} is too small for a file; take such as 2G")
    return size


def jobs_argument(text: str) -> int:
    """A number of processes, at least one."""
    return whole(text, "a number of processes", least=1, most=256)


def threads_argument(text: str) -> int:
    """A number of threads, at least one."""
    return whole(text, "a number of threads", least=1, most=256)


def context_argument(text: str) -> int:
    """A context in tokens that holds something to score."""
    return whole(text, "a number of tokens", least=4, most=2**31 - 1)


def count_argument(text: str) -> int:
    """How many, at least one."""
    return whole(text, "a whole number", least=1, most=2**31 - 1)


def seed_argument(text: str) -> int:
    """What a row of random numbers starts from, as llama.cpp takes it: 32 bits."""
    return whole(text, "a whole number", least=0, most=2**32 - 1)


def temperature_argument(text: str) -> float:
    """How far a chat may stray from the likeliest word."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 5, such as 0.7")
    return value


def lora_argument(text: str) -> tuple[Path, float]:
    """An adapter's folder and what it is multiplied with; a folder that is so called wins.

    >>> folder, scale = lora_argument("my-lora=0.5")
    >>> folder.name, scale
    ('my-lora', 0.5)
    """
    name, equals, scale = text.rpartition("=")
    if not equals or Path(text).exists():
        return model_argument(text), 1.0
    if not re.fullmatch(r"-?\d{1,9}(?:\.\d{1,9})?", scale):
        raise argparse.ArgumentTypeError(f"{text}: {scale!r} is not a scale such as 0.5")
    if not float(scale):
        raise argparse.ArgumentTypeError(f"a scale of 0 takes nothing of {name}; leave it out")
    return model_argument(name), float(scale)


def model_argument(text: str) -> Path:
    """A path or a model of the hub. `./name` is never the hub's, which a `Path` would forget."""
    meant = hub_id(Path(text))
    if meant and not hub_id(text):
        raise argparse.ArgumentTypeError(f"there is no {text}; the hub's is typed as {meant}")
    return Path(text)


def whole(text: str, what: str, *, least: int, most: int) -> int:
    """A whole number in a range; `what` it is, in words."""
    if not text.isdecimal() or not least <= int(text[:20]) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} from {least} to {most}")
    return int(text)
