"""The command line: one table of verbs, each a file of `llmq.verbs`, imported when it is used."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NamedTuple, NoReturn

from llmq.errors import LlmqError, printable
from llmq.version import __version__


class Verb(NamedTuple):
    """A verb: its name, one line of help, and the module with `add_arguments` and `run`."""

    name: str
    help: str
    module: str


VERBS = (
    Verb("convert", "turn a model into a quantized GGUF file", "llmq.verbs.convert"),
    Verb("inspect", "show what a GGUF file or a checkpoint folder holds", "llmq.verbs.inspect"),
    Verb("drift", "measure how far a quantized model moved from its base", "llmq.verbs.drift"),
    Verb("chat", "talk to a tutor, offline", "llmq.verbs.chat"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `llmq`; the exit code is 0 for done, 1 for an error, 2 for wrong usage."""
    # Nothing here multiplies matrices; a pool of idle threads per worker would only take memory.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        parsed = _parser(given).parse_args(given)
        code: int = importlib.import_module(parsed.module).run(parsed)
        sys.stdout.flush()
    except LlmqError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        return _failed("stopped by Ctrl-C")
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        _drop_output()
        return 1
    except RecursionError:  # a file of lists in lists in lists
        return _failed("something in the input is nested too deeply")
    except OSError as error:  # what no other place knows by name, such as output to a full disk
        _drop_output()
        return _failed(f"{error.filename or 'the output'}: {error.strerror}")
    return code


def _failed(message: str) -> int:
    # Names in messages come from strangers' files.
    print(f"llmq: {printable(message)}", file=sys.stderr)
    return 1


def _prepare_streams() -> None:
    """Make the standard streams exist, and no character stop them."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller (`>&-`); opening takes the lowest free number
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  # it stays open
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace" if name == "stdin" else "backslashreplace")


def _drop_output() -> None:
    """Point standard output nowhere, so that what is still buffered raises nothing at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors quote what was given, as names of strangers' files, in safe letters."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; only the verb that is asked for is imported to add its arguments."""
    parser = _Parser(
        prog="llmq",
        description="Put a tutor on a student's own device: convert, prove, chat.",
    )
    parser.add_argument("--version", action="version", version=f"llmq {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        sentence = f"{verb.help[0].upper()}{verb.help[1:]}."
        subparser = verbs.add_parser(verb.name, help=verb.help, description=sentence)
        subparser.set_defaults(module=verb.module)
        if verb.name in given[:1]:
            importlib.import_module(verb.module).add_arguments(subparser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
