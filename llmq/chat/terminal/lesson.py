"""What the terminal asks of a lesson."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from llmq.chat.pieces import Piece

Table = Sequence[Sequence[str]]
"""Rows of words; the first holds the headings."""
Reply = Generator[Piece, None, None]


class Said(Protocol):
    """A turn, as it was shown."""

    @property
    def role(self) -> str:
        """`user` or `assistant`."""
        ...

    @property
    def shown(self) -> str:
        """Its text."""
        ...


class Use(Protocol):
    """The meter of the context, in tokens."""

    @property
    def used(self) -> int:
        """What the next prompt takes so far."""
        ...

    @property
    def limit(self) -> int:
        """What there is."""
        ...

    @property
    def parts(self) -> Sequence[tuple[str, int]]:
        """What it is used for."""
        ...


class Lesson(Protocol):
    """A lesson; whatever cannot be done raises a child of LlmqError with a line for the student."""

    system: str

    @property
    def transcript(self) -> Sequence[Said]:
        """What was said so far."""
        ...

    @property
    def profile_name(self) -> str:
        """How the tutor teaches."""
        ...

    @property
    def private(self) -> bool:
        """Whether nothing of it is kept."""
        ...

    @property
    def last_thought(self) -> str:
        """What the model wrote for itself before it last spoke."""
        ...

    def notes(self) -> Iterator[str]:
        """What is worth saying before the first turn."""
        ...

    def reply(self, text: str) -> Reply:
        """The tutor's reply; what was said stays said where it is closed before its end."""
        ...

    def hint(self) -> Reply:
        """Help with the open problem."""
        ...

    def explain(self, text: str) -> Reply:
        """A question beside the open problem."""
        ...

    def check(self, text: str) -> Reply:
        """Whether an answer or a step is right; it changes nothing."""
        ...

    def regenerate(self) -> Reply:
        """Another reply to the last turn."""
        ...

    def edit(self, text: str) -> Reply:
        """The reply to another wording of the student's last turn."""
        ...

    def pose(self, text: str) -> Reply:
        """The student's own problem, opened."""
        ...

    def next_problem(self) -> Reply:
        """The next problem of the course, opened."""
        ...

    def close_problem(self) -> None:
        """No problem is open any more."""
        ...

    def review(self) -> Reply:
        """A problem of a skill whose review is due."""
        ...

    def retry(self) -> Reply:
        """The open problem from its start."""
        ...

    def new(self) -> None:
        """A new session."""
        ...

    def reset(self) -> None:
        """This session from its start: what was said is forgotten."""
        ...

    def compact(self) -> Iterable[Piece]:
        """Make room in the context now."""
        ...

    def progress(self) -> Table:
        """What the student masters."""
        ...

    def why(self) -> str:
        """Why this problem."""
        ...

    def context_use(self) -> Use:
        """How full the context is."""
        ...

    def stats(self) -> Table:
        """How quickly the last reply came, and what the model takes."""
        ...

    def about_model(self) -> Table:
        """Which model speaks."""
        ...

    def use_profile(self, name: str) -> None:
        """Teach otherwise."""
        ...

    def values(self) -> Mapping[str, str]:
        """What can be set, and how it is set now."""
        ...

    def change(self, name: str, text: str) -> None:
        """Set one of `values`."""
        ...

    def sessions(self) -> Table:
        """What is kept of earlier sessions; the first column has their names."""
        ...

    def save(self, name: str) -> None:
        """Give this session a name."""
        ...

    def resume(self, name: str | None) -> None:
        """Go on with an earlier session, the latest where no name is given."""
        ...

    def export(self, form: str) -> str:
        """The transcript as `md`, `json` or `html`."""
        ...

    def forget(self, *, everything: bool) -> None:
        """Delete what is kept of this session, or of all and of what the student masters."""
        ...

    def go_private(self) -> None:
        """Keep nothing of this session, from its beginning."""
        ...
