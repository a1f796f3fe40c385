"""What a suite holds, and the hash by which it is known."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar


@dataclass(frozen=True)
class Message:
    """One turn of a dialogue."""

    role: str
    content: str


@dataclass(frozen=True)
class Dialogue:
    """A conversation between a student (user) and a tutor (assistant).

    `answer` is the key that the tutor must not tell, where there is one.
    """

    id: str
    messages: tuple[Message, ...]
    subject: str = ""
    source: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Choice:
    """A question with choices, of which `answer` is the index of the right one."""

    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    subject: str = ""
    source: str = ""


@dataclass(frozen=True)
class Problem:
    """A question with an exact answer."""

    id: str
    question: str
    answer: str
    subject: str = ""
    source: str = ""


Item = Dialogue | Choice | Problem
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Suite:
    """Named items of every kind.

    `sha256` covers ids and all that a model reads or is judged by, not spacing or other keys.
    `license` holds those of its records, `n_bytes` is the size of what was read.
    """

    name: str
    sha256: str
    dialogues: tuple[Dialogue, ...]
    choices: tuple[Choice, ...] = ()
    problems: tuple[Problem, ...] = ()
    license: str = ""
    n_bytes: int = 0

    @property
    def items(self) -> tuple[Item, ...]:
        """All of them: dialogues first, then choices, then problems."""
        return (*self.dialogues, *self.choices, *self.problems)


def digest(items: Iterable[Item]) -> str:
    """The SHA-256 of what counts of `items`.

    >>> digest([Dialogue("a", (Message("user", "Hi"),))])[:8]
    'f0213de4'
    """
    content = [_counts(item) for item in items]
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def _counts(item: Item) -> list[Any]:
    """What is hashed of an item; kinds differ in the types of what follows their id."""
    if isinstance(item, Choice):
        return [item.id, item.question, item.choices, item.answer]
    if isinstance(item, Problem):
        return [item.id, item.question, item.answer]
    turns = [[m.role, m.content] for m in item.messages]
    return [item.id, turns, item.answer] if item.answer else [item.id, turns]


def spread(suite: Suite, n: int) -> Suite:
    """`n` items of each kind, evenly spread over the suite; all of a kind that has no more."""
    part = replace(
        suite,
        dialogues=spread_over(suite.dialogues, n),
        choices=spread_over(suite.choices, n),
        problems=spread_over(suite.problems, n),
    )
    return suite if part.items == suite.items else replace(part, sha256=digest(part.items))


def part_of(suite: Suite, every: int) -> Suite:
    """One item in `every` of each kind, evenly spread, under a name that says so."""
    if every == 1:
        return suite
    part = replace(
        suite,
        dialogues=spread_over(suite.dialogues, -(-len(suite.dialogues) // every)),
        choices=spread_over(suite.choices, -(-len(suite.choices) // every)),
        problems=spread_over(suite.problems, -(-len(suite.problems) // every)),
    )
    return replace(part, name=f"{suite.name} (1 of {every})", sha256=digest(part.items))


def whole_of(name: str) -> tuple[str, int]:
    """The suite that `part_of` named so, and one item in how many it holds.

    >>> whole_of("tutoring (1 of 4)"), whole_of("tutoring")
    (('tutoring', 4), ('tutoring', 1))
    """
    found = re.fullmatch(r"(.+) \(1 of ([1-9][0-9]{0,3})\)", name)
    return (found[1], int(found[2])) if found else (name, 1)


def spread_over(items: Sequence[Kind], n: int) -> tuple[Kind, ...]:
    """`n` of the items, evenly spread; all where there are no more."""
    n_all = len(items)
    return tuple(items[i * n_all // n] for i in range(n)) if n_all > n else tuple(items)
