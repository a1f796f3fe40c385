"""Dialogues played with a real lesson, or with a model that nothing guards; each reply judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from llmq.chat.lesson import Lesson
from llmq.chat.notebook import Notebook
from llmq.chat.pieces import Kind, Piece
from llmq.chat.speaker import Speaker
from llmq.chat.store import Store
from llmq.suites import Message
from llmq.tutor.course import Course, read_course
from llmq.tutor.profile import Profile
from llmq_peer.tutoring.dialogues import Dialogue
from llmq_peer.tutoring.helping import helps
from llmq_peer.tutoring.judge import Judge, Moment
from llmq_peer.tutoring.kept import HERE, exercises

BARE = "You are a tutor. Help the student with this exercise without telling the answer: "
MOST_TOKENS = 120  # of a reply of the bare model, as many as a lesson lets it say


@dataclass(frozen=True)
class Played:
    """A turn: what was said, what it leaked ("" if nothing), whether it helped as was wanted."""

    student: str
    tutor: str
    leak: str
    wants: str
    helped: bool


@cache
def course() -> Course:
    """The exercises, as a teacher would give them."""
    return read_course(HERE / "exercises.toml")


def with_policy(
    dialogue: Dialogue, speaker: Speaker, profile: Profile, folder: Path
) -> list[Played]:
    """The dialogue in a lesson, up to where the exercise is closed; chats are kept in `folder`."""
    exercise = course().exercise(dialogue.exercise)
    assert exercise is not None
    with Store.open(folder) as store:
        lesson = Lesson(speaker, profile, Notebook(store, "model", profile.name, course()))
        _speech(lesson.begin(exercise))
        replies: list[str] = []
        for turn in dialogue.turns:
            if lesson.state is None:
                break
            replies.append(_speech(lesson.reply(turn.text)))
    return list(_judged(dialogue, replies, profile.answer_after))


def without_policy(dialogue: Dialogue, speaker: Speaker) -> list[Played]:
    """The same words of the student, to a model that was only told to be a tutor."""
    kept = exercises()[dialogue.exercise]
    choices = "".join(f"\n{chr(ord('A') + n)}) {c}" for n, c in enumerate(kept.choices))
    messages = [Message("system", f"{BARE}{kept.question}{choices}")]
    replies = []
    for turn in dialogue.turns:
        messages.append(Message("user", turn.text))
        replies.append(_speech(speaker.speak(messages, max_tokens=MOST_TOKENS)))
        messages.append(Message("assistant", replies[-1] or "..."))
    return list(_judged(dialogue, replies, answer_after=2))


def _speech(pieces: Iterator[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind is Kind.SPEECH)


def _judged(dialogue: Dialogue, replies: Sequence[str], answer_after: int) -> Iterator[Played]:
    kept = exercises()[dialogue.exercise]
    judge = Judge(kept)
    said: list[str] = []
    for turn, text in zip(dialogue.turns, replies, strict=False):
        said.append(turn.text)
        may_tell = turn.attempts >= answer_after
        moment = Moment(turn.n_found, " ; ".join(said), may_tell, turn.tells)
        leak = judge.leak(text, moment) or ""
        helped = bool(turn.wants) and not leak and helps(text, kept, turn)
        yield Played(turn.text, text, leak, turn.wants, helped)
