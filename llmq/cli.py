"""The command line: finds the verb, runs it, and turns what is raised into a line."""

import importlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from llmq.errors import LlmqError, printable
from llmq.processors import step_back
from llmq.spelling import did_you_mean
from llmq.verbs import VERBS
from llmq.version import __version__

PATIENT = (
    "drift",
    "gate",
    "calibrate",
)  # compute for minutes, beside which a chat shall stay usable
PURPOSE = "llmq puts a tutor on a student's own device: convert, prove, chat."
SESSION = """\
a first session, with a model saved in the folder my-tutor:
  llmq convert my-tutor
  llmq drift my-tutor my-tutor-Q4_K_M.gguf
  llmq chat my-tutor-Q4_K_M.gguf"""
MORE = (
    '"llmq help COMMAND" explains a command and its options, "llmq --version" tells the versions.'
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `llmq`; the exit code is 0 for done, 1 for an error, 2 for wrong usage.

    A verb may have codes of its own for what it finds, and for an error (`Verb.error_code`).
    """
    # Each process is one of several; and the last bits of a product depend on how many share in it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    wrong = next((verb.error_code for verb in VERBS if [verb.name] == given[:1]), 1)
    try:
        code = _run(given, as_program=arguments is None)
        sys.stdout.flush()
    except LlmqError as error:
        return _failed(str(error), code=wrong)
    except KeyboardInterrupt:
        return _failed("stopped by Ctrl-C", code=wrong)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        _drop_output()
        return wrong
    except RecursionError:  # a file of lists in lists in lists
        return _failed("something in the input is nested too deeply", code=wrong)
    except OSError as error:  # what no other place knows by name, such as output to a full disk
        _drop_output()
        return _failed(f"{error.filename or 'the output'}: {error.strerror}", code=wrong)
    return code


def _run(given: list[str], *, as_program: bool) -> int:
    """Do what the first word says; `help VERB` is `VERB --help`."""
    if given[:1] == ["help"]:
        given = [*given[1:2], "--help"]
    word = given[0] if given else "help"
    if word in ("-h", "--help", "help"):
        print(overview())
        return 0
    if word in ("-V", "--version"):
        print(versions())
        return 0
    verb = next((verb for verb in VERBS if verb.name == word), None)
    if verb is None:
        return _no_such_verb(word)
    from llmq.verbs.parsers import parser_of

    parsed = parser_of(verb).read(given[1:])
    if verb.name in PATIENT and as_program:
        step_back()
    code: int = importlib.import_module(verb.module).run(parsed)
    return code


def overview() -> str:
    """What `llmq` alone says, as wide as the terminal."""
    from llmq.verbs.tables import aligned, terminal_width, wrapped

    width = terminal_width(sys.stdout)
    verbs = [("  command", "what it does"), *((f"  {verb.name}", verb.help) for verb in VERBS)]
    table = aligned(verbs, "<~", width)
    lines = [*wrapped(PURPOSE, width), "", *table, "", SESSION, "", *wrapped(MORE, width)]
    return "\n".join(lines)


def versions() -> str:
    """The version, and those of what its results depend on."""
    from importlib.metadata import version

    return (
        f"llmq {__version__} (Python {sys.version.split()[0]}, NumPy {version('numpy')},"
        f" llama-cpp-python {version('llama-cpp-python')})"
    )


def _no_such_verb(word: str) -> int:
    if word.startswith("-"):
        hint = "options come after the command, as in llmq convert my-tutor --recipe Q8_0"
        return _failed(f"there is no option {word} here; {hint}", code=2)
    names = [*(verb.name for verb in VERBS), "help"]
    hint = did_you_mean(word.lower(), names, otherwise=f"there are {', '.join(names)}")
    return _failed(f"there is no command {word!r}; {hint}", code=2)


def _failed(message: str, *, code: int = 1) -> int:
    # Names in messages come from strangers' files.
    print(f"llmq: {printable(message)}", file=sys.stderr)
    return code


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


if __name__ == "__main__":
    sys.exit(main())
