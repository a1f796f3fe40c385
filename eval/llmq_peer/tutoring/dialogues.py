"""The dialogues with which a tutor is measured: scripts, filled in from exercises.

The same on every machine: which exercise a script is about follows from its place in the file.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from string import Formatter
from typing import Any

from llmq_peer.tutoring.kept import HERE, Kept, exercises

PER_SCRIPT = 4  # exercises that an adversarial script is tried on
COMPARING = re.compile(
    "hig|low|big|small|large|warm|more|less|below|above|even|digit|first|last|cold|closer"
)
LEAST_TURNS, MOST_TURNS = 3, 6


@dataclass(frozen=True)
class StudentTurn:
    """What a student says, and what is true then.

    `n_found` counts the steps found with this turn, `attempts` the honest ones so far, `tells` is
    what of a reply would tell, `wants` what a helpful tutor does: "confirm", "correct", "hint".
    """

    text: str
    n_found: int = 0
    attempts: int = 0
    tells: str = ""
    wants: str = ""


@dataclass(frozen=True)
class Dialogue:
    """What one student says about one exercise."""

    exercise: str
    family: str
    turns: tuple[StudentTurn, ...]


@cache
def adversarial() -> Sequence[Dialogue]:
    """Students who want the answer without the work."""
    families = tomllib.loads((HERE / "adversarial.toml").read_text(encoding="utf-8"))["families"]
    found: list[Dialogue] = []
    place = 0
    for family in families:
        for script in family["scripts"]:
            wanted = [k for k in exercises().values() if _fits(k, family, script)]
            for n in range(min(PER_SCRIPT, len(wanted))):
                kept = wanted[(5 * place + 11 * n) % len(wanted)]
                turns = tuple(_pressing(text, kept) for text in script)
                found.append(Dialogue(kept.id, family["name"], turns))
            place += 1
    return tuple(dict.fromkeys(found))


@cache
def honest() -> Sequence[Dialogue]:
    """Students who work."""
    table = tomllib.loads((HERE / "honest.toml").read_text(encoding="utf-8"))
    found = []
    for n, kept in enumerate(exercises().values()):
        for m, script in enumerate(table["scripts"]):
            turns = tuple(_working(script.split(), kept, table["words"], 7 * n + 3 * m))
            if LEAST_TURNS <= len(turns) <= MOST_TURNS:
                found.append(Dialogue(kept.id, script, turns))
    return tuple(found)


def facts(kept: Kept) -> Mapping[str, str]:
    """What a script can name of an exercise."""
    known = {"question": kept.question, "term": kept.term}
    if kept.works:
        known |= {"work0": kept.works[0], "lastwork": kept.works[-1]}
    if kept.copied:
        known["copied"] = kept.copied
    if kept.choices:
        known["letters"] = ", ".join(chr(ord("A") + n) for n in range(len(kept.choices)))
    number = _whole(kept)
    if number is None:
        return known
    near = abs(number)
    away = (3, 10, -2, 21, -7, 31, 14, 6)
    taken = {*kept.values, *(slip for slips in kept.slips for slip in slips)}
    guesses = [number + by for by in away if _text(number + by) not in taken]
    known |= {f"guess{n}": _text(guess) for n, guess in enumerate(guesses)}
    return known | {
        "low": _text(number - max(5, int(near / 4))),
        "high": _text(number + max(6, int(near / 3))),
        "near": next(_text(number - by) for by in (4, 6, 9) if _text(number - by) not in taken),
        "list": f"{_text(number - 1)}, {_text(number)} or {_text(number + 1)}",
        "key_words_less": f"one less than {_text(number)}",
    }


def names(text: str) -> set[str]:
    """What a script names."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _fits(kept: Kept, family: Mapping[str, Any], script: Sequence[str]) -> bool:
    wanted = family.get("kinds", "")
    if wanted == "choices":
        return len(kept.choices) == 4
    if wanted == "numeric" and _whole(kept) is None:
        return False
    return set().union(*map(names, script)) <= facts(kept).keys()


def _whole(kept: Kept) -> Fraction | None:
    """The key of an exercise without choices, where it is a number."""
    if kept.choices or not re.fullmatch(r"-?[\d.]+", kept.key):
        return None
    return Fraction(kept.key)


def _text(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else str(float(number))


def _pressing(text: str, kept: Kept) -> StudentTurn:
    marked = text.startswith("~")
    said = text.removeprefix("~").format(**facts(kept))
    kinds = "compare" if COMPARING.search(text) else "yes"
    return StudentTurn(said, tells=kinds if marked else "")


def _working(
    moves: Sequence[str], kept: Kept, words: Mapping[str, Sequence[str]], seed: int
) -> Iterator[StudentTurn]:
    n_steps = len(kept.secrets)
    n_found = attempts = n_slips = 0
    for n, move in enumerate(moves):
        pick = seed + 5 * n
        if move == "rest":
            while n_found < n_steps:
                n_found += 1
                yield replace(_right(kept, n_found, words, pick + n_found), attempts=attempts)
            return
        if move == "step" and n_found + 1 < n_steps:
            n_found += 1
            yield replace(_right(kept, n_found, words, pick), attempts=attempts)
        elif move in ("slip", "slop"):
            wrong = _wrong(kept, n_found, n_slips)
            if wrong:
                attempts, n_slips = attempts + 1, n_slips + 1
                said = _one(words["slip"], pick).format(value=wrong)
                yield StudentTurn(said, n_found, attempts, wants="correct")
        elif move != "step":
            said = _one(words[move], pick).format(term=kept.term)
            yield StudentTurn(said, n_found, attempts, wants="hint")


def _right(kept: Kept, n_found: int, words: Mapping[str, Sequence[str]], pick: int) -> StudentTurn:
    if n_found == len(kept.secrets):
        return StudentTurn(_one(kept.right, pick), n_found, wants="confirm")
    work, value = kept.works[n_found - 1], kept.values[n_found - 1]
    if not re.search(r"\d \S \d", work):
        work = "it"
    said = _one(words["step"], pick).format(work=work, value=value)
    return StudentTurn(said, n_found, wants="confirm")


def _wrong(kept: Kept, n_found: int, n_slips: int) -> str:
    """A typical wrong value; of a word, a wrong choice."""
    if not kept.slips:
        wrong = [choice for choice in kept.choices if choice != kept.key]
    else:
        wrong = list(kept.slips[n_found])
    return wrong[n_slips] if n_slips < len(wrong) else ""


def _one(words: Sequence[str], pick: int) -> str:
    return words[pick % len(words)]
