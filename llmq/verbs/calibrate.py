"""`llmq calibrate`: what reaches a model's matrices on text like that which it will read."""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np

from llmq.calibration.file import write_calibration
from llmq.calibration.text import (
    LEAST_WINDOW,
    SUITES,
    TOKENS,
    WINDOW,
    CalibrationTokens,
    Portion,
    builtin_portions,
    calibration_tokens,
    check_folder,
)
from llmq.calibration.torch_extra import check_installed
from llmq.drift import chosen_suite
from llmq.errors import CalibrationError, LlmqError, printable
from llmq.interrupts import endings_raise
from llmq.outputs import check_place, default_name, hidden_beside, output_path
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq.verbs.arguments import count_argument
from llmq.verbs.calibrate_plan import as_json, notes_on, print_plan
from llmq.verbs.convert_report import tell_notes
from llmq.verbs.models import model_here
from llmq.verbs.paths import check_exists, check_suite
from llmq.verbs.progress import layers_bar
from llmq.verbs.tables import shown
from llmq_eval.drift import BUILTIN_SUITES
from llmq_eval.text import read_text

SHARES = """\
--suite and --text can be given many times, each with its share behind the
last "=":
  llmq calibrate my-tutor --suite tutoring=3 --text notes.txt=1
takes three quarters of the tokens from the one and a quarter from the other;
without a number, a share is 1. (A file whose own name ends so, notes=2, is
given as notes=2=1.)"""

Given = tuple[str, str, float]  # the option, a name, and its share


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq calibrate`."""
    parser.epilog = SHARES
    parser.add_argument("model", metavar="MODEL", type=Path, help="a checkpoint folder")
    built_in = ", ".join(BUILTIN_SUITES)
    for option, name, what in (
        ("--suite", "NAME|FILE", f"dialogues: built-in ones ({built_in}) or a JSONL file"),
        ("--text", "FILE", "plain text, such as a book that it teaches from"),
    ):
        parser.add_argument(
            option,
            dest="sources",
            action="append",
            type=_given_by(option),
            metavar=f"{name}[=SHARE]",
            help=f"{what}; without any, {' and '.join(SUITES)}",
        )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="a file or a folder; default: {name}-calib.gguf"
    )
    parser.add_argument(
        "--tokens",
        type=count_argument,
        default=TOKENS,
        metavar="N",
        help=f"how many, words or pieces of words, at most; default {TOKENS}",
    )
    parser.add_argument(
        "--window",
        type=count_argument,
        metavar="N",
        help=f"tokens that are read at once, from {LEAST_WINDOW}; default {WINDOW}",
    )
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    parser.add_argument("--json", action="store_true", help="print the plan and the result as JSON")
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="say nothing but errors and notes"
    )
    parser.add_argument(
        "--pre", metavar="NAME", help="the pre-tokenizer, where its structure is not known"
    )


def _given_by(option: str) -> Callable[[str], Given]:
    return lambda text: (option, *shared(text))


def shared(text: str) -> tuple[str, float]:
    """A name and its share.

    >>> shared("tutoring=3"), shared("notes.txt"), shared("a=b.txt=0.5"), shared("odd=2=1")
    (('tutoring', 3.0), ('notes.txt', 1.0), ('a=b.txt', 0.5), ('odd=2', 1.0))
    """
    match = re.fullmatch(r"(.+)=(\d{1,9}(?:\.\d{1,9})?)", text, re.DOTALL)
    if match is None:
        return text, 1.0
    if not float(match[2]):
        raise argparse.ArgumentTypeError(f"a share of 0 takes nothing of {match[1]}; leave it out")
    return match[1], float(match[2])


def run(arguments: argparse.Namespace) -> int:
    """Read the text, show what will be taken of it, compute, say what came of it."""
    started = time.perf_counter()
    arguments.model = model_here(arguments.model)
    check_folder(arguments.model)
    portions, files = chosen(arguments.sources or ())
    check_installed()
    source = open_source(arguments.model, pre=arguments.pre)
    output = output_path(arguments.output, default_name(source.name, "calib"))
    check = partial(check_place, source, output, others=files, force=arguments.force)
    check(n_bytes=0)  # before the text is read; how much it holds is known afterwards
    try:
        with endings_raise(_stopped):
            tokens = calibration_tokens(
                source, portions, n_tokens=arguments.tokens, window=arguments.window
            )
            check(n_bytes=_bytes_needed(source, tokens.ids.size))
            notes = notes_on(tokens, source, portions, arguments.tokens)
            if not arguments.quiet:
                print_plan(tokens, source)
            tell_notes(notes)
            n_matrices = _compute(source, tokens, output, arguments)
    except KeyboardInterrupt:
        raise _stopped("Ctrl-C") from None
    seconds = time.perf_counter() - started
    if not arguments.quiet:
        print(
            f"{printable(str(output))}: {n_matrices} matrices, {tokens.ids.size:,} tokens,"
            f" {shown(output.stat().st_size)} in {seconds:.1f} s, read back",
            file=sys.stderr,
        )
    if arguments.json:
        report = as_json(tokens, source, notes)
        report |= {"output": str(output), "matrices": n_matrices, "seconds": round(seconds, 3)}
        print(json.dumps(report, indent=1))
    return 0


def chosen(given: Sequence[Given]) -> tuple[tuple[Portion, ...], dict[Path, str]]:
    """The suites and texts by option, name and share, and which files they are."""
    portions, files = [], {}
    for option, name, share in given:
        if option == "--text":
            check_exists(Path(name), "text", what="name a file of plain text")
            portions.append(Portion(read_text(Path(name)), share))
        else:
            check_suite(name, BUILTIN_SUITES)
            portions.append(Portion(chosen_suite(name), share))
        if name not in BUILTIN_SUITES:
            files[Path(name)] = "one of the texts"
    return tuple(portions) or builtin_portions(), files


def _stopped(name: str) -> LlmqError:
    return LlmqError(f"stopped by {name}; the same command goes on where this one was")


def _bytes_needed(source: Source, n_tokens: int) -> int:
    """Of the disk: what a killed run continues from, twice while it is written, and the file."""
    width = source.metadata[f"{source.facts.architecture}.embedding_length"]
    assert isinstance(width, np.integer)
    columns = sum(t.shape[-1] for t in source.tensors if len(t.shape) > 1)
    return n_tokens * (2 * 4 * int(width) + 8) + 3 * 8 * columns


def _compute(
    source: Source, tokens: CalibrationTokens, output: Path, arguments: argparse.Namespace
) -> int:
    """Compute and write the file; the number of matrices in it."""
    from llmq.calibration.activations import second_moments

    resume = hidden_beside(output, ".resume")
    try:
        with nullcontext() if arguments.quiet else layers_bar("calibrating") as progress:
            moments = second_moments(source, tokens, progress=progress, resume=resume)
        write_calibration(output, tokens, moments, force=arguments.force)
    except CalibrationError:  # from numbers that are none, nothing goes on
        resume.unlink(missing_ok=True)
        raise
    resume.unlink(missing_ok=True)
    return len(moments)
