"""The parsers of the command line: one for each verb, and one of all verbs for the shell.

argparse reads the options. Added here is how it speaks: one usage line that fits on a screen, an
error as one line that names the nearest option, and the way to the verb's help.
"""

import argparse
import importlib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from llmq.errors import printable
from llmq.spelling import did_you_mean
from llmq.verbs import VERBS, Verb


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help whose usage line leaves the options to the list below it."""

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(f"{prog} [options]", **settings)

    def add_usage(
        self,
        usage: str | None,
        actions: Any,
        groups: Any,  # noqa: ARG002  # argparse's signature
        prefix: str | None = None,
    ) -> None:
        """The line itself; without options there are no groups of them."""
        named = [action for action in actions if not action.option_strings]
        super().add_usage(usage, named, [], prefix)


class Parser(argparse.ArgumentParser):
    """The parser of a verb. Its errors quote what was given, which may be strangers', safely."""

    def read(self, given: Sequence[str]) -> argparse.Namespace:
        """What was given after the verb; leaves as argparse does where it is wrong."""
        found, surplus = self.parse_known_args(given)
        if surplus:
            self.error(self._on_surplus(surplus[0]))
        return found

    def _on_surplus(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word} is one argument too many"
        name = word.partition("=")[0]
        options = [option for action in self._actions for option in action.option_strings]
        return f"there is no option {name}{did_you_mean(name, options, found='; did you mean {}?')}"

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where the help is; the exit code is 2."""
        plain = re.sub(r"^argument ", "", message)
        self.exit(
            2,
            f"{self.format_usage()}{self.prog}: {printable(plain)}\n"
            f"every option: {self.prog.replace(' ', ' help ')}\n",
        )


def parser_of(verb: Verb) -> Parser:
    """The parser of one verb."""
    sentence = f"{verb.help[0].upper()}{verb.help[1:]}."
    parser = Parser(prog=f"llmq {verb.name}", description=sentence, formatter_class=_Help)
    importlib.import_module(verb.module).add_arguments(parser)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """All verbs with all their options, which completion is made of."""
    parser = argparse.ArgumentParser(prog="llmq")
    verbs = parser.add_subparsers()
    for verb in VERBS:
        module = importlib.import_module(verb.module)
        module.add_arguments(verbs.add_parser(verb.name, help=verb.help))
    verbs.add_parser("help", help="explain a command").add_argument(
        "verb", choices=[verb.name for verb in VERBS]
    )
    return parser
