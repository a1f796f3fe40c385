"""What a formula consists of."""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How an atom stands to its neighbours."""

    NUMBER = auto()
    LETTER = auto()
    SIGN = auto()  # a binary operation, or the sign of what follows
    RELATION = auto()
    OPEN = auto()
    CLOSE = auto()
    BAR = auto()  # opens and closes
    PUNCTUATION = auto()
    AFTER = auto()  # belongs to what stands before it: ! % ′
    FUNCTION = auto()
    LARGE = auto()  # sums, integrals, limits
    TEXT = auto()
    SPACE = auto()


@dataclass(frozen=True)
class Atom:
    """One sign or word."""

    text: str
    kind: Kind


@dataclass(frozen=True)
class Row:
    """Nodes side by side."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True)
class Fraction:
    """`over` divided by `under`; with a `whole` before it, a mixed number."""

    over: Row
    under: Row
    whole: str = ""


@dataclass(frozen=True)
class Root:
    """A square root, or the root that `index` says."""

    inside: Row
    index: Row | None = None


@dataclass(frozen=True)
class Script:
    """A base with what stands below and above it."""

    base: "Node"
    sub: Row | None
    sup: Row | None


@dataclass(frozen=True)
class Fence:
    """What stands in brackets; a side may be empty."""

    left: str
    inside: Row
    right: str


@dataclass(frozen=True)
class Marked:
    """What carries a mark: a combining character for each of its letters, or a name before it."""

    inside: Row
    combining: str
    name: str = ""  # where it is longer than a letter and the mark cannot span it


@dataclass(frozen=True)
class Boxed:
    """What belongs together though no bracket shows it."""

    inside: Row


@dataclass(frozen=True)
class Choice:
    """A binomial coefficient."""

    over: Row
    under: Row


@dataclass(frozen=True)
class Grid:
    """Matrices, cases, aligned lines."""

    name: str
    rows: tuple[tuple[Row, ...], ...]


Node = Atom | Row | Fraction | Root | Script | Fence | Marked | Boxed | Choice | Grid
EMPTY = Row(())


def atoms_only(row: Row, kind: Kind) -> bool:
    """Whether a row is one atom of this kind."""
    item = row.items[0] if len(row.items) == 1 else None
    return isinstance(item, Atom) and item.kind is kind
