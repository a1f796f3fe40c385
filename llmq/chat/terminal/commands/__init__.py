"""The commands of the chat: one table, in the order of `/help`. Only a known /word is a command."""

from collections.abc import Iterator

from llmq.chat.terminal.commands import keeping, settings, talking, teaching
from llmq.chat.terminal.commands.command import Command
from llmq.chat.terminal.talk import Talk
from llmq.errors import one_line
from llmq.spelling import did_you_mean

SHOWN = 40  # characters of a message in a remark


def _help(talk: Talk, words: str) -> None:
    chosen = [each for each in COMMANDS.values() if not words or each.name == _slashed(words)]
    rows = [(f"{each.name} {each.words}".strip(), each.help) for each in chosen]
    talk.screen.table([("command", "what it does"), *rows])


def _slashed(word: str) -> str:
    return f"/{word.removeprefix('/')}"


COMMANDS: dict[str, Command] = {
    each.name: each
    for each in (
        Command(
            "/help",
            "[COMMAND]",
            "show this list",
            _help,
            lambda _talk: {name.removeprefix("/"): each.help for name, each in COMMANDS.items()},
            lambda words: _slashed(words) in COMMANDS,
        ),
        *teaching.COMMANDS,
        *talking.COMMANDS,
        *keeping.COMMANDS,
        *settings.COMMANDS,
    )
}


def find(text: str) -> tuple[Command, str] | None:
    """The command that `text` is, and the words behind it."""
    if not text.startswith("/"):
        return None
    name, *rest = text.split(maxsplit=1)
    words = rest[0] if rest else ""
    command = COMMANDS.get(name)
    return (command, words) if command and command.fits(words) else None


def remark_on(text: str) -> str:
    """What to say of a message that looks like a command and is none; empty where nothing."""
    if not text.startswith("/"):
        return ""
    hint = did_you_mean(text.split(maxsplit=1)[0], COMMANDS)
    if not hint:
        return ""
    return f"{one_line(text, SHOWN)} is no command and goes to the tutor; {hint}"


def completions(talk: Talk, text: str) -> Iterator[tuple[str, str]]:
    """The words that may complete the last one of `text`, each with what it means."""
    if not text.startswith("/") or "\n" in text:
        return
    name, space, words = text.partition(" ")
    if not space:
        yield from (
            (each.name, each.help) for each in COMMANDS.values() if each.name.startswith(name)
        )
    elif name in COMMANDS:
        last = words.rpartition(" ")[2]
        found = COMMANDS[name].completion(talk)
        yield from (pair for pair in found.items() if pair[0].startswith(last))
