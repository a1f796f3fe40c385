"""A map of columns: which keys of somebody's records mean what, as `question=stem,answer=label`.

A source may lie within an object (`choices=targets.choices`), and several of them, joined by `+`,
make a list (`choices=A+B+C+D`).
"""

from dataclasses import dataclass
from typing import Self

from llmq.errors import SuiteError
from llmq.spelling import did_you_mean
from llmq.suites.fields import SHOWN, Record, brief, field

TARGETS = (
    "id", "messages", "question", "choices", "answer", "prompt", "completion", "subject", "source",
    "license",
)  # fmt: skip
KEPT = ("id", "subject", "source", "license")  # what a record says by itself, unless it is mapped
EXAMPLE = "question=stem,choices=A+B+C+D,answer=label"


@dataclass(frozen=True)
class Columns:
    """Pairs of what is meant and where it stands; without any, records are taken as they are."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The map that a person wrote.

        >>> Columns.parse("question=stem, answer=label").pairs
        (('question', 'stem'), ('answer', 'label'))
        """
        pairs: list[tuple[str, str]] = []
        for part in text.split(","):
            target, equals, source = (piece.strip() for piece in part.partition("="))
            if not equals or not source:
                raise SuiteError(f"{brief(part)} maps no column; write such as {EXAMPLE}")
            if target not in TARGETS:
                known = f"known are {', '.join(TARGETS)}"
                hint = did_you_mean(target[:SHOWN], TARGETS, otherwise=known)
                raise SuiteError(f"there is no column {brief(target)} in a suite; {hint}")
            if target in dict(pairs):
                raise SuiteError(f"the column {target!r} is mapped twice; leave one out")
            pairs.append((target, source))
        return cls(tuple(pairs))

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def applied(self, record: Record, where: str) -> Record:
        """The record under the names of a suite: what is mapped, and the labels that it has."""
        if not self:
            return record
        mapped = {target: _found(record, source, where) for target, source in self.pairs}
        return {key: record[key] for key in KEPT if key in record} | mapped


NO_COLUMNS = Columns()


def _found(record: Record, source: str, where: str) -> object:
    if "+" in source and source not in record:
        return [_found(record, part.strip(), where) for part in source.split("+")]
    if source in record or "." not in source:
        return field(record, source, where)
    outer, _, inner = source.partition(".")
    within = field(record, outer, where)
    if not isinstance(within, dict):
        raise SuiteError(f"{where}: {outer!r} is no object, so that it has no {inner!r}")
    return _found(within, inner, f"{where}, {outer}")
