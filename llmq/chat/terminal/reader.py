"""What the loop asks of whoever reads what is typed."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol


class Reader(Protocol):
    """A keyboard, or the lines of a script."""

    @property
    def is_person(self) -> bool:
        """Whether somebody types: an error ends a script, but no talk."""
        ...

    @property
    def has_clipboard(self) -> bool:
        """Whether a terminal listens that can be asked to fill the clipboard."""
        ...

    def read(self) -> str | None:
        """The next message or command; None where there is no more. Ctrl-C raises."""
        ...

    def ask(self, question: str) -> str:
        """An answer to the program's question; empty where nobody can answer."""
        ...

    def edit(self, text: str) -> str | None:
        """The text as it is after editing; None where nothing can be edited here."""
        ...

    def speaking(self) -> AbstractContextManager[None]:
        """In here a reply comes: Ctrl-C raises, and what is typed waits unseen."""
        ...

    def forget(self) -> None:
        """Delete the history of what was typed, in this chat and before."""
        ...

    def keep_nothing(self, said: Collection[str]) -> None:
        """Delete what was typed in this chat from the history, and add nothing to it.

        `said` is what was said in it also before it was gone on with.
        """
        ...
