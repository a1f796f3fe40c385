"""Devices: how much memory they have, and how much of it a model may take."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from llmq.errors import DeviceError
from llmq.spelling import did_you_mean

ROOMY = 0.85  # what is below this share of the usable memory leaves room for what the app adds
LEAST_BYTES = 10**8  # what has less runs no chat: a number without its unit
SHARE = 0.5  # of a device of which nothing but its memory is known: a rule of thumb


@dataclass(frozen=True)
class Device:
    """A device; sizes in bytes."""

    name: str
    words: str
    total: int
    usable: int

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
    return {
        name: Device(name, row["words"], row["total_mb"] * 10**6, row["usable_mb"] * 10**6)
        for name, row in table.items()
    }


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
