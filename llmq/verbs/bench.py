"""`llmq bench`: how fast files run on this machine, and what they take."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from llmq.errors import ModelError, printable
from llmq.processors import free_cores
from llmq.runtime import CHAT, check_magic
from llmq.runtime.opening import CONTEXT_LIMIT
from llmq.spelling import counted
from llmq.verbs.arguments import context_argument, count_argument, threads_argument, whole
from llmq.verbs.paths import check_gguf, check_parts
from llmq.verbs.progress import documents_bar
from llmq.verbs.running import add_running_options, how_of, tell_remarks
from llmq.verbs.tables import aligned, shown, terminal_width, wrapped
from llmq_eval.speed.machine import Machine, this_machine
from llmq_eval.speed.measuring import measure_speeds
from llmq_eval.speed.values import WINDOW, Job, Speed

REPEATS = 3
LEGEND = (
    "load: opening the file, which the system may still hold in memory. first: how long the tutor is"
    " silent before its first token, of the first prompt after loading (cold) and in the next turn, of"
    " which only the student's last words are new (warm). read/s: tokens of new prompts, per second."
    f" write/s: tokens of replies, {WINDOW} at a time, the median; slow/s: one time in 20 it is no more"
    " than that. memory: the most that the process held."
)


class Column(NamedTuple):
    """A heading, the figure's name, and how it is written."""

    heading: str
    figure: str
    written: Callable[[float], str]


COLUMNS = (
    Column("load", "load_s", "{:.2f} s".format),
    Column("first (cold)", "first_token_cold_s", "{:.2f} s".format),
    Column("first (warm)", "first_token_warm_s", "{:.2f} s".format),
    Column("read/s", "prompt_tokens_per_s", "{:.0f}".format),
    Column("write/s", "tokens_per_s", "{:.1f}".format),
    Column("slow/s", "tokens_per_s_p5", "{:.1f}".format),
    Column("memory", "peak_bytes", lambda n_bytes: shown(int(n_bytes))),
    Column("J/token", "joules_per_token", "{:.2f}".format),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq bench`."""
    parser.add_argument(
        "models", metavar="MODEL.gguf", type=Path, nargs="+", help="the files to time"
    )
    parser.add_argument(
        "--prompt-tokens",
        type=prompt_argument,
        default=Job.prompt_tokens,
        metavar="N",
        help=f"tokens of a prompt; default {Job.prompt_tokens}",
    )
    parser.add_argument(
        "--tokens",
        type=tokens_argument,
        default=Job.tokens,
        metavar="N",
        help=f"tokens of a reply; default {Job.tokens}",
    )
    parser.add_argument(
        "--repeats",
        type=count_argument,
        default=REPEATS,
        metavar="N",
        help=f"how often each file is opened and timed, in turn; default {REPEATS}",
    )
    parser.add_argument(
        "--ctx",
        "--context",
        type=context_argument,
        metavar="N",
        help=f"tokens of conversation to remember; default: the model's own, at most {CONTEXT_LIMIT}",
    )
    parser.add_argument(
        "--threads", type=threads_argument, metavar="N", help="default: every core that is free"
    )
    add_running_options(parser, otherwise=f"default {CHAT.cache_type}")
    parser.add_argument("--json", action="store_true", help="print everything measured as JSON")


def prompt_argument(text: str) -> int:
    """The tokens of a prompt."""
    return whole(text, "a number of tokens", least=2, most=2**20)


def tokens_argument(text: str) -> int:
    """The tokens of a reply, at least as many as one figure is computed from."""
    return whole(text, "a number of tokens", least=WINDOW, most=2**20)


def run(arguments: argparse.Namespace) -> int:
    """Time each file, show one row for each, and say on what machine."""
    for path in arguments.models:
        check_gguf(path, use="llmq bench")
        check_parts(path)
        check_magic(path)
    machine = this_machine()
    job = Job(
        threads=arguments.threads or free_cores(),
        prompt_tokens=arguments.prompt_tokens,
        tokens=arguments.tokens,
        n_ctx=arguments.ctx,
        how=how_of(arguments, otherwise=CHAT),
    )
    with documents_bar("timing") as advance:
        found = measure_speeds(arguments.models, job, repeats=arguments.repeats, progress=advance)
    speeds = [speed for speed in found.values() if isinstance(speed, Speed)]
    failures = {path: error for path, error in found.items() if isinstance(error, ModelError)}
    tell_remarks(trial.remark for speed in speeds for trial in speed.trials)
    if arguments.json:
        print(json.dumps(_report(machine, job, speeds, failures), indent=1))
    elif speeds:
        _print(machine, job, speeds, arguments.repeats)
    for error in failures.values():
        print(f"llmq: {printable(str(error))}", file=sys.stderr)
    return 1 if failures else 0


def _report(
    machine: Machine, job: Job, speeds: Sequence[Speed], failures: Mapping[Path, ModelError]
) -> dict[str, object]:
    """Everything for machines."""
    failed = [{"file": path.name, "error": str(error)} for path, error in failures.items()]
    rows = [speed.as_json() for speed in speeds]
    return {"machine": asdict(machine), "job": asdict(job), "models": rows, "failed": failed}


def _print(machine: Machine, job: Job, speeds: Sequence[Speed], repeats: int) -> None:
    """The table on stdout; around it, on stderr, what it holds."""
    width = terminal_width(sys.stderr)
    where = f"this machine: {machine.words}; {counted(job.threads, 'thread')}"
    what = f"prompts of {job.prompt_tokens} tokens, replies of {job.tokens}, {counted(repeats, 'time')} each"
    print(*wrapped(printable(where), width), *wrapped(what, width), sep="\n", file=sys.stderr)
    table = [*_rows(speeds)]
    print(*aligned(table, "<" + ">" * (len(table[0]) - 1), terminal_width(sys.stdout)), sep="\n")
    sys.stdout.flush()
    print("", *wrapped(LEGEND, width), sep="\n", file=sys.stderr)


def _rows(speeds: Sequence[Speed]) -> Iterator[tuple[str, ...]]:
    """The cells; what this machine tells of no file has no column."""
    figures = [speed.figures for speed in speeds]
    columns = [c for c in COLUMNS if any(row[c.figure] is not None for row in figures)]
    yield ("file", "size", *(column.heading for column in columns))
    for speed, row in zip(speeds, figures, strict=True):
        values = [(column, row[column.figure]) for column in columns]
        cells = ("unknown" if v is None else column.written(v) for column, v in values)
        yield (speed.name, shown(speed.size_bytes), *cells)
