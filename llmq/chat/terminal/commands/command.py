"""What a command is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from llmq.chat.terminal.talk import Talk

Words = Callable[[Talk], Mapping[str, str]]


def nothing(_talk: Talk) -> Mapping[str, str]:
    """No words to complete."""
    return {}


def any_words(_words: str) -> bool:
    """What follows may be anything."""
    return True


@dataclass(frozen=True)
class Command:
    """A word behind a slash.

    `words` shows what may follow it: nothing where it is empty, in brackets what may be left out.
    `completion` gives the first of these words, each with what it means; `accepts` says whether
    what follows makes it this command at all, and not a message that begins like it.
    """

    name: str
    words: str
    help: str
    run: Callable[[Talk, str], None]
    completion: Words = nothing
    accepts: Callable[[str], bool] = any_words

    def fits(self, words: str) -> bool:
        """Whether `words` can follow it."""
        return not words or (bool(self.words) and self.accepts(words))

    def obey(self, talk: Talk, words: str) -> None:
        """Run it, or say what it needs."""
        if not words and self.words and not self.words.startswith("["):
            talk.screen.remark(f"{self.name} {self.words}: {self.help}")
        else:
            self.run(talk, words)
