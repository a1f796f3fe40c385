"""A learner's record as JSON, strictly read: it may have been edited, cut short or forged."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from fsrs import Card, State

from llmq.errors import CourseError, one_line
from llmq.tutor.learner.bkt import Parameters
from llmq.tutor.learner.learner import MOST_RECENT, Learner, SkillState

VERSION = 1
MOST_CHARACTERS = 5_000_000
LAST_YEAR = 2400  # reviews of a century later still have a date
REMEDY = "start anew with /forget"


def written(learner: Learner) -> str:
    """The record of a learner."""
    skills = {
        name: {
            "known": s.known, "before": s.before, "attempts": s.attempts, "right": s.right,
            "card": s.card.to_dict() if s.card else None,
        }
        for name, s in learner.skills.items()
    }  # fmt: skip
    return json.dumps({"version": VERSION, "recent": learner.recent, "skills": skills})


def read(text: str, parameters: Mapping[str, Parameters]) -> Learner:
    """The learner of a record. Raises CourseError for what is none."""
    try:
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"{len(text)} characters, at most {MOST_CHARACTERS}")
        record = json.loads(text)
        if not isinstance(record, dict) or record.get("version") != VERSION:
            raise ValueError(f"not a record of version {VERSION}")
        recent = record["recent"]
        if not isinstance(recent, list) or not all(isinstance(x, str) for x in recent):
            raise ValueError("recent is not a list of ids")
        skills = {name: _state(value) for name, value in record["skills"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as e:
        raise CourseError(
            f"the learner's record cannot be read: {one_line(repr(e))}; {REMEDY}"
        ) from e
    return Learner(skills, tuple(recent[-MOST_RECENT:]), parameters)


def _state(value: Any) -> SkillState:
    attempts, right = _count(value["attempts"]), _count(value["right"])
    if right > attempts:
        raise ValueError(f"{right} right of {attempts}")
    card = _card(value["card"]) if value["card"] is not None else None
    return SkillState(_share(value["known"]), _share(value["before"]), attempts, right, card)


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is no share from 0 to 1")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def _card(value: Any) -> Card:
    """A card that py-fsrs can go on with: reviewed once, its numbers within bounds."""
    stability, difficulty = float(value["stability"]), float(value["difficulty"])
    if not (isfinite(stability) and 0.001 <= stability <= 1e6 and 1 <= difficulty <= 10):
        raise ValueError(f"stability {stability}, difficulty {difficulty}")
    state = State(value["state"])
    step = value["step"]
    if (state is State.Review) != (step is None) or (step is not None and _count(step) > 9):
        raise ValueError(f"step {step!r} in state {state.name}")
    due, last = (_time(value[name]) for name in ("due", "last_review"))
    return Card(0, state, step, stability, difficulty, due, last)


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    if not 1970 <= time.year <= LAST_YEAR:
        raise ValueError(f"the year {time.year}")
    return time.astimezone(UTC)
