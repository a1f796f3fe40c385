"""`llmq modelfile`: what Ollama has to know of a GGUF file."""

import argparse
import sys
from pathlib import Path

from llmq.chat.modelfile import modelfile
from llmq.chat.session import DEFAULT_SYSTEM
from llmq.errors import OutputError, printable
from llmq.runtime import open_reader
from llmq.verbs.paths import check_gguf, typed

STEPS = """\
then:
  llmq modelfile tutor.gguf -o Modelfile
  ollama create tutor -f Modelfile
  ollama run tutor"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq modelfile`."""
    parser.epilog = STEPS
    parser.add_argument("file", metavar="FILE", type=Path, help="a GGUF file")
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write it to a file; default: print it"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    parser.add_argument(
        "--system", metavar="TEXT", default=DEFAULT_SYSTEM, help=f"default: {DEFAULT_SYSTEM!r}"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print or write it; remarks go to standard error."""
    check_gguf(arguments.file, use="llmq modelfile")
    output = Path(arguments.output) if arguments.output else None
    with open_reader(arguments.file) as reader:
        folder = output.parent if output else None
        text, remarks = modelfile(reader, folder=folder, system=arguments.system)
    for remark in remarks:
        print(f"note: {printable(remark)}", file=sys.stderr)
    if output is None:
        print(text, end="")
        return 0
    try:
        with output.open("w" if arguments.force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{output} exists; --force overwrites it") from None
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror})") from None
    name = arguments.file.stem.lower()
    print(f"{output}: ollama create {name} -f {typed(output)}", file=sys.stderr)
    return 0
