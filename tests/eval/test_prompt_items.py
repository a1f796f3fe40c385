"""The built-in multiple choice and questions: right keys, fair choices, nothing learned from."""

import json
import re
from collections import Counter
from fractions import Fraction
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from llmq.answers import check, found_answer
from llmq.practice.topics import TOPICS, Split, problems, split_of
from llmq_eval.drift import builtin_suite
from llmq_peer.item_checks import holds
from llmq_peer.practice_items import HeldOut, practice_items, tutoring_identities

Records = list[dict[str, Any]]
SUITES = ("skill", "practice")
# How many choices and questions there are of each subject.
SKILL = {
    "arithmetic": (29, 24),
    "algebra": (27, 22),
    "geometry": (26, 18),
    "science": (27, 18),
    "reading": (24, 0),
    "writing": (24, 0),
    "coding": (25, 0),
    "languages": (26, 0),
}
PRACTICE = dict.fromkeys(TOPICS, (60, 13))
MOST_BY_GUESSING = 0.35


@pytest.fixture(scope="module")
def items(repository: Path) -> dict[str, Records]:
    """The lines of both suites."""
    folder = repository / "eval" / "llmq_eval" / "prompts"
    texts = {name: (folder / f"{name}.jsonl").read_text(encoding="utf-8") for name in SUITES}
    return {name: [json.loads(line) for line in texts[name].splitlines()] for name in SUITES}


def choices_of(records: Records) -> Records:
    return [record for record in records if "choices" in record]


def questions_of(records: Records) -> Records:
    return [record for record in records if "question" in record and "choices" not in record]


@pytest.mark.parametrize(("name", "least"), [("skill", SKILL), ("practice", PRACTICE)])
def test_subjects(items: dict[str, Records], name: str, least: dict[str, tuple[int, int]]) -> None:
    n_choices = Counter(record["subject"] for record in choices_of(items[name]))
    n_questions = Counter(record["subject"] for record in questions_of(items[name]))
    assert set(n_choices) == set(least)
    for subject, (choices, questions) in least.items():
        assert n_choices[subject] >= choices, subject
        assert n_questions[subject] >= questions, subject


def test_every_item_is_sound(items: dict[str, Records]) -> None:
    for record in [*items["skill"], *items["practice"]]:
        assert record["license"] == "MIT", record["id"]
        if "choices" in record:
            assert len(set(record["choices"])) == len(record["choices"]) == 4, record["id"]
            assert record["answer"] in range(4), record["id"]
            assert all(text.strip() == text != "" for text in record["choices"]), record["id"]
    for records in items.values():
        asked = [re.sub(r"\W+", " ", r["question"].lower()) for r in records if "question" in r]
        assert len(set(asked)) == len(asked)
        ids = [record["id"] for record in records]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", SUITES)
def test_right_answers_are_spread_evenly(items: dict[str, Records], name: str) -> None:
    choices = choices_of(items[name])
    places = Counter(record["answer"] for record in choices)
    assert all(abs(places[place] - len(choices) / 4) < 1 for place in range(4))


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("pick", [max, min])
def test_length_tells_nothing(items: dict[str, Records], name: str, pick: Any) -> None:
    """Who always takes the longest choice, or the shortest, and draws lots among equals."""
    choices = choices_of(items[name])
    hits = 0.0
    for record in choices:
        lengths = [len(choice) for choice in record["choices"]]
        wanted = pick(lengths)
        hits += (lengths[record["answer"]] == wanted) / lengths.count(wanted)
    assert hits / len(choices) < MOST_BY_GUESSING


def test_size_tells_nothing(items: dict[str, Records]) -> None:
    """Wrong choices lie on both sides of the right one."""
    ranks: Counter[int] = Counter()
    choices = choices_of(items["practice"])
    for record in choices:
        values = [Fraction(choice) for choice in record["choices"]]
        ranks[sorted(values).index(values[record["answer"]])] += 1
    assert max(ranks.values()) / len(choices) < MOST_BY_GUESSING
    assert min(ranks.values()) / len(choices) > 0.15


def test_hand_written_keys(items: dict[str, Records]) -> None:
    """What can be computed is computed: true of the key, and of no other choice."""
    checked: Counter[str] = Counter()
    for record in items["skill"]:
        if "check" not in record:
            assert "choices" in record, record["id"]
            continue
        checked[record["subject"]] += 1
        if "choices" not in record:
            assert holds(record["check"], record["answer"]), record["id"]
            continue
        for place, choice in enumerate(record["choices"]):
            assert holds(record["check"], choice) == (place == record["answer"]), record["id"]
    assert checked["arithmetic"] >= 45
    assert checked["algebra"] >= 40
    assert checked["geometry"] >= 35
    assert checked["science"] >= 18


@pytest.mark.parametrize("name", SUITES)
def test_a_right_answer_is_taken(name: str) -> None:
    """Said as tutors say it; of a quantity also the bare number: the question names the unit."""
    for problem in builtin_suite(name).problems:
        found = found_answer(f"Let us see. The answer is {problem.answer}.")
        assert found is not None, problem.id
        assert check(found, problem.answer).right, problem.id
        if problem.subject == "science":
            assert check(problem.answer.split()[0], problem.answer).right, problem.id


def test_the_generated_ones_are_what_the_script_writes(items: dict[str, Records]) -> None:
    assert list(practice_items()) == items["practice"]


def test_generated_keys(items: dict[str, Records]) -> None:
    """Of those questions that say what to compute, by another computation."""
    n_checked = 0
    for record in items["practice"]:
        if "question" not in record:
            continue
        key = record["choices"][record["answer"]] if "choices" in record else record["answer"]
        check = as_check(record["question"])
        if check:
            n_checked += 1
            assert holds(check, key), record["id"]
    assert n_checked > 200


def as_check(question: str) -> str:
    """A generated question as a comparison; nothing for one that tells a story.

    >>> as_check("Solve 4x - 42 = 70."), as_check("Take 13/30 from 25/30.")
    ('4*answer - 42 == 70', 'answer == 25/30 - 13/30')
    """
    forms = (
        (r"Work out (.+)\.", r"answer == \1"),
        (r"Solve (\d*)x(.*) = (\S+)\.", r"\1*answer\2 == \3"),
        (r"Solve (\d+)\(x(.*)\) = (\S+)\.", r"\1*(answer\2) == \3"),
        (r"Add (\S+) and (\S+)\.", r"answer == \1 + \2"),
        (r"Take (\S+) from (\S+)\.", r"answer == \2 - \1"),
        (r"What is (\S+) percent of (\S+)\?", r"answer == \2*\1/100"),
        (r"What is (\S+) of (\S+)\?", r"answer == \1*\2"),
    )
    for pattern, comparison in forms:
        if re.fullmatch(pattern, question):
            return re.sub(pattern, comparison, question).removeprefix("*")
    return ""


def test_no_problem_was_learned_from() -> None:
    drawn = HeldOut(Random(1), tutoring_identities())
    found = list(drawn.draw(120))
    assert all(split_of(problem) is Split.HELD_OUT for problem in found)
    identities = {problem.identity for problem in found}
    assert len(identities) == 120
    assert not identities & tutoring_identities()


def test_hand_written_questions_are_worded_unlike_generated_ones(
    items: dict[str, Records],
) -> None:
    """So none can have been in the bundled tutor's training, whatever its numbers."""
    learned = {masked(problem.question) for problem in islice(problems(1), 1000)}
    assert not [r["question"] for r in items["skill"] if masked(r["question"]) in learned]


def masked(question: str) -> str:
    return re.sub(r"\d+", "#", question)
