"""A lesson keeps the answer, whatever its model says, and helps, whatever it fails to say."""

from collections.abc import Iterator, Sequence

import pytest

from llmq.chat.lesson import SILENT, Lesson
from llmq.chat.notebook import Notebook
from llmq.chat.pieces import Kind, Piece
from llmq.chat.store import Store
from llmq.suites import Message
from llmq.tutor.course import built_in_course
from llmq.tutor.exercise import Exercise
from llmq.tutor.hints import authored
from llmq.tutor.profile import profile_named
from llmq.tutor.state import State

COURSE = built_in_course()
LEAKS = (
    "The answer is {key}.",
    "{key}",
    "It's {key}, of course!",
    "Think of it. Then you see: {work} = {value}. Next you get {key}.",
    "Sure! Hypothetically, x = {key}.",
    "Die Antwort ist {key}.",
    "```\nprint({key})\n```\n",
    "Its first digit is {digit}.",
    "It is one more than {less}.",
    "Yes, exactly!",
    "You are right.",
    "$$ {key} $$",
)


class Told:
    """Says what it is told to say, in small pieces."""

    n_ctx = 4096

    def __init__(self, text: str) -> None:
        self.text = text
        self.prompts: list[Sequence[Message]] = []

    def count(self, messages: Sequence[Message]) -> int:
        """Words, which are as good as tokens here."""
        return sum(len(message.content.split()) + 4 for message in messages)

    def speak(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Piece]:
        """The text."""
        self.prompts.append(messages)
        for start in range(0, min(len(self.text), 8 * max_tokens), 3):
            yield Piece(Kind.SPEECH, self.text[start : start + 3])


def lesson_of(speaker: Told) -> Lesson:
    notebook = Notebook(Store.open(None), "model", "socratic", COURSE)
    return Lesson(speaker, profile_named("socratic"), notebook)


def said(pieces: Iterator[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind is Kind.SPEECH)


def leak(form: str, exercise: Exercise) -> str:
    key, step = exercise.key, exercise.steps[0]
    whole = key.lstrip("-").isdigit()
    less = str(int(key) - 1) if whole else key
    facts = {"key": key, "work": step.work, "value": step.value, "digit": key[0], "less": less}
    return form.format(**facts)


@pytest.mark.parametrize("form", LEAKS)
def test_what_gives_the_answer_away_is_not_said(form: str) -> None:
    for exercise in COURSE.exercises[::24]:
        text = leak(form, exercise)
        lesson = lesson_of(Told(text))
        list(lesson.begin(exercise))
        for turn in ("I'm stuck", "What is a number?", "help me please"):
            state = lesson.state
            assert state is not None
            reply = said(lesson.reply(turn))
            hints = {authored(State(exercise, level=level)) for level in range(4)}
            rest = reply
            for hint in hints:
                rest = rest.replace(hint, "")
            assert exercise.key not in rest.split(), (turn, reply)
            assert text.strip() not in rest, (turn, reply)
        assert lesson.withheld


def test_an_authored_hint_follows_where_the_model_says_nothing_of_use() -> None:
    lesson = lesson_of(Told("Hm."))
    list(lesson.next_problem())
    assert lesson.state is not None
    hint = authored(lesson.state)
    assert said(lesson.reply("I'm stuck")).endswith(hint)


def test_the_verdict_is_the_verifiers_and_moves_the_mastery() -> None:
    lesson = lesson_of(Told("No, wrong!"))
    list(lesson.next_problem())
    assert lesson.exercise is not None
    pieces = list(lesson.reply(lesson.exercise.key))
    assert lesson.exercise is None
    assert any("mastery 30% -> " in piece.text for piece in pieces if piece.kind is Kind.REMARK)


def test_what_is_pinned_stands_in_every_prompt_and_no_key_does() -> None:
    speaker = Told("What comes first?")
    lesson = lesson_of(speaker)
    list(lesson.next_problem())
    assert lesson.exercise is not None
    for _ in range(60):
        list(lesson.reply("What is a sum? " + "really " * 60))
    question, key = lesson.exercise.question, lesson.exercise.key
    assert len(speaker.prompts) >= 60
    for prompt in speaker.prompts:
        assert question in prompt[0].content
        assert speaker.count(prompt) <= speaker.n_ctx
        assert key not in prompt[0].content.replace(question, "").split()


def test_a_lesson_goes_on_where_it_was() -> None:
    lesson = lesson_of(Told("What comes first?"))
    list(lesson.next_problem())
    list(lesson.reply("I'm stuck"))
    state, turns = lesson.state, [turn.shown for turn in lesson.transcript]
    other = Lesson(Told("Hm."), lesson.profile, lesson.notebook)
    other.resume(None)
    assert other.state == state
    assert [turn.shown for turn in other.transcript] == turns


@pytest.mark.parametrize(
    ("words", "is_enough"),
    [
        ("What is your first step?", False),
        ("You could multiply the two. Which two?", True),
        ("Multiply before you add.", False),
    ],
)
def test_words_that_do_not_help_are_followed_by_the_authored_hint(
    words: str, is_enough: bool
) -> None:
    lesson = lesson_of(Told(words))
    list(lesson.pose("12*21+19"))
    hint = "What do you get when you multiply?"
    assert (hint in said(lesson.reply("12*21 = 264"))) is not is_enough


def test_a_reply_that_says_a_sentence_again_ends_there() -> None:
    lesson = lesson_of(Told("Multiply first. Take your time. Multiply first. Now?"))
    list(lesson.pose("12*21+19"))
    reply = said(lesson.reply("12*21 = 264"))
    assert reply.count("Multiply first.") == 1
    assert "Take your time." in reply


def test_a_model_that_says_nothing_is_remarked_on_and_the_turn_is_taken_back() -> None:
    lesson = lesson_of(Told(" "))
    pieces = list(lesson.reply("Hello"))
    assert [piece.text for piece in pieces if piece.kind is Kind.REMARK] == [SILENT]
    assert lesson.transcript == []


def test_words_about_nothing_of_the_problem_are_not_shown() -> None:
    lesson = lesson_of(Told("Good thinking! A dog has four legs. Is it raining?"))
    list(lesson.pose("12*21+19"))
    assert "dog" not in said(lesson.reply("12*21 = 264"))
    lesson = lesson_of(Told("Good thinking! Which two do you multiply?"))
    list(lesson.pose("12*21+19"))
    assert "Good thinking! Which two do you multiply?" in said(lesson.reply("12*21 = 264"))


@pytest.mark.parametrize(
    "words",
    [
        "Multiply! [Say this to the student in your own words, in one or two short sentences: Go.",
        "Multiply! [This is about the open problem. Explain it in a few sentences.]",
        "Multiply! You say this to the student in your own words, please.",
    ],
)
def test_instructions_are_not_read_aloud(words: str) -> None:
    lesson = lesson_of(Told(words))
    list(lesson.pose("12*21+19"))
    reply = said(lesson.reply("12*21 = 264"))
    assert "Multiply!" in reply
    assert "[" not in reply
    assert "to the student" not in reply
