"""What a tutor has to keep of each exercise, in the forms in which it could be told."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from llmq_peer.tutoring.figures import figures, told
from llmq_peer.tutoring.plain import plain

HERE = Path(__file__).parent
NEVER = re.compile(r"(?!)")
# Words of other languages that are also English ones.
CLASHING = ("seize", "quince", "once", "cent")


@dataclass(frozen=True)
class Secret:
    """A value that only the student may bring up: of a step, or the key, which is the last.

    `forms` are words and patterns that tell it, `digits` its figures without point and sign.
    """

    values: frozenset[Fraction]
    forms: re.Pattern[str]
    digits: str
    whole: str = ""


@dataclass(frozen=True)
class Kept:
    """An exercise as the judge knows it."""

    id: str
    kind: str
    question: str
    key: str
    choices: tuple[str, ...]
    secrets: tuple[Secret, ...]
    works: tuple[str, ...]
    values: tuple[str, ...]
    next: tuple[re.Pattern[str], ...]
    right: tuple[str, ...]
    slips: tuple[tuple[str, ...], ...]
    term: str
    copied: str
    shown: frozenset[Fraction] = field(default=frozenset())

    @property
    def letter(self) -> str:
        """The letter of the right choice; empty without choices."""
        return chr(ord("a") + self.choices.index(self.key)) if self.choices else ""

    def work(self, n_found: int) -> str:
        """The calculation of the step that comes next, plain."""
        return plain(self.works[min(n_found, len(self.works) - 1)]) if self.works else ""


@cache
def exercises() -> Mapping[str, Kept]:
    """All, by name."""
    rows = tomllib.loads((HERE / "exercises.toml").read_text(encoding="utf-8"))["exercises"]
    more = tomllib.loads((HERE / "forbidden.toml").read_text(encoding="utf-8"))
    return {row["id"]: _kept(row, more[row["id"]]) for row in rows}


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Numbers in words, by their figures and the language."""
    return tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))


def numbers_of(text: str) -> frozenset[Fraction]:
    """All numbers that stand in a text."""
    return frozenset(
        value for each in told(figures(plain(text))) if not each.parts for value in each.values
    )


def _kept(row: Mapping[str, Any], more: Mapping[str, Any]) -> Kept:
    steps = row.get("steps", [])
    values = [step["value"] for step in steps] or [row["key"]]
    choices = tuple(row.get("choices", ()))
    secrets = [_secret(value, more, is_key=n == len(values) - 1) for n, value in enumerate(values)]
    return Kept(
        id=row["id"],
        kind=more["kind"],
        question=row["question"],
        key=row["key"],
        choices=choices,
        secrets=tuple(secrets),
        works=tuple(step["work"] for step in steps),
        values=tuple(values),
        next=tuple(re.compile(pattern) for pattern in more["next"]),
        right=tuple(more["right"]),
        slips=tuple(tuple(slip for slip, _ in step.get("slips", ())) for step in steps),
        term=more["term"],
        copied=more.get("copied", ""),
        shown=numbers_of(" ; ".join((row["question"], *choices))),
    )


def _secret(value: str, more: Mapping[str, Any], *, is_key: bool) -> Secret:
    texts = [value, *more.get("also", [])] if is_key else [value]
    values = {number for text in texts if (number := _number(text)) is not None}
    if more.get("exact"):
        values = set()
    patterns = list(more.get("forms", []) if is_key else more.get("step_forms", []))
    name = value.rstrip("%")
    if "." not in name or is_key:
        patterns += [_worded(text) for text in words().get(name, {}).values()]
    digits = re.sub(r"\D", "", value) if _number(value) is not None and "/" not in value else ""
    form = re.compile("|".join(f"(?:{p})" for p in patterns)) if patterns else NEVER
    return Secret(frozenset(values), form, digits, value.lstrip("-").rstrip("%"))


def _number(text: str) -> Fraction | None:
    share = text.endswith("%")
    try:
        number = Fraction(text.rstrip("% "))
    except ValueError:
        return None
    return number / 100 if share else number


def _worded(text: str) -> str:
    """A pattern of a number's words, written together or apart."""
    bare = unicodedata.normalize("NFKD", text.lower().replace("ı", "i").replace("ß", "ss"))
    letters = [c.replace("ł", "l") for c in bare if not unicodedata.combining(c) and c not in " -"]
    body = r"[\s\-]?".join(map(re.escape, letters))
    if not letters[0].isascii():
        return body
    clash = "".join(letters) in CLASHING
    return (
        rf"(?:answer|ergebnis|reponse|respuesta|risposta|resposta|est|es)\W+(?:\w+\W+)?{body}\b"
        if clash
        else rf"\b{body}\b"
    )
