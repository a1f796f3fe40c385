"""`llmq drift`: how far quantized files have moved from their base, on what tutors say."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from llmq.errors import OutputError, printable
from llmq.verbs.arguments import jobs_argument
from llmq.verbs.tables import aligned, shown
from llmq_eval.drift import BUILTIN_SUITES, Drift, Progress, builtin_suite, measure_drift
from llmq_eval.statistics import Estimate

COLUMNS = ("file", "size", "perplexity", "ln ratio", "mean KL (nats)", "same top token")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq drift`."""
    parser.add_argument(
        "base",
        metavar="BASE",
        type=Path,
        help="the original: a GGUF file, or a checkpoint folder (measured as BF16)",
    )
    parser.add_argument(
        "quants", metavar="QUANT", type=Path, nargs="+", help="the GGUF files to judge"
    )
    parser.add_argument(
        "--suite",
        default=BUILTIN_SUITES[0],
        metavar="NAME|FILE",
        help=f"built-in prompts ({', '.join(BUILTIN_SUITES)}; the first is the default) or a JSONL file",
    )
    parser.add_argument("--threads", type=jobs_argument, metavar="N", help="default: every core")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--report-json", type=Path, metavar="FILE", help="write the report as JSON to FILE"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure each file against the base, show one row for each."""
    from llmq.runtime import check_magic
    from llmq.suites import read_suite

    for quant in arguments.quants:  # before a folder is converted in vain
        check_magic(quant)
    named = arguments.suite in BUILTIN_SUITES
    suite = builtin_suite(arguments.suite) if named else read_suite(Path(arguments.suite))
    with base_as_gguf(arguments.base) as base:
        drifts: list[Drift] = []
        for quant in arguments.quants:
            with progress_bar(quant.name) as progress:
                drifts.append(
                    measure_drift(
                        base, quant, suite=suite, threads=arguments.threads, progress=progress
                    )
                )
    first = drifts[0]
    print(
        f"{suite.name}: {len(suite.dialogues)} dialogues, {first.n_tokens} tokens of the tutor's"
        " turns; standard errors over dialogues",
        file=sys.stderr,
    )
    if first.n_dropped:
        print(
            f"note: {first.n_dropped} further tokens lie beyond the context of {first.n_ctx}"
            " and were not scored",
            file=sys.stderr,
        )
    text = json.dumps({"drifts": [drift.as_json() for drift in drifts]}, indent=1)
    if arguments.report_json:
        write_report(arguments.report_json, text)
    if arguments.json:
        print(text)
    else:
        print_table(drifts)
    return 0


@contextmanager
def base_as_gguf(base: Path) -> Iterator[Path]:
    """`base` itself, or, of a checkpoint folder, a BF16 file that is removed afterwards."""
    if not base.is_dir():
        yield base
        return
    from llmq.planning import make_plan
    from llmq.quantize import execute
    from llmq.sources.opening import open_source

    plan = make_plan(open_source(base), recipe="BF16")
    print(f"converting {printable(str(base))} to BF16 first", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="llmq-drift-") as folder:
        yield execute(plan, Path(folder) / f"{plan.name}-BF16.gguf")


@contextmanager
def progress_bar(name: str) -> Iterator[Progress]:
    """A bar on stderr, in dialogues; where there is no terminal, silence."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr)
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(escape(printable(name)), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def write_report(path: Path, text: str) -> None:
    """Write the JSON report; raises OutputError where that is impossible."""
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the report {path}: {error.strerror}") from error


def print_table(drifts: Sequence[Drift]) -> None:
    """One row for the base and one for each file, on stdout."""
    for line in aligned([COLUMNS, *table_rows(drifts)], "<" + ">" * (len(COLUMNS) - 1)):
        print(line)


def table_rows(drifts: Sequence[Drift]) -> Iterator[tuple[str, ...]]:
    """The cells of the table; a base has a perplexity and no drift."""
    base = drifts[0]
    yield (base.base.name, shown(base.base.size_bytes), _cell(base.base_perplexity, 4), "", "", "")
    for drift in drifts:
        rate = drift.same_top_rate
        yield (
            drift.quant.name,
            shown(drift.quant.size_bytes),
            _cell(drift.quant_perplexity, 4),
            _cell(drift.ln_ratio, 5, sign="+"),
            _cell(drift.mean_kl_nats, 5),
            _cell(rate, 2, scale=100) + " %",
        )


def _cell(estimate: Estimate, digits: int, *, scale: int = 1, sign: str = "-") -> str:
    value = f"{estimate.value * scale:{sign}.{digits}f}"
    if estimate.standard_error is None:
        return value
    return f"{value} ± {estimate.standard_error * scale:.{digits}f}"
