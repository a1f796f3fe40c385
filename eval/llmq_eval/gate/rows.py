"""Numbers out of rows, which may come from a stranger's report: finite, or not measured."""

from collections.abc import Callable, Iterable, Sequence

from llmq_eval.gate.evidence import Row

HUGE = 1e15  # nothing that is counted or summed here comes near it
Key = tuple[object, ...]


class NotMeasured(Exception):  # noqa: N818  # an answer of its own, told in words, not a mistake
    """Why a figure cannot be computed from these rows."""


def number(row: Row, key: str) -> float:
    """The finite number under `key`; yes and no count as 1 and 0."""
    value = row.get(key)
    if not isinstance(value, int | float) or not abs(value) < HUGE:  # of nan too
        raise NotMeasured(f"{key} of {row.get('id')!r} is {value!r}, which is no sound number")
    return float(value)


def share(row: Row, key: str) -> float:
    """What is between none and all."""
    value = number(row, key)
    if not 0 <= value <= 1:
        raise NotMeasured(f"{key} of {row.get('id')!r} is {value:g}, not between 0 and 1")
    return value


def outcomes(rows: Iterable[Row], base: str, quant: str) -> list[tuple[float, float]]:
    """The shares of both files, row by row."""
    return [(share(row, base), share(row, quant)) for row in rows]


def count(row: Row, key: str) -> float:
    """What cannot be negative."""
    value = number(row, key)
    if value < 0:
        raise NotMeasured(f"{key} of {row.get('id')!r} is {value:g}, below 0")
    return value


def holding(rows: Iterable[Row], *keys: str) -> list[Row]:
    """The rows in which none of `keys` is None: where there is a question at all."""
    return [row for row in rows if all(row.get(key, "") is not None for key in keys)]


def key_of(row: Row) -> Key:
    """What a row is known by from one measurement to the next."""
    return (row.get("id"), row.get("mode"), row.get("seed"))


def paired(now: Sequence[Row], then: Sequence[Row]) -> list[tuple[Row, Row]]:
    """The rows of two measurements of the same things."""
    known = {key_of(row): row for row in then}
    if len(known) != len(then) or {key_of(row) for row in now} != set(known):
        raise NotMeasured("the lock holds rows of other documents")
    return [(row, known[key_of(row)]) for row in now]


def by_document(rows: Iterable[Row], value: Callable[[Row], float]) -> list[list[float]]:
    """The values of each document: several replies to one prompt are not independent."""
    found: dict[object, list[float]] = {}
    for row in rows:
        found.setdefault(row.get("id"), []).append(value(row))
    return list(found.values())
