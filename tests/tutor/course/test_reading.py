"""Courses from files: what is read, and what is refused with its place and remedy."""

import json
from pathlib import Path

import pytest

from llmq.errors import CourseError
from llmq.tutor.course import read_course

COURSE = """
name = "fractions"

[[skills]]
id = "parts"
name = "parts of a number"

[[skills]]
id = "sums"
prerequisites = ["parts"]
init = 0.4

[[exercises]]
id = "e1"
skill = "parts"
question = "What is 3/4 of 20?"
key = "15"
hints = ["How big is a quarter?"]

[[exercises.steps]]
ask = "How big is one part?"
concept = "Divide by the bottom number."
work = "20 / 4"
value = "5"
slips = [["16", "That takes away."]]

[[exercises.steps]]
ask = "How many parts?"
concept = "Multiply."
work = "5 * 3"
value = "15"

[[exercises]]
id = "e2"
skill = "sums"
question = "Which is larger?"
key = "one half"
choices = ["one half", "one third"]
"""


def test_toml_and_jsonl_say_the_same(tmp_path: Path) -> None:
    import tomllib

    toml, jsonl = tmp_path / "c.toml", tmp_path / "c.jsonl"
    toml.write_text(COURSE, encoding="utf-8")
    values = tomllib.loads(COURSE)
    exercises = values.pop("exercises")
    lines = [json.dumps(each) for each in (values, *exercises)]
    jsonl.write_text("\n".join(lines) + "\n", encoding="utf-8")
    course = read_course(toml)
    assert course == read_course(jsonl)
    assert [skill.id for skill in course.skills] == ["parts", "sums"]
    assert course.parameters["sums"].init == 0.4
    first = course.exercise("e1")
    assert first
    assert first.steps[0].slips == (("16", "That takes away."),)
    assert course.exercises[1].choices == ("one half", "one third")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = "15"', 'key = "the sea"', "e1: the key, 'the sea', is no mathematics"),
        ('key = "15"', 'key = "9^9^9"', "e1: the last step comes to"),
        ('key = "15"', 'key = "9999^1400"', "e1: the last step comes to"),
        ('key = "15"', 'key = "16"', "e1: the last step comes to '15', the key is '16'"),
        ('key = "15"', "key = 15", "e1: key is 15; write key"),
        ('key = "15"', 'kei = "15"', "e1: no field is called 'kei'; did you mean key"),
        ("How big is a quarter?", "It is 15.", "'It is 15.' gives the key '15' away; reword"),
        ('name = "parts of a number"', 'prerequisites = ["sums"]', "form a ring: .*; remove one"),
        ('prerequisites = ["parts"]', 'prerequisites = ["part"]', "'part' is no skill; did you mean"),
        ('id = "e2"', 'id = "e1"', "two exercises are called 'e1'; rename one"),
        ('skill = "sums"', 'skill = "x"', "e2: skill 'x' is no skill; add it"),
        ('key = "one half"', 'key = "half"', "e2: key 'half' is none of its choices"),
        ("init = 0.4", "init = 4", "sums: init is 4; write a number from 0 to 1"),
        ("init = 0.4", "slip = 0.9", r"slip is 0.9; slip \+ guess must stay below 1"),
        ('value = "5"', 'value = "?"', "e1: the value of step 1, '\\?', is no mathematics"),
        ('slips = [["16", "That takes away."]]', "slips = [3]", "steps 1: slips is"),
        ('name = "fractions"', "name", "TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in COURSE
    file = tmp_path / "c.toml"
    file.write_text(COURSE.replace(old, new), encoding="utf-8")
    with pytest.raises(CourseError, match=said) as refused:
        read_course(file)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"), ("{", "line 1: no JSON"), ("[]", "line 1: .* no table"),
        ('{"name": "c"}', "0 exercises"), ('{"name": "c"}\n3', "line 2: 3 is no table"),
        ('{"name": "c"}\n{"id": "a\x1b[0m"}', "line 2: no JSON"), ("[" * 99999, "line 1: no JSON"),
    ],
)  # fmt: skip
def test_broken_jsonl_is_told_by_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=said):
        read_course(file)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b"\xff\xfe")
    for path in (file, tmp_path / "none.toml", tmp_path):
        with pytest.raises(CourseError, match="cannot be read"):
            read_course(path)


def test_the_readmes_course_is_one(repository: Path, tmp_path: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    text = readme.partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "course.toml"
    file.write_text(f"\ufeff{text}", encoding="utf-8")  # as Notepad saves it
    (exercise,) = read_course(file).exercises
    assert exercise.steps[-1].value in exercise.key


def test_a_file_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="cannot be read \\(No such file"):
        read_course(tmp_path / "none.toml")
