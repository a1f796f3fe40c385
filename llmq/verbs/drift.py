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
from llmq.verbs.progress import documents_bar
from llmq.verbs.tables import aligned, shown
from llmq_eval.drift import BUILTIN_SUITES, Drift, ModelFile, builtin_suite, measure_drift
from llmq_eval.metrics import METRICS

HEADINGS = tuple(dict.fromkeys(metric.heading for metric in METRICS if metric.line))


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
    if arguments.report_json:
        check_report(arguments.report_json, [arguments.base, *arguments.quants])
    named = arguments.suite in BUILTIN_SUITES
    suite = builtin_suite(arguments.suite) if named else read_suite(Path(arguments.suite))
    with base_as_gguf(arguments.base) as base:
        drifts: list[Drift] = []
        for quant in arguments.quants:
            with documents_bar(quant.name) as progress:
                drifts.append(
                    measure_drift(
                        base, quant, suite=suite, threads=arguments.threads, progress=progress
                    )
                )
    first = drifts[0]
    print(
        f"{suite.name}: {len(suite.dialogues)} dialogues, {first.n_tokens} tokens of the tutor's"
        " turns; ± 95 % intervals over dialogues",
        file=sys.stderr,
    )
    if first.warning:
        print(f"note: {first.warning}", file=sys.stderr)
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


def check_report(path: Path, measured: Sequence[Path]) -> None:
    """Raise OutputError where the report could not be written, or would replace a model."""
    if path.resolve() in {file.resolve() for file in measured}:
        raise OutputError(f"cannot write the report {path}: it is measured; name another file")
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else "there is no such folder"
        raise OutputError(f"cannot write the report {path}: {what}")


def write_report(path: Path, text: str) -> None:
    """Write the JSON report; raises OutputError where that is impossible."""
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the report {path}: {error.strerror}") from error


def print_table(drifts: Sequence[Drift]) -> None:
    """One row for the base and one for each file, on stdout."""
    head = ("file", "size", *HEADINGS)
    for line in aligned([head, *table_rows(drifts)], "<" + ">" * (len(head) - 1)):
        print(line)


def table_rows(drifts: Sequence[Drift]) -> Iterator[tuple[str, ...]]:
    """The cells of the table: `METRICS` says which figures stand in which line."""
    yield _row(drifts[0], drifts[0].base, "base")
    for drift in drifts:
        yield _row(drift, drift.quant, "quant")


def _row(drift: Drift, file: ModelFile, line: str) -> tuple[str, ...]:
    cells = {m.heading: m.cell(drift.totals[m.name]) for m in METRICS if m.line == line}
    return (file.name, shown(file.size_bytes), *(cells.get(name, "") for name in HEADINGS))
