"""The options of `llmq drift`, and which of them do not go together."""

import argparse
import shutil
from pathlib import Path

from llmq.drift import QUICK_DIALOGUES
from llmq.verbs.arguments import context_argument, count_argument, threads_argument
from llmq.verbs.drift_tables import LEGEND
from llmq.verbs.running import add_running_options
from llmq.verbs.suite_options import add_columns
from llmq.verbs.tables import wrapped
from llmq_eval.drift import BUILTIN_SUITES
from llmq_eval.groups import BY
from llmq_eval.text import TEXT_CONTEXT
from llmq_eval.verdict import GRADES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq drift`."""
    parser.add_argument(
        "base",
        metavar="BASE",
        type=Path,
        help="the original: a GGUF file, a checkpoint folder (measured as it is stored), or what"
        " --save-base wrote",
    )
    parser.add_argument(
        "quants", metavar="QUANT", type=Path, nargs="+", help="the GGUF files to judge"
    )
    _add_material(parser)
    parser.add_argument(
        "--generate",
        type=count_argument,
        metavar="N",
        help="also let every file reply to what opens N dialogues, and compare the replies",
    )
    parser.add_argument(
        "--show",
        type=count_argument,
        metavar="N",
        help="print N such replies side by side, the original's and the quantized files'",
    )
    parser.add_argument(
        "--threads", type=threads_argument, metavar="N", help="default: every core that is free"
    )
    add_running_options(
        parser, otherwise="given, the quantized files run as on a device, and the original exactly"
    )
    parser.add_argument(
        "--by",
        choices=BY,
        help="also a table of each file by what the dialogues are about or come from",
    )
    parser.add_argument(
        "--save-base",
        type=Path,
        metavar="FILE",
        help="keep what later comparisons need of BASE: then `llmq drift FILE QUANT` does without it",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--report-json", type=Path, metavar="FILE", help="write the report as JSON to FILE"
    )
    parser.set_defaults(usage_error=parser.error)
    parser.epilog = "\n".join(wrapped(_words(), shutil.get_terminal_size().columns - 2))


def _words() -> str:
    """What the figures and the verdict say."""
    *most, last = GRADES
    classes = ", ".join([*(f"{g.word} below {g.below:g}" for g in most), f"{last.word} beyond"])
    limits = "It says how close a file is to the original, not how good."
    return f"{LEGEND} The verdict goes by mean KL: {classes}. {limits}"


def _add_material(parser: argparse.ArgumentParser) -> None:
    """What is measured on."""
    material = parser.add_mutually_exclusive_group()
    material.add_argument(
        "--suite",
        default=BUILTIN_SUITES[0],
        metavar="NAME|FILE",
        help=f"built-in items ({', '.join(BUILTIN_SUITES)}; the first is the default), a file (JSONL, JSON, CSV) or hf:org/name",
    )
    material.add_argument(
        "--text",
        type=Path,
        metavar="FILE",
        help="plain text instead, cut and scored as llama-perplexity does it",
    )
    add_columns(parser)
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"a first look: only {QUICK_DIALOGUES} dialogues, spread over the suite",
    )
    parser.add_argument(
        "--ctx",
        type=context_argument,
        metavar="N",
        help=f"tokens of a chunk of the text; default {TEXT_CONTEXT}",
    )


def check_options(arguments: argparse.Namespace) -> None:
    """Leave as argparse does where options do not go together."""
    unmatched = {
        "--ctx": (arguments.ctx and not arguments.text, "only with --text; a suite is read whole"),
        "--by": (arguments.by and arguments.text, "not with --text: no dialogues"),
        "--quick": (arguments.quick and arguments.text, "not with --text; take a shorter text"),
        "--columns": (arguments.columns and arguments.text, "not with --text: no records"),
        "--generate": (arguments.generate and arguments.text, "not with --text: no dialogues"),
        "--show": (arguments.show and arguments.text, "not with --text: no dialogues"),
        "--show ": (arguments.show and arguments.json, "not with --json, which holds every reply"),
    }
    for option, (given, why) in unmatched.items():
        if given:
            arguments.usage_error(f"argument {option.strip()}: {why}")
