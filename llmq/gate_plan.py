"""What the gate measures on, and how: the suites, how much of them, and the machine's part."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from llmq.drift import chosen_suite
from llmq.errors import SuiteError
from llmq.runtime import EXACT, How
from llmq.suites import Choice, Dialogue, Problem, Suite
from llmq.suites.columns import NO_COLUMNS, Columns
from llmq.suites.items import part_of
from llmq_eval.gate.evidence import SuiteUsed

# By kind of item: what is measured on where no suite is named, or those named have none of a kind.
BUILTIN = {
    "dialogues": ("tutoring", "subjects", "refusals", "practice"),
    "choices": ("skill", "practice"),
    "problems": ("skill", "practice"),
}
KINDS = tuple(BUILTIN)
Kind = TypeVar("Kind", Dialogue, Choice, Problem)
N_REPLIES, N_CONVERSATIONS = 64, 64


@dataclass(frozen=True)
class GatePlan:
    """`suite` holds the items of all suites in `used`; their ids begin with the suite's name.

    `filled` names the kinds that no suite which was named holds, so that built-in ones are taken.
    `how` is how the file is run (the base always exactly), `device` a profile of llmq/devices.toml
    to hold it against, or None. `allow_quantized` lets the base be quantized itself.
    """

    suite: Suite
    used: tuple[SuiteUsed, ...]
    filled: tuple[str, ...] = ()
    n_replies: int = N_REPLIES
    n_conversations: int = N_CONVERSATIONS
    threads: int | None = None
    how: How = EXACT
    device: str | None = None
    allow_quantized: bool = False


def gate_plan(
    suites: Sequence[str | Path | Suite] = (), *, columns: Columns = NO_COLUMNS, every: int = 1
) -> GatePlan:
    """The plan for these suites, and for the built-in ones where they hold none of a kind.

    Of each suite one item in `every` is taken. Raises SuiteError where two have the same name.
    """
    named = [chosen_suite(suite, columns=columns) for suite in suites]
    for name, n in Counter(suite.name for suite in named).items():
        if n > 1:
            raise SuiteError(
                f"{n} suites are called {name}; leave one out, or give it another name"
            )
    parts: dict[str, list[Suite]] = {kind: [] for kind in KINDS}
    for kind, builtin in BUILTIN.items():
        own = [suite for suite in named if getattr(suite, kind)]
        whole = own or [chosen_suite(name) for name in builtin]
        parts[kind] = [part_of(suite, every) for suite in whole]
    used = {suite.sha256: suite for kind in KINDS for suite in parts[kind]}
    filled = [kind for kind in KINDS if not any(getattr(suite, kind) for suite in named)]
    return GatePlan(
        _joined(parts), tuple(map(_used, used.values())), tuple(filled) if named else ()
    )


def _joined(parts: dict[str, list[Suite]]) -> Suite:
    """One suite of them all, known by their hashes."""
    hashes = [f"{kind} {suite.sha256}" for kind in KINDS for suite in parts[kind]]
    names = dict.fromkeys(suite.name for kind in KINDS for suite in parts[kind])
    return Suite(
        name=" + ".join(names),
        sha256=hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        dialogues=_named((suite.name, suite.dialogues) for suite in parts["dialogues"]),
        choices=_named((suite.name, suite.choices) for suite in parts["choices"]),
        problems=_named((suite.name, suite.problems) for suite in parts["problems"]),
    )


def _named(suites: Iterable[tuple[str, tuple[Kind, ...]]]) -> tuple[Kind, ...]:
    """The items, with the suite's name before their ids, which are unique within a suite only."""
    return tuple(replace(item, id=f"{name}/{item.id}") for name, items in suites for item in items)


def _used(suite: Suite) -> SuiteUsed:
    sizes = (len(suite.dialogues), len(suite.choices), len(suite.problems))
    return SuiteUsed(suite.name, suite.sha256, suite.license, suite.n_bytes, *sizes)
