"""The command line: one table of verbs, each a file of `llmq.verbs`, imported when it is used."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from llmq import __version__
from llmq.errors import LlmqError


class Verb(NamedTuple):
    """A verb: its name, one line of help, and the module with `add_arguments` and `run`."""

    name: str
    help: str
    module: str


VERBS = (
    Verb("convert", "turn a checkpoint folder into a quantized GGUF file", "llmq.verbs.convert"),
    Verb("inspect", "show what a GGUF file or a checkpoint folder holds", "llmq.verbs.inspect"),
    Verb("drift", "measure how far a quantized model moved from its base", "llmq.verbs.drift"),
    Verb("chat", "talk to a tutor, offline", "llmq.verbs.chat"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `llmq`; the exit code is 0 for done, 1 for an error, 2 for wrong usage."""
    # Nothing here multiplies matrices; a pool of idle threads per worker would only take memory.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parsed = _parser(given).parse_args(given)
        code: int = importlib.import_module(parsed.module).run(parsed)
        sys.stdout.flush()
    except LlmqError as error:
        print(f"llmq: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("llmq: stopped by Ctrl-C", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; only the verb that is asked for is imported to add its arguments."""
    parser = argparse.ArgumentParser(
        prog="llmq",
        description="Put a tutor on a student's own device: convert, prove, chat.",
    )
    parser.add_argument("--version", action="version", version=f"llmq {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        subparser = verbs.add_parser(
            verb.name, help=verb.help, description=verb.help.capitalize() + "."
        )
        subparser.set_defaults(module=verb.module)
        if verb.name in given[:1]:
            importlib.import_module(verb.module).add_arguments(subparser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
