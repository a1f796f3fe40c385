"""Content in the form of OATutor (Pardos et al. 2023): a folder for each problem, in JSON.

    NAME/NAME.json                          id, title, body; steps may stand in it
    NAME/steps/STEP/STEP.json               stepAnswer, problemType, stepTitle, stepBody, choices
    NAME/steps/STEP/tutoring/STEPDefaultPathway.json   the hints

Each step of a problem becomes an exercise, asked behind the problem's body. A hint that gives the
key away is left out, and an exercise whose key cannot be compared too.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llmq.errors import CourseError
from llmq.tutor.course.checking import check_exercise, checked, tells
from llmq.tutor.course.course import Course, Skill
from llmq.tutor.course.fields import Fields
from llmq.tutor.exercise import Exercise

MOST_HINTS = 3  # levels 1 to 3
MOST_BYTES = 5_000_000  # of one file
PATHWAY = "DefaultPathway"


def import_oatutor(folder: Path) -> Course:
    """The course in a folder of problems. Raises CourseError where there is none to use."""
    exercises: list[Exercise] = []
    skills: dict[str, Skill] = {}
    refused = ""
    for file in sorted(folder.glob("*/*.json")):
        if file.stem != file.parent.name:
            continue
        problem = _table(file)
        skill = problem.text("lesson", "") or problem.text("title", "") or "problems"
        for step in _steps(problem, file.parent):
            exercise = _exercise(problem, step, skill)
            try:
                check_exercise(exercise, step.place)
            except CourseError as error:
                refused = str(error)
                continue
            skills.setdefault(skill, Skill(skill, skill))
            exercises.append(exercise)
    if not exercises:
        why = refused or "no NAME/NAME.json in it"
        raise CourseError(f"{folder}: no exercise can be used ({why}); is it a content pool?")
    return checked(Course(folder.name, tuple(skills.values()), tuple(exercises)), str(folder))


def _table(file: Path) -> Fields:
    return Fields.of(_json(file), str(file))


def _json(file: Path) -> Any:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise CourseError(f"{file}: larger than {MOST_BYTES} bytes; remove it")
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CourseError(f"{file}: no JSON ({error}); mend or remove it") from error


def _steps(problem: Fields, folder: Path) -> Iterator[Fields]:
    yield from problem.tables("steps")
    for file in sorted(folder.glob("steps/*/*.json")):
        if file.stem == file.parent.name:
            step = _table(file)
            hints = file.parent / "tutoring" / f"{file.stem}{PATHWAY}.json"
            if hints.exists():
                step = Fields({**step.values, "hints": {PATHWAY: _json(hints)}}, step.place)
            yield step


def _exercise(problem: Fields, step: Fields, skill: str) -> Exercise:
    answers = step.texts("stepAnswer")
    if not answers:
        raise step.wrong("stepAnswer", [], 'write a list of one answer, ["3"]')
    is_choice = step.text("problemType", "TextBox") == "MultipleChoice"
    parts = (problem.text("body", ""), step.text("stepTitle", ""), step.text("stepBody", ""))
    question = " ".join(part.strip() for part in parts if part.strip())
    key = answers[0]
    return Exercise(
        step.text("id"), skill, question or problem.text("title"), key,
        choices=step.texts("choices") if is_choice else (),
        goal=f"The task is: {step.text('stepTitle', '') or question}",
        hints=tuple(_hints(step, key))[:MOST_HINTS],
    )  # fmt: skip


def _hints(step: Fields, key: str) -> Iterator[str]:
    """The texts of the default pathway that do not tell the key."""
    pathways = Fields.of(step.values.get("hints", {}), step.place)
    for row in pathways.tables(PATHWAY):
        text = row.text("text", "").strip() or row.text("title", "").strip()
        if text and not tells(text, key):
            yield text
