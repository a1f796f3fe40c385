"""A course from a file: TOML, or JSONL whose first line is the header. Strictly read.

Whatever is wrong is told with the file, the place in it, the value and the remedy.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from llmq.errors import CourseError, one_line
from llmq.tutor.course.checking import checked
from llmq.tutor.course.course import Course, Skill
from llmq.tutor.course.fields import Fields
from llmq.tutor.exercise import Exercise, Step
from llmq.tutor.learner.bkt import Parameters

MOST_BYTES = 50_000_000
REMEDY = "it must be TOML, or JSONL with a header line"


def read_course(path: Path) -> Course:
    """The course in a file. Raises CourseError for what cannot be used."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CourseError(f"{path}: larger than {MOST_BYTES} bytes; split the course")
        text = path.read_text(encoding="utf-8-sig")  # Notepad begins a file with a mark
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeError as error:
        raise CourseError(f"{path}: cannot be read as UTF-8 text ({error}); {REMEDY}") from error
    header, exercises = _jsonl(text, path) if path.suffix == ".jsonl" else _toml(text, path)
    header.only("name", "skills")
    skills = tuple(_skill(each) for each in header.tables("skills"))
    course = Course(header.text("name"), skills, tuple(map(_exercise, exercises)))
    return checked(course, str(path))


def _toml(text: str, path: Path) -> tuple[Fields, list[Fields]]:
    try:
        whole = Fields(tomllib.loads(text), str(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CourseError(f"{path}: {one_line(str(error))}; {REMEDY}") from error
    whole.only("name", "skills", "exercises")
    return whole.without("exercises"), whole.tables("exercises")


def _jsonl(text: str, path: Path) -> tuple[Fields, list[Fields]]:
    rows = []
    for n, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{path}: line {n}"
            try:
                rows.append(Fields.of(json.loads(line), place))
            except (ValueError, RecursionError) as error:
                raise CourseError(f"{place}: no JSON ({error}); {REMEDY}") from error
    if not rows:
        raise CourseError(f"{path}: empty; {REMEDY}")
    return rows[0], rows[1:]


def _skill(row: Fields) -> Skill:
    row = row.named()
    row.only("id", "name", "prerequisites", "init", "learn", "slip", "guess")
    shares: dict[str, Any] = {
        name: row.share(name) for name in ("init", "learn", "slip", "guess") if name in row
    }
    parameters = Parameters(**shares)
    if parameters.slip + parameters.guess >= 1:
        raise row.wrong("slip", parameters.slip, "slip + guess must stay below 1")
    name = row.text("id")
    return Skill(name, row.text("name", name), row.texts("prerequisites"), parameters)


def _exercise(row: Fields) -> Exercise:
    row = row.named()
    row.only("id", "skill", "question", "key", "steps", "choices", "goal", "hints", "example")
    question = row.text("question")
    return Exercise(
        row.text("id"), row.text("skill"), question, row.text("key"),
        tuple(map(_step, row.tables("steps"))), row.texts("choices"),
        row.text("goal", f"The task is: {question}"), row.texts("hints"), row.text("example", ""),
    )  # fmt: skip


def _step(row: Fields) -> Step:
    row.only("ask", "concept", "work", "value", "slips")
    slips = row.pairs("slips")
    return Step(row.text("ask"), row.text("concept"), row.text("work"), row.text("value"), slips)
