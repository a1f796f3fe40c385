"""The table of `llmq recipes` for one model: a row for each file, three choices, what to type."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llmq import defaults
from llmq.advice import BALANCED, MARKS, Mark, beside, marked
from llmq.devices import Device
from llmq.errors import printable
from llmq.memory import Memory, memory_to_run
from llmq.plan import Plan
from llmq.recipes.known_drift import KnownDrift, Measured
from llmq.runtime.how import CHAT
from llmq.verbs.paths import typed
from llmq.verbs.tables import aligned, shown, terminal_width, wrapped

FITS = ("fits", "tight")


@dataclass(frozen=True)
class Row:
    """What is known of one file before it is made."""

    recipe: str
    n_bytes: int
    bits_per_weight: float
    memory: Memory | None
    drift: KnownDrift | None


def row_of(plan: Plan, context: int, measured: Measured, *, cache_type: str) -> Row:
    """What a plan says of its file."""
    drift = measured.by_recipe.get(plan.recipe.name)
    memory = memory_to_run(plan, context, cache_type=cache_type)
    return Row(plan.recipe.name, plan.n_bytes, plan.bits_per_weight, memory, drift)


@dataclass(frozen=True)
class Report:
    """The files of one model, for one device or none."""

    path: Path
    plan: Plan
    context: int
    device: Device | None
    measured: Measured
    rows: Sequence[Row]
    cache_type: str = CHAT.cache_type

    @property
    def marks(self) -> dict[str, Mark]:
        """The recipes that are the choice for something."""
        return marked({row.recipe: row.n_bytes for row in self.rows}, self.measured)

    def fits(self, row: Row) -> str:
        """Whether this file runs on the device."""
        if self.device is None:
            return ""
        return self.device.verdict(row.memory.total if row.memory else None)

    @property
    def kept(self) -> Row | None:
        """The file that keeps the codes in which the model was published, if it was in any."""
        source = self.plan.source
        return next(
            (row for row in self.rows if source.codes and row.recipe == source.usual_recipe), None
        )

    @property
    def choice(self) -> str | None:
        """The recipe of the command at the end: the closest marked one up to balanced that fits.

        Where rows fit no block, every file is as large as the others, and close is the only mark.
        """
        kept, by_name = self.kept, {row.recipe: row for row in self.rows}
        if kept is not None and self.fits(kept) != "too large":
            return kept.recipe
        marks = self.marks
        order = [name for name, mark in marks.items() if mark is not MARKS[-1]] or [*marks]
        running = [name for name in order if self.fits(by_name[name]) != "too large"]
        if running:
            return running[-1]
        if self.device is None and not order:
            return defaults.RECIPE if defaults.RECIPE in by_name else self.rows[-1].recipe
        return None

    @property
    def command(self) -> str | None:
        """What to type."""
        option = " --allow-requantize" * self.plan.source.is_quantized
        return self.choice and f"llmq convert {typed(self.path)} --recipe {self.choice}{option}"

    def as_json(self) -> dict[str, Any]:
        """The report for machines; sizes in bytes."""
        marks = self.marks
        rows = [
            {
                "recipe": row.recipe,
                "bytes": row.n_bytes,
                "bits_per_weight": round(row.bits_per_weight, 4),
                "memory": row.memory and {**asdict(row.memory), "total": row.memory.total},
                "fits": self.fits(row) or None,
                "mark": marks[row.recipe].name if row.recipe in marks else None,
                "drift": row.drift and asdict(row.drift),
            }
            for row in self.rows
        ]
        return {
            "model": str(self.path),
            "weights": self.plan.n_weights,
            "context": self.context,
            "cache_type": self.cache_type,
            "device": self.device and asdict(self.device),
            "drift_measured_on": self.measured.on,
            "recipes": rows,
            "command": self.command,
        }

    def print(self) -> None:
        """The report for people."""
        width = terminal_width(sys.stdout)
        for paragraph in (self._head(), None, *self._after()):
            if paragraph is None:
                print()
                print(*aligned([*self._cells()], self._sides, width), sep="\n")
                print()
            else:
                print(*wrapped(printable(paragraph), width), sep="\n")

    def _head(self) -> str:
        where = ""
        kept = "" if self.cache_type == CHAT.cache_type else f", kept as {self.cache_type}"
        if self.device:
            name = self.device.name or f"a device with {shown(self.device.total)}"
            where = f", on {name} ({self.device.words}: {shown(self.device.usable)} for the tutor)"
        return (
            f"{self.plan.name}: {self.plan.n_weights:,} weights; memory is that of a chat of"
            f" {self.context} tokens{kept}{where}"
        )

    @property
    def _sides(self) -> str:
        return "<>>>" + "<" * bool(self.device) + ">~"

    def _cells(self) -> Iterator[tuple[str, ...]]:
        """The rows of the table."""
        verdict = ("on it",) if self.device else ()
        yield "recipe", "size", "bits per weight", "memory", *verdict, "same top token", "choice"
        marks = self.marks
        for row in self.rows:
            yield (
                row.recipe,
                shown(row.n_bytes),
                f"{row.bits_per_weight:.2f}",
                shown(row.memory.total) if row.memory else "unknown",
                *((self.fits(row),) if self.device else ()),
                same_top(row.drift),
                marks[row.recipe].name if row.recipe in marks else "",
            )

    def _after(self) -> Iterator[str]:
        """What the table means, and what to type."""
        for name, mark in self.marks.items():
            fits = {row.recipe: self.fits(row) for row in self.rows}[name]
            words = f"{mark.words}{self._beside_balanced(name)}"
            yield f"{mark.name}: {name}, {'too large here' if fits == 'too large' else words}"
        yield (
            f"same top token: how often, of 100 tokens (words or pieces of them), the file's likeliest"
            f" next one was the original's. Measured on {self.measured.on}; larger models are"
            " said to be moved less: take it as a ranking, and measure yours with llmq drift"
        )
        if self.kept:
            yield (
                f"{self.kept.recipe} keeps the codes that this checkpoint holds, and others of fewer"
                " than 16 bits round them again: it is closer to the checkpoint than the table says"
            )
        if any(self.fits(row) == "tight" for row in self.rows):
            yield "tight: it runs, with little room for what else the app keeps in memory"
        if any(row.memory is None for row in self.rows):
            yield "memory: not known for models of this kind; it is more than the size of the file"
        if self.command:
            yield f"type: {self.command}"
        else:
            yield from self._nothing_fits()

    def _beside_balanced(self, recipe: str) -> str:
        """How a marked recipe compares with the balanced one."""
        other = next((name for name, mark in self.marks.items() if mark is BALANCED), recipe)
        if other == recipe:
            return ""
        sizes = {row.recipe: row.n_bytes for row in self.rows}
        size, distance = beside(recipe, other, sizes, self.measured)
        return f": {size}, {distance} the original where measured"

    def _nothing_fits(self) -> Iterator[str]:
        """What to do where neither the small nor the balanced file runs on the device."""
        running = [row for row in self.rows if self.fits(row) in FITS]
        if running:
            best = min(running, key=lambda row: row.drift.kl_nats if row.drift else 99.0)
            yield (
                f"only files run there that are far from the original, {best.recipe} the closest:"
                " a smaller model, or a shorter --context, serves better"
            )
        else:
            yield "no file of this model runs there: take a smaller model, or a shorter --context"


def same_top(drift: KnownDrift | None) -> str:
    """How often the likeliest token was the original's."""
    return "" if drift is None else f"{100 * drift.same_top_rate:.0f} %"
