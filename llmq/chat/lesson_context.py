"""What of a lesson the model reads: who the tutor and the student are, the problem, the turns."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from llmq.chat.context import ContextUse, Fitted, Policy, Tell, compacted, context_use, fit
from llmq.chat.notebook import Notebook
from llmq.chat.pieces import Kind as Part
from llmq.chat.pieces import Piece
from llmq.chat.speaker import Speaker
from llmq.chat.turns import Turn
from llmq.suites import Message
from llmq.tutor.exercise import Exercise
from llmq.tutor.moves import Kind
from llmq.tutor.profile import Profile
from llmq.tutor.state import State

Reply = Generator[Piece, None, None]


@dataclass
class Settings:
    """What /set changes."""

    max_tokens: int = 512
    context_policy: Policy = Policy.SUMMARISE


class LessonContext:
    """What was said, and what of it is read: the lower half of a Lesson."""

    def __init__(self, speaker: Speaker, profile: Profile, notebook: Notebook) -> None:
        self.speaker = speaker
        self.profile = profile
        self.system = profile.persona.strip()
        self.notebook = notebook
        self.learner = notebook.learner()
        self.settings = Settings()
        self.state: State | None = None
        self.transcript: list[Turn] = []
        self.last_thought = ""
        self._first = 0  # of the turns that the model still reads
        self._earlier = ""
        self.tell: Tell | None = None  # who tells dropped turns in short; else they are quoted
        self._card_of: tuple[str, int] | None = None
        self._card = ""

    @property
    def exercise(self) -> Exercise | None:
        """The open one."""
        return self.state.exercise if self.state else None

    def context_use(self) -> ContextUse:
        """How full the context is."""
        return context_use(
            self.pinned(),
            self._messages(),
            count=self.speaker.count,
            limit=self.speaker.n_ctx,
            earlier=self._earlier,
        )

    def compact(self) -> Iterable[Piece]:
        """Make room in the context now."""
        turns = self._messages()
        if not turns:
            return []
        fitted = compacted(
            self.pinned(),
            turns,
            count=self.speaker.count,
            room=self._room(self.settings.max_tokens),
            summary=self.tell,
            earlier=self._earlier,
        )
        return self._dropped(fitted)

    def pinned(self) -> list[Message]:
        """What stands in every prompt: who the tutor is, who the student is, the open problem."""
        # The same card for a whole problem: a prompt that begins otherwise is read from its start.
        now = (self.exercise.id if self.exercise else "", self._first)
        if self._card_of != now:
            self._card_of, self._card = now, self._written_card()
        parts = [self.system, self._card]
        if self.exercise:
            parts.append(f"The open problem: {self.exercise.question}")
        text = "\n".join(part for part in parts if part)
        return [Message("system", text)] if text else []

    def _written_card(self) -> str:
        """The learner card: what the student masters, in a line."""
        skills = [skill for skill in self.notebook.course.skills if self.learner.attempts(skill.id)]
        known = ", ".join(f"{s.name} {self.learner.mastery(s.id):.0%}" for s in skills[:8])
        return f"What the student masters so far: {known}." if known else ""

    def _spoken(self, asked: Turn, max_tokens: int) -> Reply:
        """What the model says to it, and the remark of a context that was nearly full."""
        fitted = fit(
            self.pinned(),
            [*self._messages(), asked.message],
            count=self.speaker.count,
            room=self._room(max_tokens),
            policy=self.settings.context_policy,
            summary=self.tell,
            earlier=self._earlier,
        )
        yield from self._dropped(fitted)
        thoughts: list[str] = []
        for piece in self.speaker.speak(fitted.messages, max_tokens=max_tokens):
            if piece.kind is Part.THOUGHT:
                thoughts.append(piece.text)
            yield piece
        self.last_thought = "".join(thoughts).strip() if self.state is None else ""

    def _messages(self) -> list[Message]:
        """What the model still reads of the turns, from a student's on."""
        return [message for _, message in self._read()]

    def _read(self) -> list[tuple[int, Message]]:
        """The same, each with the place of its first turn in the transcript.

        A turn without effort and the hint to it are left out: they would teach the model nothing,
        and many of them would keep the student waiting when it reads them all at once.
        """
        read: list[tuple[int, Message]] = []
        asked = ""
        for place, turn in enumerate(self.transcript[self._first :], self._first):
            asked = turn.kind if turn.role == "user" or turn.kind else asked
            if asked == Kind.NUDGE or not (read or turn.role == "user"):
                continue
            if read and read[-1][1].role == turn.role:  # templates want both in turn
                text = f"{read[-1][1].content}\n\n{turn.message.content}"
                read[-1] = (read[-1][0], Message(turn.role, text))
            else:
                read.append((place, turn.message))
        return read

    def _room(self, max_tokens: int) -> int:
        """The tokens of a prompt that leaves so many to the reply, or a quarter of the context."""
        return self.speaker.n_ctx - min(max_tokens, self.speaker.n_ctx // 4)

    def _dropped(self, fitted: Fitted) -> list[Piece]:
        if fitted.n_dropped:
            places = [place for place, _ in self._read()]
            self._first = (*places, len(self.transcript))[min(fitted.n_dropped, len(places))]
            self._earlier = fitted.summary
        return [Piece(Part.REMARK, fitted.remark)] if fitted.remark else []
