"""The loop of a chat: read, obey a command or show the reply, until there is no more."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmq.chat.terminal.commands import completions, find, remark_on
from llmq.chat.terminal.keyboard import CtrlC
from llmq.chat.terminal.lesson import Lesson
from llmq.chat.terminal.plain import Piped, Typed
from llmq.chat.terminal.showing import Screen, is_terminal
from llmq.chat.terminal.talk import Talk
from llmq.errors import LlmqError, ModelError

GREETING = "{name}: Ctrl-C stops a reply, /help shows the commands"
HOW_TO_END = "/quit or Ctrl-D ends the chat"


def converse(
    lesson: Lesson, *, name: str, plain: bool = False, history: Path | None = None
) -> None:
    """Talk until the student leaves or the input ends; a model's error ends a script, but no talk.

    `name` is the model's; `history` the file that keeps what was typed.
    """
    with _opened(lesson, plain=plain, history=history) as talk:
        if talk.reader.is_person:
            talk.screen.remark(GREETING.format(name=name))
        for note in lesson.notes():
            talk.screen.remark(f"note: {note}")
        while not talk.is_over:
            _turn(talk)


@contextmanager
def _opened(lesson: Lesson, *, plain: bool, history: Path | None) -> Iterator[Talk]:
    """The talk in the way that fits who types and who reads."""
    if not sys.stdin.isatty():
        yield Talk(lesson, Screen(answers_aside=True), Piped())
        return
    with CtrlC() as ctrl_c:
        if plain or not is_terminal():
            yield Talk(lesson, Screen(by_sentence=True), Typed(ctrl_c))
            return
        from llmq.chat.terminal.prompt import Prompt  # which a script does without

        styled = not os.environ.get("NO_COLOR")
        prompt = Prompt(ctrl_c, lambda text: completions(talk, text), history, styled=styled)
        talk = Talk(lesson, Screen(styled=styled, wraps=True), prompt)
        with prompt.opened():
            yield talk


def _turn(talk: Talk) -> None:
    try:
        text = talk.reader.read()
        if text is None:
            talk.is_over = True
        elif text:
            _respond(talk, text)
    except KeyboardInterrupt:
        talk.screen.remark(HOW_TO_END)
    except LlmqError as error:
        if not talk.reader.is_person and isinstance(error, ModelError):
            raise
        talk.screen.remark(str(error))


def _respond(talk: Talk, text: str) -> None:
    """Obey a command; what else begins with / is a message."""
    if found := find(text):
        command, words = found
        command.obey(talk, words)
        return
    if remark := remark_on(text):
        talk.screen.remark(remark)
    talk.speak(talk.lesson.reply(text))
