"""A practice problem as a value: exact numbers, worked steps, typical mistakes, a ladder of hints.

A step is one calculation. Its value is computed here from its own expression, so the worked steps
of a problem cannot disagree with its key, and judging a student is comparing two exact fractions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import add, mul, sub, truediv
from types import MappingProxyType
from typing import Self

from llmq.practice.guides import Guide
from llmq.practice.numerals import NUMBER, numbers_in

Number = int | Fraction

OPERATIONS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = MappingProxyType(
    {"+": add, "-": sub, "*": mul, "/": truediv}
)

EXPRESSION = rf"{NUMBER}[-+*/]{NUMBER}"


@dataclass(frozen=True, slots=True)
class Calculation:
    """One operation on two exact numbers, such as 3 * 12."""

    left: Number
    sign: str
    right: Number

    @property
    def value(self) -> Fraction:
        """The exact result."""
        return OPERATIONS[self.sign](Fraction(self.left), Fraction(self.right))

    @property
    def operands(self) -> tuple[Number, Number]:
        """Both numbers."""
        return (self.left, self.right)

    def __str__(self) -> str:
        """As tutor and student write it: `3*12`."""
        return f"{self.left}{self.sign}{self.right}"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong value, the misconception behind it, and what was calculated instead of the step."""

    misconception: str
    value: Fraction
    instead: Calculation | None = None

    @classmethod
    def of(cls, misconception: str, instead: Calculation) -> Self:
        """The mistake of a student who worked out something else than the step asks for."""
        return cls(misconception, instead.value, instead)


@dataclass(frozen=True, slots=True)
class Step:
    """One worked step of a problem."""

    calculation: Calculation
    guide: Guide
    mistakes: tuple[Mistake, ...]

    @property
    def value(self) -> Fraction:
        """What the student should find."""
        return self.calculation.value

    @property
    def hints(self) -> tuple[str, ...]:
        """The ladder: a question, the operation, the calculation itself; never its value."""
        return (self.guide.ask, self.guide.do, f"Work out {self.calculation}.")


@dataclass(frozen=True, slots=True)
class Problem:
    """A question whose key is the value of its last step."""

    topic: str
    question: str
    steps: tuple[Step, ...]

    @property
    def key(self) -> Fraction:
        """The exact answer."""
        return self.steps[-1].value

    @property
    def identity(self) -> str:
        """What makes two problems the same: topic and calculations, whatever the names in it."""
        return f"{self.topic}: {'; '.join(str(step.calculation) for step in self.steps)}"

    @property
    def given(self) -> frozenset[Fraction]:
        """Every number that the question shows or a step calculates with."""
        used = (Fraction(n) for step in self.steps for n in step.calculation.operands)
        return numbers_in(self.question) | frozenset(used)
