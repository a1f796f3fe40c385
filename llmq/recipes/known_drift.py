"""How far each recipe has been measured to move a tutor: known_drift.toml, as a table.

scripts/measure-recipes writes that file. It is of one small tutor, and small models are said to
move most, so that the order of recipes is what it tells, and the numbers are rather too high than
too low.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from llmq.recipes.choose import Shapes

SUPERBLOCK = 256  # weights; what a row must be a multiple of for the recipes of K-quants
MOSTLY = 0.95


@dataclass(frozen=True)
class KnownDrift:
    """The mean divergence from the original, and how often the likeliest token stayed the same."""

    kl_nats: float
    same_top_rate: float


@dataclass(frozen=True)
class Measured:
    """All recipes on one kind of model, and on what that was measured."""

    on: str
    by_recipe: Mapping[str, KnownDrift]


@cache
def _table() -> Mapping[str, Measured]:
    text = (files("llmq.recipes") / "known_drift.toml").read_text(encoding="utf-8")
    return {
        kind: Measured(rows["on"], {name: KnownDrift(**row) for name, row in rows["drift"].items()})
        for kind, rows in tomllib.loads(text).items()
    }


def known_drift(shapes: Shapes) -> Measured:
    """What is known for a model of these shapes: with rows of whole superblocks, or without."""
    sizes = {True: 0, False: 0}
    for shape in shapes.values():
        if len(shape) > 1:
            n_weights = 1
            for size in shape:
                n_weights *= size
            sizes[shape[-1] % SUPERBLOCK == 0] += n_weights
    whole = sizes[True] >= MOSTLY * (sizes[True] + sizes[False])
    return _table()["whole" if whole else "odd"]
