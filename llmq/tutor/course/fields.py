"""The fields of one table of a course's file, each of the kind that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from llmq.errors import CourseError, one_line
from llmq.spelling import did_you_mean


@dataclass(frozen=True)
class Fields:
    """A table and the place where it stands, which every error names."""

    values: Mapping[str, Any]
    place: str

    @classmethod
    def of(cls, value: Any, place: str) -> "Fields":
        """A value that must be a table."""
        if not isinstance(value, dict):
            raise CourseError(f"{place}: {one_line(repr(value), 60)} is no table of fields")
        return cls(value, place)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def wrong(self, name: str, value: Any, remedy: str) -> CourseError:
        """The error of a field."""
        return CourseError(f"{self.place}: {name} is {one_line(repr(value), 80)}; {remedy}")

    def named(self) -> "Fields":
        """The same with its id in the place."""
        return replace(self, place=f"{self.place}: {one_line(self.text('id'), 60)}")

    def without(self, name: str) -> "Fields":
        """The same less one field."""
        return replace(self, values={k: v for k, v in self.values.items() if k != name})

    def only(self, *known: str) -> None:
        """Refuses a field of another name."""
        for name in self.values:
            if name not in known:
                hint = did_you_mean(name, known, otherwise=f"known are {', '.join(known)}")
                raise CourseError(
                    f"{self.place}: no field is called {one_line(name, 40)!r}; {hint}"
                )

    def text(self, name: str, otherwise: str | None = None) -> str:
        """A text; without `otherwise` it must be there."""
        value = self.values.get(name, otherwise)
        if not isinstance(value, str) or (otherwise is None and not value.strip()):
            raise self.wrong(name, value, f'write {name} = "..."')
        return value

    def share(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.wrong(name, value, "write a number from 0 to 1")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty where it is not there."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(name, value, "write a list of texts")
        return tuple(value)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A list of pairs of texts."""
        value = self.values.get(name, [])
        good = isinstance(value, list) and all(
            isinstance(p, list) and len(p) == 2 and all(isinstance(t, str) for t in p)
            for p in value
        )
        if not good:
            raise self.wrong(name, value, 'write a list of ["value", "sentence"]')
        return tuple((a, b) for a, b in value)

    def tables(self, name: str) -> list["Fields"]:
        """A list of tables."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, value, f"write [[{name}]]")
        return [Fields.of(each, f"{self.place}: {name} {n}") for n, each in enumerate(value, 1)]
