"""Courses: skills with what comes before them, and exercises with exact keys."""

from llmq.tutor.course.built_in import built_in_course
from llmq.tutor.course.course import Course, Skill
from llmq.tutor.course.oatutor import import_oatutor
from llmq.tutor.course.practice import exercise_of
from llmq.tutor.course.reading import read_course
from llmq.tutor.course.typed import exercise_of_text

__all__ = [
    "Course",
    "Skill",
    "built_in_course",
    "exercise_of",
    "exercise_of_text",
    "import_oatutor",
    "read_course",
]
