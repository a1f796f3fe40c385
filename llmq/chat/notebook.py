"""What a lesson writes down: its turns, where the student stands, what the student masters.

It is written when a turn is whole. Without a folder everything stays in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from llmq.chat.store import SessionRecord, Store
from llmq.chat.store.export import exported
from llmq.chat.turns import Turn
from llmq.errors import LessonError
from llmq.tutor.course import Course
from llmq.tutor.learner import Learner
from llmq.tutor.state import State


@dataclass
class Notebook:
    """The store, the session that is open in it, and the names that it is kept under."""

    store: Store
    model: str
    profile: str
    course: Course
    name: str = ""
    record: SessionRecord | None = None

    def learner(self) -> Learner:
        """What is known of the student in this course."""
        kept = self.store.learner(self.course.name)
        parameters = self.course.parameters
        return Learner.from_json(kept, parameters) if kept else Learner(parameters=parameters)

    def write(self, turns: Sequence[Turn], state: State | None, learner: Learner) -> None:
        """Keep these turns, and where the student stands after them."""
        record = self._opened()
        for turn in turns:
            self.store.add_turn(record.id, turn.role, turn.shown, kind=turn.kind)
        self.store.save_state(record.id, state.to_json() if state else "null")
        self.store.save_learner(self.course.name, learner.to_json())

    def take_back(self, n_left: int) -> None:
        """Keep only the first `n_left` turns."""
        if self.record is not None:
            turns = self.store.turns(self.record.id)
            if len(turns) > n_left:
                self.store.drop_turns(self.record.id, turns[n_left].n)

    def close(self) -> None:
        """What follows is another session."""
        self.record, self.name = None, ""

    def read(self, name: str | None) -> tuple[list[Turn], State | None]:
        """The turns of an earlier session, the latest without a name, which now goes on."""
        record = self.store.find(name) if name else self.store.latest()
        if record is None:
            known = ", ".join(each.name for each in self.store.sessions()[:5])
            wanted = f"no session {name!r} is kept" if name else "no session is kept"
            raise LessonError(
                f"{wanted}; " + (f"there are {known}" if known else "say something first")
            )
        self.record, self.name = record, record.name
        turns = [Turn(each.role, each.text, kind=each.kind) for each in self.store.turns(record.id)]
        kept = self.store.state(record.id)
        return turns, None if kept in (None, "null") else State.from_json(kept or "")

    def save_as(self, name: str) -> None:
        """Give the session a name; what was said under another one is kept under this one."""
        if self.record is None:
            self.name = name
            return
        turns, state = self.store.turns(self.record.id), self.store.state(self.record.id)
        old, self.record, self.name = self.record, None, name
        record = self._opened()
        for turn in turns:
            self.store.add_turn(record.id, turn.role, turn.text, kind=turn.kind, at=turn.at)
        self.store.save_state(record.id, state or "null")
        self.store.forget(old.id)

    def forget(self, *, everything: bool) -> None:
        """Delete the session, or all of them and what is known of the student."""
        if everything:
            self.store.forget()
        elif self.record is not None:
            self.store.forget(self.record.id)
        self.record = None

    def go_private(self) -> None:
        """Delete what was kept of this session, and keep the rest in memory."""
        self.forget(everything=False)
        self.store.close()
        self.store = Store.open(None)

    def exported(self, form: str, turns: Sequence[Turn]) -> str:
        """The session as a document."""
        if not turns:
            raise LessonError("nothing has been said yet")
        return exported(self._opened(), self.store.turns(self._opened().id), form)

    def sessions(self) -> list[tuple[str, ...]]:
        """What is kept, the last used first."""
        rows = [
            (each.name, f"{each.used:%Y-%m-%d %H:%M}", str(each.n_turns), each.model)
            for each in self.store.sessions()
        ]
        return [("name", "last used", "turns", "model"), *rows]

    def _opened(self) -> SessionRecord:
        if self.record is None:
            self.record = self.store.begin(self.name, self.model, self.profile, self.course.name)
        return self.record


def now() -> datetime:
    """The time, for reviews."""
    return datetime.now(UTC)
