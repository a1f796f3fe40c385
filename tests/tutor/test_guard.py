"""What the guard withholds and what it passes: a table of sentences, and texts of any kind."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import pytest

from llmq.tutor.course import built_in_course
from llmq.tutor.exercise import Exercise, Step
from llmq.tutor.guard import Guard
from llmq.tutor.moves import Level

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "guarded.jsonl").read_text(encoding="utf-8").splitlines()
]
EXERCISES = {
    row["exercise"]: Exercise(
        row["exercise"],
        "a skill",
        row["question"],
        row["key"],
        tuple(Step(**step) for step in row.get("steps", ())),
        tuple(row.get("choices", ())),
    )
    for row in ROWS
    if "exercise" in row
}
SENTENCES = [row for row in ROWS if "on" in row]


def guard(row: dict[str, Any], level: Level = Level.GOAL) -> Guard:
    said = {name: row.get(name, ()) for name in ("done", "student", "told")}
    return Guard(EXERCISES[row["on"]], level=level, **said)


def test_what_tells_is_withheld_and_what_helps_passes() -> None:
    wrong = [
        (row["on"], row["text"], reason)
        for row in SENTENCES
        if bool(reason := guard(row).check(row["text"])) is not row["leaks"]
    ]
    assert wrong == []
    assert sum(row["leaks"] for row in SENTENCES) >= 900
    assert sum(not row["leaks"] for row in SENTENCES) >= 350


def test_everything_passes_where_the_answer_may_be_told() -> None:
    assert not any(guard(row, Level.ANSWER).check(row["text"]) for row in SENTENCES)
    assert Guard(None, level=Level.GOAL).check("It is 12.") is None


@pytest.mark.parametrize("level", [Level.GOAL, Level.CONCEPT, Level.ERROR, Level.EXAMPLE])
def test_below_the_answer_every_level_is_guarded_alike(level: Level) -> None:
    for row in SENTENCES[::7]:
        assert bool(guard(row, level).check(row["text"])) is row["leaks"]


def test_a_sentence_that_was_withheld_is_not_remembered() -> None:
    watching = Guard(EXERCISES["sum20"], level=Level.GOAL)
    assert watching.check("The answer starts with 1.")
    assert watching.check("Do you have 2 pens?") is None


KNOWN = (
    "1 12 0 ² ½ ⅓ ① Ⅻ ٣ 五 百 zwölf dreißig ß İ ı 0x 0b 1e e9 1/0 0/0 /0 ( ) (( ^ ^^9 ^-1 ** - + = . , { } $ % \\frac{1}{0}"
    " \\frac \\sqrt{ sqrt( percent half double less more than between and x y 𝟙 A B not first ten hundred thousand point"
    " over dozen 9^9^9 1.2.3 2^99999 IIII answer is = one two \u200b \U0001f34e \u0301"
)
PIECES = KNOWN.split()


def texts(rng: Random) -> Iterator[str]:
    """Random characters, random words that the guard knows, sentences with something in them."""
    while True:
        yield "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(1, 80)))
        yield rng.choice(("", " ")).join(rng.choices(PIECES, k=rng.randrange(1, 40)))
        text = rng.choice(SENTENCES)["text"]
        place = rng.randrange(len(text) + 1)
        yield text[:place] + rng.choice(PIECES) + text[place:]


def test_no_text_ends_the_guard() -> None:
    rng = Random(1)
    exercises = list(EXERCISES.values())
    for text, _ in zip(texts(rng), range(3000), strict=False):
        told = [rng.choice(SENTENCES)["text"]]
        watching = Guard(rng.choice(exercises), level=Level.GOAL, told=told, student=[text])
        assert watching.check(text) != ""


@pytest.mark.parametrize("piece", [*PIECES, " ", "\n", "I ", "ten ", "1 + ", "half of ", "not A "])
def test_a_long_text_takes_no_longer_than_it_is_long(piece: str) -> None:
    for size in (990, 20_000):
        text = (piece * size)[:size]
        start = process_time()
        Guard(EXERCISES["choice"], level=Level.GOAL).check(text)
        Guard(EXERCISES["sweets"], level=Level.GOAL).check(text)
        took = process_time() - start
        assert took < 10  # backtracking takes minutes; this, half a second where it is slow


def test_an_ordinary_sentence_costs_little() -> None:
    took = []
    for exercise in built_in_course().exercises[::6]:
        watching = Guard(exercise, level=Level.GOAL)
        watching.check("What do you know?")  # what depends on the exercise alone
        for row in SENTENCES:
            if not row["leaks"] and 60 <= len(row["text"]) <= 200:
                start = process_time()
                watching.check(f"{row['text']} {exercise.skill}")
                took.append(process_time() - start)
    assert sorted(took)[len(took) * 95 // 100] < 0.004  # 1.4 ms where nothing else computes
