"""Content in OATutor's form, written by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmq.errors import CourseError
from llmq.tutor.course import import_oatutor

HINTS = [
    {"id": "h1", "type": "hint", "title": "Bottoms", "text": "Make the bottoms equal: $$6$$."},
    {"id": "h2", "type": "hint", "title": "Last", "text": "So it is $$\\frac{5}{6}$$."},
    {"id": "h3", "type": "scaffold", "title": "How many sixths are in 1/2?", "text": ""},
]
STEP: dict[str, Any] = {
    "id": "addfrac1a", "stepAnswer": ["$$\\frac{5}{6}$$"], "problemType": "TextBox",
    "stepTitle": "Add $$\\frac{1}{2}+\\frac{1}{3}$$", "stepBody": "", "answerType": "arithmetic",
}  # fmt: skip
CHOICE: dict[str, Any] = {
    "id": "addfrac1b", "stepAnswer": ["Yes"], "problemType": "MultipleChoice",
    "stepTitle": "Is it below 1?", "choices": ["Yes", "No"], "answerType": "string",
    "hints": {"DefaultPathway": [{"text": "Compare the tops."}]},
}  # fmt: skip


def write(folder: Path, name: str, value: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")


def problem(folder: Path, **more: object) -> Path:
    head = {"id": "addfrac1", "title": "Fractions", "body": "A cake.", "lesson": "Adding"}
    write(folder / "addfrac1", "addfrac1", {**head, **more})
    return folder / "addfrac1"


def test_steps_in_folders_and_in_the_problem_are_exercises(tmp_path: Path) -> None:
    place = problem(tmp_path, steps=[CHOICE])
    write(place / "steps" / "addfrac1a", "addfrac1a", STEP)
    write(place / "steps" / "addfrac1a" / "tutoring", "addfrac1aDefaultPathway", HINTS)
    course = import_oatutor(tmp_path)
    assert [skill.id for skill in course.skills] == ["Adding"]
    box, choice = course.exercise("addfrac1a"), course.exercise("addfrac1b")
    assert box
    assert choice
    assert box.question == "A cake. Add $$\\frac{1}{2}+\\frac{1}{3}$$"
    assert box.hints == ("Make the bottoms equal: $$6$$.", "How many sixths are in 1/2?")
    assert (choice.key, choice.choices) == ("Yes", ("Yes", "No"))
    assert choice.hints == ("Compare the tops.",)


def test_a_key_that_cannot_be_compared_is_left_out(tmp_path: Path) -> None:
    problem(tmp_path, steps=[STEP, {**STEP, "id": "x", "stepAnswer": ["because of the sea"]}])
    assert [each.id for each in import_oatutor(tmp_path).exercises] == ["addfrac1a"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "no exercise can be used"), ([{**STEP, "stepAnswer": []}], "stepAnswer is \\[\\]"),
        ([{**STEP, "id": 3}], "id is 3"), (5, "steps is 5"), ([5], "5 is no table"),
        ([{**STEP, "hints": []}], "no table"), ([{**STEP, "stepAnswer": ["?"]}], "no mathematics"),
    ],
)  # fmt: skip
def test_broken_content_is_refused(tmp_path: Path, steps: object, said: str) -> None:
    problem(tmp_path, steps=steps)
    with pytest.raises(CourseError, match=said):
        import_oatutor(tmp_path)


def test_an_empty_folder_and_a_broken_file(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"no NAME/NAME\.json"):
        import_oatutor(tmp_path)
    (problem(tmp_path) / "addfrac1.json").write_text("{", encoding="utf-8")
    with pytest.raises(CourseError, match="no JSON"):
        import_oatutor(tmp_path)
