"""Policies: what a file has to keep to, known by the hash of what they say, not of comments."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from llmq_eval.gate.evidence import Axis

LOCK_ALPHA = 0.01
EIGHT = 7  # bits per weight from which a recipe is held to what eight bits can do


@dataclass(frozen=True)
class Limit:
    """What a figure may be at most and at least, over all and in every subject."""

    at_most: float | None = None
    at_least: float | None = None
    at_most_in_subjects: float | None = None
    at_least_in_subjects: float | None = None

    @property
    def overall(self) -> bool:
        """Whether it says anything of the figure over all documents."""
        return self.at_most is not None or self.at_least is not None

    def in_subjects(self) -> "Limit":
        """What it says of each subject, as a limit of its own."""
        return Limit(self.at_most_in_subjects, self.at_least_in_subjects)


@dataclass(frozen=True)
class Policy:
    """What a file has to keep to."""

    name: str
    description: str
    mandatory: tuple[Axis, ...]
    limits: Mapping[str, Limit]
    may_skip: tuple[str, ...] = ()
    lock_alpha: float = LOCK_ALPHA

    def as_json(self) -> dict[str, Any]:
        """What it says, as `policy_of` reads it."""
        limits = {
            name: {key: x for key, x in asdict(limit).items() if x is not None}
            for name, limit in self.limits.items()
        }
        lists = {"mandatory": list(self.mandatory), "may_skip": list(self.may_skip)}
        return {**asdict(self), **lists, "limits": limits}

    @property
    def sha256(self) -> str:
        """The hash of what it says."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def fitting_policy(recipe: str) -> str:
    """The built-in policy for files of a recipe, by the bits in its name.

    >>> [fitting_policy(recipe) for recipe in ("Q8_0", "BF16", "Q6_K", "IQ4_NL", "?")]
    ['8-bit', '8-bit', '4-bit', '4-bit', '4-bit']
    """
    bits = re.search(r"\d+", recipe)
    return "8-bit" if bits and int(bits[0][:3]) >= EIGHT else "4-bit"
