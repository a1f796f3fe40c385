"""The axis "device": what a file takes on this machine, held against the profile of a device.

Memory and size are the same on every machine of a kind. Times are this machine's: a device that is
slower takes longer, so that a PASS says only that the file is not too slow here. What is compared
is the worst of what was seen: the 95th percentile of the times to a first token, the 5th of tokens
per second, the longest loading, the highest peak.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from llmq.devices import Device, device_named
from llmq.errors import ModelError
from llmq_eval.speed.machine import this_machine
from llmq_eval.speed.measuring import Progress, measure_speeds
from llmq_eval.speed.values import Job, Speed, quantile

REPEATS = 3
DeviceRow = tuple[str, str, str, bool | None]  # title, measured, limit, whether it holds


def measure_device(
    quant: Path,
    device: str | None,
    job: Job,
    *,
    repeats: int = REPEATS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """What `Evidence.device` holds: the profile's name and the samples of every trial.

    Raises ModelError where the file does not run, DeviceError where there is no such device.
    """
    profile = device_named(device).name if device else None
    machine = asdict(this_machine())
    (found,) = measure_speeds([quant], job, repeats=repeats, progress=progress).values()
    if isinstance(found, ModelError):
        raise found
    return {"profile": profile, "machine": machine, "job": asdict(job), **_samples(found)}


def _samples(speed: Speed) -> dict[str, Any]:
    return {
        "file_bytes": speed.size_bytes,
        "load_s": speed.all_of("load_s"),
        "first_token_s": [*speed.all_of("cold_s"), *speed.all_of("fresh_s")],
        "warm_first_token_s": speed.all_of("warm_s"),
        "tokens_per_s": speed.all_of("rates"),
        "peak_bytes": speed.all_of("peak_bytes"),
        "joules_per_token": speed.figures["joules_per_token"],
        "remarks": sorted({trial.remark for trial in speed.trials if trial.remark}),
    }


class Held(NamedTuple):
    """A row: what of which samples is compared, and how it is written."""

    title: str
    samples: str
    worst: Callable[[Sequence[float]], float]
    unit: str
    scale: float = 1.0
    least: bool = False  # the limit is the least that will do, not the most


ROWS = (
    Held("size of the file", "file_bytes", max, "{:,.1f} MB", 1e-6),
    Held("memory at its peak", "peak_bytes", max, "{:,.1f} MB", 1e-6),
    Held("loading, here", "load_s", max, "{:.2f} s"),
    Held(
        "first token, here (95th percentile)",
        "first_token_s",
        lambda s: quantile(s, 0.95),
        "{:.2f} s",
    ),
    Held(
        "tokens per second, here (5th percentile)",
        "tokens_per_s",
        lambda s: quantile(s, 0.05),
        "{:.1f}",
        least=True,
    ),
)


def _limits(profile: Device | None) -> Mapping[str, float]:
    """By the name of the samples."""
    if profile is None or profile.pace is None:
        return {}
    return {**asdict(profile.pace), "peak_bytes": profile.usable}


def device_rows(device: Mapping[str, Any]) -> list[DeviceRow]:
    """The rows of the axis from recorded samples: title, measured, limit, and whether it holds.

    Whether it holds is None where nothing was measured, or where no device was named. Raises
    DeviceError where the record names a device that there is none of.
    """
    name = device.get("profile")
    profile = device_named(str(name)) if name else None
    limits = _limits(profile)
    rows = [_row(held, device, limits) for held in ROWS]
    joules = _numbers(device.get("joules_per_token"))
    if joules:  # told where it is known; no device has a limit for it
        rows.append(("energy per token, of the processor here", f"{joules[0]:.3g} J", "", True))
    return rows


def _row(held: Held, device: Mapping[str, Any], limits: Mapping[str, float]) -> DeviceRow:
    limit = limits.get(held.samples)
    sign = ">=" if held.least else "<="
    words = "no device named (--device)" if limit is None else f"{sign} {_written(held, limit)}"
    samples = _numbers(device.get(held.samples))
    if not samples:
        return (held.title, "not measured", words, None)
    value = held.worst(samples)
    holds = None if limit is None else (value >= limit if held.least else value <= limit)
    return (held.title, _written(held, value), words, holds)


def _written(held: Held, value: float) -> str:
    return held.unit.format(value * held.scale)


def _numbers(value: object) -> list[float]:
    """The samples, if every one is a number as it can be measured; else none."""
    values = value if isinstance(value, list | tuple) else [value]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    measurable = all(math.isfinite(number) and number >= 0 for number in numbers)
    return [*map(float, numbers)] if measurable and len(numbers) == len(values) else []
