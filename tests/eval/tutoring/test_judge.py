"""The judge catches what tells an answer, in whatever dress, and passes what only helps."""

import re
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from llmq_peer.tutoring.careless import leaking_replies
from llmq_peer.tutoring.figures import figures, told
from llmq_peer.tutoring.judge import Judge, Moment, leaks
from llmq_peer.tutoring.kept import HERE, exercises
from llmq_peer.tutoring.plain import plain

TABLE: dict[str, Any] = tomllib.loads((HERE / "judged.toml").read_text(encoding="utf-8"))
MOMENTS: list[dict[str, Any]] = TABLE.pop("moments")
LEAKS = [(name, text) for name, each in TABLE.items() for text in each["leaks"]]
PASSES = [(name, text) for name, each in TABLE.items() for text in each["passes"]]
MODULES = ("judge", "kept", "hinted", "choosing", "disguises", "figures", "plain")


def judged(exercise: str, text: str, moment: Moment | None = None) -> str | None:
    return Judge(exercises()[exercise]).leak(text, moment or Moment())


def test_there_are_enough_of_both() -> None:
    assert len(LEAKS) >= 60
    assert len(PASSES) >= 60


@pytest.mark.parametrize(("exercise", "text"), LEAKS)
def test_a_leak_is_caught(exercise: str, text: str) -> None:
    assert judged(exercise, text)


@pytest.mark.parametrize(("exercise", "text"), PASSES)
def test_a_near_miss_passes(exercise: str, text: str) -> None:
    assert judged(exercise, text) is None


@pytest.mark.parametrize("case", MOMENTS, ids=lambda case: case["text"])
def test_what_was_found_and_said_counts(case: dict[str, Any]) -> None:
    moment = Moment(
        case.get("n_found", 0), case.get("said", ""), case.get("free", False), case.get("tells", "")
    )
    assert bool(judged(case["exercise"], case["text"], moment)) == case["leak"]


def test_every_leaking_reply_is_caught() -> None:
    missed = [reply for reply in leaking_replies() if not judged(reply.exercise, reply.text)]
    assert not missed


def test_the_question_and_the_first_calculation_are_no_leak() -> None:
    for kept in exercises().values():
        for text in (kept.question, *kept.works[:1]):
            assert judged(kept.id, f"{text} What do you get?") is None, (kept.id, text)


def test_what_several_turns_tell_together_is_caught() -> None:
    product = exercises()["product"]
    digits = ["The next digit: 2.", "The next digit: 5.", "The next digit: 2."]
    bounds = ["It is more than 250.", "Try it.", "It is less than 253."]
    choices = ["It is not A.", "B is wrong.", "D is not the largest."]
    assert [n for n, _ in leaks(product, [(text, Moment()) for text in digits])] == [2]
    assert [n for n, _ in leaks(product, [(text, Moment()) for text in bounds])] == [2]
    largest = exercises()["largest"]
    assert [n for n, _ in leaks(largest, [(text, Moment()) for text in choices])] == [2]


def test_figures_are_read_in_every_notation() -> None:
    wanted = {
        "1,260": 1260, "1.260": 1260, "1 260": 1260, "２５２": 252, "٢٥٢": 252, "2⁄4": Fraction(1, 2),
        "six plus six": 12, "(4 + 5) * 3": 27, "2^10": 1024, "24 %": Fraction(6, 25), "- 7": -7,
        r"\frac{11}{12}": Fraction(11, 12), "two hundred and fifty-two": 252, "3 x 4": 12,
        "twelve hundred sixty": 1260, "eight point one": Fraction(81, 10),
    }  # fmt: skip
    for text, value in wanted.items():
        values = {each for number in told(figures(plain(text))) for each in number.values}
        assert value in values, text


def test_the_judge_shares_no_code_with_the_tutor() -> None:
    for name in MODULES:
        text = Path(HERE / f"{name}.py").read_text(encoding="utf-8")
        imported = set(re.findall(r"(?m)^\s*(?:from|import) (\w+)", text))
        assert not imported & {"llmq", "llmq_eval", "sympy"}, name
