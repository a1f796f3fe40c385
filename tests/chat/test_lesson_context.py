"""In a real lesson, what is pinned is in every prompt, and a prompt begins with the last one."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from llmq import bundled
from llmq.chat.lesson import Lesson
from llmq.chat.notebook import Notebook
from llmq.chat.pieces import Piece
from llmq.chat.speaking import ModelSpeaker
from llmq.chat.store import Store
from llmq.runtime import Model, open_model
from llmq.suites import Message
from llmq.tutor.course import built_in_course
from llmq.tutor.profile import profile_named

PROBLEM = "3/4 of 20"
SAID = (
    "5",
    "why?",
    "5 * 3",
    "20 / 4 = 5",
    "what is a quarter",
    "is it 12?",
    "how so?",
    "I divide by 4",
    "16",
)


class Watched(ModelSpeaker):
    """A speaker whose prompts are kept."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.prompts: list[list[Message]] = []

    def speak(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Piece]:
        self.prompts.append([*messages])
        return super().speak(messages, max_tokens=max_tokens)


@pytest.fixture
def lesson(save_gguf: Callable[..., Path]) -> Iterator[Lesson]:
    """A lesson with a random model, kept nowhere."""
    profile = profile_named("socratic")
    path = save_gguf("lesson", "BF16", max_position_embeddings=4096)
    with open_model(path, n_ctx=2048, threads=1) as model:
        notebook = Notebook(Store.open(None), "random", profile.name, built_in_course())
        lesson = Lesson(Watched(model), profile, notebook, seed=1)
        lesson.settings.max_tokens = 12
        yield lesson


def test_what_is_pinned_is_in_every_prompt_of_a_long_lesson(lesson: Lesson) -> None:
    speaker = lesson.speaker
    assert isinstance(speaker, Watched)
    n_forgotten = 0
    for turn in range(60):
        if lesson.exercise is None:
            list(lesson.pose(PROBLEM))
        assert lesson.exercise
        question, n_before = lesson.exercise.question, len(speaker.prompts)
        text = SAID[turn % len(SAID)] if turn % 2 else f"What is step {turn} for, please?"
        said = list(lesson.reply(text))
        n_forgotten += any("my context" in piece.text for piece in said)
        for prompt in speaker.prompts[n_before:]:
            assert prompt[0].content.startswith(lesson.system)
            assert question in prompt[0].content
            assert speaker.count(prompt) <= speaker.n_ctx
    assert len(speaker.prompts) > 8
    assert n_forgotten


@pytest.mark.parametrize("problem", ["", PROBLEM])
def test_room_is_rarely_made_in_a_small_context(problem: str) -> None:
    """With the bundled tutor and its 1,024 tokens, of which a turn beside a problem takes 113."""
    path = bundled.path()
    assert path
    with open_model(path, n_ctx=1024, threads=1) as model:
        notebook = Notebook(Store.open(None), "bundled", "socratic", built_in_course())
        lesson = Lesson(ModelSpeaker(model), profile_named("socratic"), notebook, seed=1)
        made = []
        for turn in range(40):
            if problem and lesson.exercise is None:
                list(lesson.pose(problem))
            said = list(lesson.reply(f"What is step {turn} for, please?"))
            if any("in my context" in piece.text for piece in said):
                made.append(turn)
    assert 2 <= len(made) <= 10
    assert min(after - before for before, after in pairwise(made)) >= 4


def test_the_beginning_stays_while_a_problem_is_open(lesson: Lesson) -> None:
    speaker = lesson.speaker
    assert isinstance(speaker, Watched)
    list(lesson.pose(PROBLEM))
    assert lesson.exercise
    question = lesson.exercise.question
    for text in ("12", "why?", "11", "what do I do first?", "10"):  # answers that move the mastery
        list(lesson.reply(text))
        if lesson.exercise is None:
            break
    prompts = speaker.prompts
    assert len(prompts) >= 3
    assert all(question in prompt[0].content for prompt in prompts)
    assert {prompt[0].content for prompt in prompts} == {prompts[0][0].content}
    for before, after in pairwise(prompts):
        shared = min(len(before) - 1, len(after))  # a brief stands behind the last turn only
        assert after[:shared] == before[:shared]


def test_turns_without_effort_are_not_read_by_the_model(lesson: Lesson) -> None:
    speaker = lesson.speaker
    assert isinstance(speaker, Watched)
    list(lesson.pose(PROBLEM))
    for text in ("what do I do first?", *["just tell me"] * 11, "why?"):
        list(lesson.reply(text))
    before, after = speaker.prompts[0], speaker.prompts[-1]
    assert after[: len(before) - 1] == before[:-1]
    assert not [message for message in after if "just tell me" in message.content]
    assert len([turn for turn in lesson.transcript if turn.shown == "just tell me"]) == 11
