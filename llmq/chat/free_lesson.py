"""A lesson without a course: the model answers as it likes, and nothing is kept."""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from llmq.chat.conversation import Chat
from llmq.chat.pieces import Kind, Piece
from llmq.chat.session import Session
from llmq.errors import LessonError, one_line

NO_COURSE = "this chat has no course and no problems"
NOT_KEPT = "nothing of this chat is kept"
NOTHING_SAID = "nothing has been said yet"


@dataclass(frozen=True)
class Turn:
    """A turn, as it was shown."""

    role: str
    shown: str


@dataclass(frozen=True)
class ContextUse:
    """The meter, in tokens."""

    used: int
    limit: int
    parts: tuple[tuple[str, int], ...]


class FreeLesson:
    """An open chat, as the terminal asks for it."""

    profile_name = "none"
    private = True

    def __init__(self, chat: Chat, remarks: Sequence[str] = ()) -> None:
        self._chat = chat
        self._remarks = remarks
        self.last_thought = ""

    @property
    def system(self) -> str:
        """The system text."""
        return self._chat.settings.system

    @system.setter
    def system(self, text: str) -> None:
        said = self._chat.session.messages
        n_system = 1 if said and said[0].role == "system" else 0
        self._chat.settings = replace(self._chat.settings, system=text)
        begun = Session.begin(text).messages
        self._chat.session = Session((*begun, *said[n_system:]))

    @property
    def transcript(self) -> list[Turn]:
        """What was said."""
        return [Turn(m.role, m.content) for m in self._chat.session.messages if m.role != "system"]

    def notes(self) -> Iterator[str]:
        """What the model leaves to be desired."""
        return iter(self._remarks)

    def reply(self, text: str) -> Generator[Piece, None, None]:
        """The model's reply."""
        thoughts: list[str] = []
        try:
            for piece in self._chat.reply(text):
                if piece.kind is Kind.THOUGHT:
                    thoughts.append(piece.text)
                yield piece
        finally:
            self.last_thought = "".join(thoughts).strip()

    def regenerate(self) -> Generator[Piece, None, None]:
        """The same once more."""
        return self.edit(self._last_asked())

    def edit(self, text: str) -> Generator[Piece, None, None]:
        """The same with another text."""
        self._last_asked()
        said = self._chat.session.messages
        last = max(i for i, message in enumerate(said) if message.role == "user")
        self._chat.session = Session(said[:last])
        return self.reply(text)

    def explain(self, text: str) -> Generator[Piece, None, None]:
        """No problem is beside it."""
        return self.reply(text)

    def hint(self) -> Generator[Piece, None, None]:
        """There is no problem."""
        raise LessonError(NO_COURSE)

    def check(self, text: str) -> Generator[Piece, None, None]:
        """There is no problem."""
        raise LessonError(
            f"{NO_COURSE}, so there is nothing to hold {one_line(text, 40)!r} against"
        )

    pose = check
    next_problem = review = retry = hint

    def close_problem(self) -> None:
        """None is open."""

    def new(self) -> None:
        """Nothing has been said."""
        self._chat.session = Session.begin(self.system)

    reset = new

    def compact(self) -> Iterable[Piece]:
        """What does not fit is left out by itself."""
        return ()

    def progress(self) -> list[tuple[str, ...]]:
        """There is no course."""
        raise LessonError(NO_COURSE)

    def why(self) -> str:
        """There is no course."""
        raise LessonError(NO_COURSE)

    def context_use(self) -> ContextUse:
        """The meter."""
        model, said = self._chat.model, self._chat.session.messages
        used = len(model.prompt(said)) if self.transcript else 0
        return ContextUse(used, model.n_ctx, (("turns", used),))

    def stats(self) -> list[tuple[str, ...]]:
        """What the context holds."""
        use = self.context_use()
        return [("what", "figure"), ("context", f"{use.used} of {use.limit} tokens")]

    def about_model(self) -> list[tuple[str, ...]]:
        """Its name and context."""
        model = self._chat.model
        return [("what", "value"), ("file", model.path.name), ("context", f"{model.n_ctx} tokens")]

    def use_profile(self, name: str) -> None:
        """There is none."""
        raise LessonError(f"there is no profile {name!r} for a chat without a course")

    def values(self) -> Mapping[str, str]:
        """What can be set."""
        settings = self._chat.settings
        return {
            "temperature": f"{settings.sampling.temperature:g}",
            "max-tokens": str(settings.max_tokens),
        }

    def change(self, name: str, text: str) -> None:
        """Set it."""
        settings = self._chat.settings
        try:
            value = float(text)
        except ValueError:
            value = -1
        if name == "max-tokens" and 1 <= value <= 2**31 - 1:
            self._chat.settings = replace(settings, max_tokens=int(value))
        elif name == "temperature" and 0 <= value <= 5:
            sampling = replace(settings.sampling, temperature=value)
            self._chat.settings = replace(settings, sampling=sampling)
        else:
            raise LessonError(f"{name}: {text!r} is not a value for it")

    def sessions(self) -> list[tuple[str, ...]]:
        """None is kept."""
        return [("name",)]

    def resume(self, name: str | None) -> None:
        """Nothing is kept."""
        raise LessonError(f"{NOT_KEPT}, so there is no {name or 'earlier'} chat")

    save = resume

    def export(self, form: str) -> str:
        """The turns as Markdown or JSON."""
        if form == "json":
            turns = [{"role": turn.role, "text": turn.shown} for turn in self.transcript]
            return json.dumps(turns, ensure_ascii=False, indent=1) + "\n"
        return "".join(f"**{turn.role}:** {turn.shown}\n\n" for turn in self.transcript)

    def forget(self, *, everything: bool) -> None:
        """Forget what was said; nothing else is kept."""
        del everything
        self.new()

    def go_private(self) -> None:
        """It is."""

    def _last_asked(self) -> str:
        asked = [turn.shown for turn in self.transcript if turn.role == "user"]
        if not asked:
            raise LessonError(NOTHING_SAID)
        return asked[-1]
