"""Devices: how much memory they have, how much of it a model may take, and how fast a chat is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from llmq.errors import DeviceError
from llmq.spelling import did_you_mean

ROOMY = 0.85  # what is below this share of the usable memory leaves room for what the app adds
LEAST_BYTES = 10**8  # what has less runs no chat: a number without its unit
SHARE = 0.5  # of a device of which nothing but its memory is known: a rule of thumb


@dataclass(frozen=True)
class Pace:
    """What a chat should keep to: the largest file, the longest waits, the slowest reply."""

    file_bytes: int
    load_s: float
    first_token_s: float
    tokens_per_s: float


@dataclass(frozen=True)
class Device:
    """A device; sizes in bytes. `pace` is None where nothing but its memory is known."""

    name: str
    words: str
    total: int
    usable: int
    pace: Pace | None = None

    def verdict(self, needed: int | None) -> str:
        """Whether a model that needs so many bytes runs on it, in a word or two."""
        if needed is None:
            return "unknown"
        if needed > self.usable:
            return "too large"
        return "fits" if needed <= self.usable * ROOMY else "tight"


@cache
def devices() -> Mapping[str, Device]:
    """The profiles of llmq/devices.toml by name."""
    table = tomllib.loads((files("llmq") / "devices.toml").read_text(encoding="utf-8"))
    rows = {name: row for name, row in table.items() if isinstance(row, dict)}
    every = {name: value for name, value in table.items() if name not in rows}
    return {name: _device(name, {**every, **row}) for name, row in rows.items()}


def _device(name: str, row: Mapping[str, Any]) -> Device:
    file_bytes, total, usable = (row[f"{n}_mb"] * 10**6 for n in ("file", "total", "usable"))
    pace = Pace(file_bytes, row["load_s"], row["first_token_s"], row["tokens_per_s"])
    return Device(name, row["words"], total, usable, pace)


def device_named(name: str) -> Device:
    """The profile of this name; `DeviceError` lists them."""
    device = devices().get(name.lower())
    if device is None:
        known = f"known are {', '.join(devices())}"
        hint = did_you_mean(name.lower(), devices(), n=3, otherwise=known, cutoff=0.4)
        raise DeviceError(f"there is no device {name!r}; {hint}")
    return device


def device_with(total: int) -> Device:
    """A device of which nothing but its memory is known: half of it is taken to be usable."""
    if total < LEAST_BYTES:
        raise DeviceError(
            f"a device with {total} bytes of memory runs nothing; say 4GB or the like"
        )
    return Device("", "half of the memory you named", total, int(total * SHARE))
