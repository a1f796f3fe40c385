"""Who appears in the problems, and with what."""

from random import Random

NAMES = (
    "Ada", "Amir", "Ben", "Cara", "Dan", "Elif", "Emma", "Finn", "Grace", "Hugo", "Ines", "Jack",
    "Kofi", "Lena", "Maya", "Noah", "Olga", "Priya", "Ravi", "Sara", "Tom", "Uma", "Yusuf", "Zoe",
)  # fmt: skip
THINGS = (
    "apples", "beads", "books", "cards", "coins", "eggs", "marbles", "nuts", "pears", "pens",
    "plums", "rolls", "shells", "stamps", "stickers", "sweets",
)  # fmt: skip


def name_of(rng: Random) -> str:
    """A first name."""
    return rng.choice(NAMES)


def two_names(rng: Random) -> list[str]:
    """Two different first names."""
    return rng.sample(NAMES, 2)


def thing_of(rng: Random) -> str:
    """Something one can count, in the plural."""
    return rng.choice(THINGS)


def two_things(rng: Random) -> list[str]:
    """Two different things one can count."""
    return rng.sample(THINGS, 2)
