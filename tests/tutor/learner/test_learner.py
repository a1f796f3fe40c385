"""What a learner knows and when it is asked again; pyBKT and py-fsrs are the references."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from fsrs import Card, Rating, Scheduler

from llmq.errors import CourseError
from llmq.tutor.learner import Learner, Parameters
from llmq.tutor.learner.bkt import predicted, updated

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_knowledge_tracing_equals_pybkt(repository: Path) -> None:
    """Written by scripts/bkt_goldens.py."""
    rows = json.loads((repository / "tests/goldens/bkt.json").read_text(encoding="utf-8"))
    assert sum(len(row["answers"]) for row in rows) >= 100
    for row in rows:
        parameters = Parameters(*row["parameters"])
        known = parameters.init
        for answer, (right, state) in zip(row["answers"], row["predicted"], strict=True):
            assert predicted(known, parameters) == pytest.approx(right, abs=1e-6)
            assert known == pytest.approx(state, abs=1e-6)
            known = updated(known, parameters, right=bool(answer))


def test_reviews_equal_py_fsrs() -> None:
    rng, scheduler = Random(1), Scheduler(enable_fuzzing=False)
    for _ in range(20):
        learner, card, at = Learner(), Card(card_id=0, due=AT), AT
        for _ in range(12):
            right, level = rng.random() < 0.7, rng.randint(0, 4)
            learner = learner.observed("sums", right, at, level=level)
            told = not right or level == 4
            rating = Rating.Again if told else Rating.Hard if level > 1 else Rating.Good
            card, _log = scheduler.review_card(card, rating, at)
            assert learner.skills["sums"].card == card
            assert bool(learner.due(at)) == (card.due <= at)
            learner = Learner.from_json(learner.to_json())
            at += timedelta(minutes=rng.choice((1, 30, 3000, 90000)))


def test_help_takes_from_what_an_answer_shows() -> None:
    moved = [Learner().observed("s", True, AT, level=level).mastery("s") for level in range(5)]
    assert moved[0] == moved[1] > moved[2] == moved[3] > Learner().mastery("s") > moved[4]


def test_a_move_is_shown() -> None:
    learner = Learner(parameters={"fractions": Parameters(init=0.42)})
    assert learner.last_move("fractions") == ""
    assert learner.observed("fractions", True, AT).last_move("fractions") == (
        "fractions 42 % -> 80 %"
    )


def test_a_clock_that_goes_back_changes_no_review_before() -> None:
    learner = Learner().observed("s", True, AT)
    back = learner.observed("s", True, AT - timedelta(days=9))
    assert back.skills["s"].card == learner.observed("s", True, AT).skills["s"].card


def test_a_record_comes_back() -> None:
    learner = Learner().asked("a").observed("s", True, AT).observed("t", False, AT)
    assert Learner.from_json(learner.to_json()) == learner


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("known", 1.5), ("known", "x"), ("known", True), ("before", float("nan")),
        ("attempts", -1), ("right", 7), ("card", 3), ("card", {}),
    ],
)  # fmt: skip
def test_a_forged_record_is_refused(place: str, value: object) -> None:
    record = json.loads(Learner().observed("s", True, AT).to_json())
    record["skills"]["s"][place] = value
    with pytest.raises(CourseError, match="record cannot be read"):
        Learner.from_json(json.dumps(record))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stability", float("inf")), ("stability", None), ("difficulty", 11), ("state", 9),
        ("step", None), ("step", -1), ("due", "2026-01-01"), ("due", 5), ("last_review", "9999-12-31T00:00:00+00:00"), ("last_review", None),
    ],
)  # fmt: skip
def test_a_forged_card_is_refused(name: str, value: object) -> None:
    record = json.loads(Learner().observed("s", True, AT).to_json())
    record["skills"]["s"]["card"][name] = value
    with pytest.raises(CourseError, match="record cannot be read"):
        Learner.from_json(json.dumps(record))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"version": 2}', "[" * 100_000, "{"])
def test_what_is_no_record_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(CourseError) as refused:
        Learner.from_json(text)
    assert "\n" not in str(refused.value)
