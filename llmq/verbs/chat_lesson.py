"""The lesson that `llmq chat` opens."""

import argparse
from collections.abc import Sequence

from llmq.chat.conversation import Chat, ChatSettings
from llmq.chat.free_lesson import FreeLesson
from llmq.chat.speaking import ModelSpeaker
from llmq.chat.terminal.lesson import Lesson
from llmq.errors import LessonError

WITHOUT_LESSON = ("profile", "course", "session", "resume")


def lesson_of(
    arguments: argparse.Namespace, speaker: ModelSpeaker, remarks: Sequence[str]
) -> Lesson:
    """A lesson as it is asked for, whose replies `speaker` words."""
    for name in WITHOUT_LESSON:
        if getattr(arguments, name):
            raise LessonError(f"--{name}: this chat has no course, and nothing of it is kept")
    settings = ChatSettings(arguments.system, speaker.sampling, arguments.max_tokens)
    return FreeLesson(Chat(speaker.model, settings), remarks)
