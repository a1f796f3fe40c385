"""Comparing, drilled: random facts, then repeats of them, the same or not, each with a verdict.

A drill holds many verdicts, and only looking up and comparing yields them: the facts are random, so
nothing can be memorised.
"""

from random import Random

from llmq.practice.dialogues import Role, Turn
from llmq.practice.phrases import FORMS
from llmq.practice.turns import TutorTurn

_FACTS, _REPEATS = 4, 12
_SAME_SHARE = 0.5


def drill(rng: Random) -> tuple[Turn, ...]:
    """A system turn of facts, then twelve repeats with their verdicts."""
    facts = [(_left(rng), rng.randrange(1000)) for _ in range(_FACTS)]
    lines = (
        f"Step {number}: {left}={value}" for number, (left, value) in enumerate(facts, start=1)
    )
    turns = [Turn(Role.SYSTEM, "\n".join(lines))]
    for _ in range(_REPEATS):
        left, value = rng.choice(facts)
        same = rng.random() < _SAME_SHARE
        said = value if same else _other(value, rng)
        form = FORMS["right" if same else "wrong"]
        verdict = TutorTurn(form.verdict, form.kind, rng.choice(form.openings), "")
        turns.append(Turn(Role.STUDENT, f"{left}={said}"))
        turns.append(Turn(Role.TUTOR, verdict.opening, verdict))
    return tuple(turns)


def _left(rng: Random) -> str:
    return f"{rng.randrange(1000)}{rng.choice('+-*/')}{rng.randrange(1000)}"


def _other(value: int, rng: Random) -> int:
    return (value + rng.randrange(1, 1000)) % 1000
