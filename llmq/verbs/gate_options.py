"""The options of `llmq gate`, and which of them do not go together."""

import argparse
import shutil
from pathlib import Path

from llmq.defaults import QUICK_GATE
from llmq.devices import devices
from llmq.verbs.arguments import one_of, threads_argument
from llmq.verbs.running import add_running_options
from llmq.verbs.suite_options import add_columns
from llmq.verbs.tables import wrapped

WORDS = (
    "Exit codes: 0 PASS, 1 FAIL, 2 something could not be done, 3 INCONCLUSIVE, 4 SKIPPED: not all was measured"
    " that the policy makes mandatory. Only 0 lets a file through. --explain says what is measured and how."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq gate`."""
    parser.add_argument(
        "base",
        metavar="BASE",
        type=Path,
        nargs="?",
        help="the original, unquantized: a GGUF file, or a checkpoint folder",
    )
    parser.add_argument("quant", metavar="QUANT", type=Path, nargs="?", help="the file to judge")
    _add_judging(parser)
    _add_measuring(parser)
    _add_reports(parser)
    parser.set_defaults(usage_error=parser.error)
    parser.epilog = "\n".join(wrapped(WORDS, shutil.get_terminal_size().columns - 2))


def _add_judging(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        metavar="NAME|FILE",
        help="what the file has to keep to: 4-bit, 8-bit or a TOML file; default: by its recipe",
    )
    parser.add_argument(
        "--lock",
        type=Path,
        metavar="FILE",
        help="also test it against the file that was accepted last (see llmq lock)",
    )
    parser.add_argument(
        "--from-report",
        type=Path,
        metavar="FILE",
        help="judge what a report recorded, and verify what can be without the models",
    )
    parser.add_argument(
        "--explain", action="store_true", help="say what is measured, the limits and the statistics"
    )
    parser.add_argument(
        "--demo", action="store_true", help="judge a real measurement that comes with llmq"
    )


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="NAME|FILE",
        help="what to measure on instead of the built-in suites, which are taken for what it does not hold; may be given "
        "several times",
    )
    add_columns(parser)
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"a first look: one item in {QUICK_GATE} of each suite; less will be conclusive",
    )
    parser.add_argument(
        "--device",
        type=one_of(devices(), "device"),
        metavar="NAME",
        help=f"also measure speed and memory, some minutes more, for one of {', '.join(devices())}",
    )
    parser.add_argument(
        "--threads", type=threads_argument, metavar="N", help="default: every core that is free"
    )
    add_running_options(parser, otherwise="default: exact, as drift measures")
    parser.add_argument(
        "--allow-quantized-base",
        action="store_true",
        help="compare with a base that is quantized itself; what that lost is hidden, so that it ends with 4 unless the policy may skip it",
    )


def _add_reports(parser: argparse.ArgumentParser) -> None:
    for name, words in (
        ("--html", "write a page that opens offline"),
        ("--junit", "write JUnit's XML, for CI"),
        ("--summary", "add a summary in Markdown to a file, for CI"),
    ):
        parser.add_argument(name, type=_report, metavar="FILE", help=words)
    parser.add_argument(
        "--report-json",
        type=_report,
        metavar="FILE",
        help="write all that was measured, for --from-report and llmq lock",
    )
    parser.add_argument("--json", action="store_true", help="print that instead of the table")
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="REPORT",
        help="a report of another file of this base, for the page's picture of sizes",
    )


def _report(text: str) -> Path:
    """Where a report goes: a file with a name."""
    if text in ("", "-"):
        raise argparse.ArgumentTypeError(f"{text!r} names no file; --json prints the report")
    return Path(text)


def check_options(arguments: argparse.Namespace) -> None:
    """Leave as argparse does where options do not go together."""
    sources = {
        "--from-report": arguments.from_report,
        "--explain": arguments.explain,
        "--demo": arguments.demo,
    }
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        arguments.usage_error(f"argument {given[1]}: not with {given[0]}")
    if not given and arguments.quant is None:
        arguments.usage_error("BASE and QUANT are needed, or --from-report, --demo or --explain")
    if (arguments.explain or arguments.demo) and arguments.base:
        arguments.usage_error(f"argument {given[0]}: takes no models")
    measuring = {
        "--suite": arguments.suite,
        "--columns": arguments.columns.pairs,
        "--quick": arguments.quick,
        "--device": arguments.device,
        "--threads": arguments.threads,
        "--cache-type": arguments.cache_type,
        "--gpu-layers": arguments.gpu_layers,
        "--allow-quantized-base": arguments.allow_quantized_base,
    }
    for name, value in measuring.items():
        if given and value:
            arguments.usage_error(f"argument {name}: not with {given[0]}, which measures nothing")
    if arguments.columns.pairs and not arguments.suite:
        arguments.usage_error("argument --columns: only with --suite")
    if arguments.beside and not arguments.html:
        arguments.usage_error("argument --beside: only with --html, where it is drawn")
