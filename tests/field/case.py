"""What a case is: a base, what is done to its folder, and what is right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.field.bases import Base
from tests.field.folder import Step


@dataclass(frozen=True)
class Converts:
    """The folder converts, and llama.cpp then does what transformers does with the folder."""

    notes: tuple[str, ...] = ()
    """Words that the notes hold."""
    unsaid: tuple[str, ...] = ()
    """Words that no note holds."""
    as_before: bool = False
    """transformers cannot read the folder as it is: the folder before the steps is compared."""
    ends: tuple[str, ...] = ()
    """Tokens that end a reply besides those of transformers' generation settings."""
    around: bool = True
    """Whether the tokens that are put around a text are the same."""
    prompts: bool = True
    """Whether transformers' rendering of a chat is compared."""


@dataclass(frozen=True)
class Refused:
    """One line, which holds these words."""

    words: tuple[str, ...]


def refused(*words: str) -> Refused:
    """The refusal whose line holds these words."""
    return Refused(words)


@dataclass(frozen=True)
class Case:
    """One folder of the field."""

    name: str
    base: Base
    steps: tuple[Step, ...] = ()
    right: Converts | Refused = Converts()
    model: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the random model that is saved."""
    folder: str = "model"
    """What the folder is called."""
    known_only: bool = False
    """Texts with characters that are no token are left out."""

    @property
    def n_texts(self) -> int:
        """The texts to try; the first are one of each sample, from words to emoji."""
        return 1200 if self.known_only else 320
