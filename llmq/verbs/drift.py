"""`llmq drift`: how far quantized files have moved from their base, on what tutors say."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from llmq.errors import SuiteError, printable
from llmq.spelling import did_you_mean
from llmq.suites import Suite, read_suite
from llmq.verbs.arguments import context_argument, count_argument, threads_argument
from llmq.verbs.drift_replies import print_replies, replies_beside
from llmq.verbs.drift_report import check_report, finish, report, write_report
from llmq.verbs.figures import TAIL, cells, headings
from llmq.verbs.progress import documents_bar
from llmq.verbs.tables import aligned, shown
from llmq_eval.drift import (
    BUILTIN_SUITES,
    Drift,
    Failure,
    builtin_suite,
    measure_drifts,
)
from llmq_eval.material import Material, suite_material
from llmq_eval.measuring import opened
from llmq_eval.metrics import METRICS
from llmq_eval.replies import choose_prompts
from llmq_eval.text import TEXT_CONTEXT, read_text, text_material

if TYPE_CHECKING:
    from llmq.sources.source import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq drift`."""
    parser.add_argument(
        "base",
        metavar="BASE",
        type=Path,
        help="the original: a GGUF file, or a checkpoint folder (measured as it is stored)",
    )
    parser.add_argument(
        "quants", metavar="QUANT", type=Path, nargs="+", help="the GGUF files to judge"
    )
    material = parser.add_mutually_exclusive_group()
    material.add_argument(
        "--suite",
        default=BUILTIN_SUITES[0],
        metavar="NAME|FILE",
        help=f"built-in prompts ({', '.join(BUILTIN_SUITES)}; the first is the default) or a JSONL file",
    )
    material.add_argument(
        "--text",
        type=Path,
        metavar="FILE",
        help="plain text instead, cut and scored as llama-perplexity does it",
    )
    parser.add_argument(
        "--ctx",
        type=context_argument,
        metavar="N",
        help=f"tokens of a chunk of the text; default {TEXT_CONTEXT}",
    )
    parser.add_argument(
        "--generate",
        type=count_argument,
        metavar="N",
        help="also let every file reply to what opens N dialogues, and compare the replies",
    )
    parser.add_argument("--threads", type=threads_argument, metavar="N", help="default: every core")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--report-json", type=Path, metavar="FILE", help="write the report as JSON to FILE"
    )
    parser.set_defaults(usage_error=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Measure each file against the base, show one row for each."""
    from llmq.runtime import check_magic

    check_options(arguments)
    for quant in arguments.quants:  # before a folder is converted in vain
        check_magic(quant)
    if arguments.report_json:
        text = arguments.text or Path(arguments.suite)
        check_report(arguments.report_json, [arguments.base, *arguments.quants, text])
    suite = None if arguments.text else chosen_suite(arguments.suite)
    material = suite_material(suite) if suite else chosen_text(arguments)
    with (
        base_as_gguf(arguments.base) as base,
        opened(
            [base, *arguments.quants], n_ctx=material.n_ctx, threads=arguments.threads
        ) as models,
    ):
        n = arguments.generate
        prompts = choose_prompts(models, suite, n) if suite and n else ()
        with documents_bar(material.name) as progress:
            results = measure_drifts(models, material, progress=progress)
        drifts = [result for result in results if isinstance(result, Drift)]
        failures = [result for result in results if isinstance(result, Failure)]
        if drifts:
            tell_material(material, drifts[0])
            if not arguments.json:
                print_table(drifts)
        if prompts and arguments.report_json:  # what is finished, whatever becomes of the replies
            write_report(arguments.report_json, report(drifts, failures, {}))
        replies, failed = replies_beside(models, results, prompts)
    if replies and not arguments.json:
        print_replies(material.name, replies)
    return finish(arguments, report(drifts, [*failures, *failed], replies), [*failures, *failed])


def check_options(arguments: argparse.Namespace) -> None:
    """Leave as argparse does where options do not go together."""
    if arguments.ctx and not arguments.text:
        arguments.usage_error("argument --ctx: only with --text; a suite is read whole")
    if arguments.generate and arguments.text:
        arguments.usage_error("argument --generate: not with --text, which has no dialogues")


def chosen_suite(name: str) -> Suite:
    """The built-in suite of this name, or the file."""
    if name in BUILTIN_SUITES:
        return builtin_suite(name)
    if not Path(name).exists():
        hint = did_you_mean(
            name, BUILTIN_SUITES, otherwise=f"built in are {', '.join(BUILTIN_SUITES)}"
        )
        raise SuiteError(f"there is no suite {name}: {hint}")
    return read_suite(Path(name))


def chosen_text(arguments: argparse.Namespace) -> Material:
    """The text that the options name, in chunks."""
    return text_material(read_text(arguments.text), arguments.ctx or TEXT_CONTEXT)


def tell_material(material: Material, drift: Drift) -> None:
    """Say what was scored, and what was not."""
    print(
        f"{printable(material.name)}: {len(drift.documents)} {material.unit}s, {drift.n_tokens} "
        f"{material.scored}; ± 95 % intervals over {material.unit}s",
        file=sys.stderr,
    )
    if drift.warning:
        print(f"note: {drift.warning}", file=sys.stderr)
    if drift.n_dropped:
        print(
            f"note: {drift.n_dropped} further tokens lie beyond the context of {drift.n_ctx} tokens in"
            " which all files are read, and were not scored in any",
            file=sys.stderr,
        )


@contextmanager
def base_as_gguf(base: Path) -> Iterator[Path]:
    """`base` itself, or, of a checkpoint folder, a GGUF file with its very weights, for a while."""
    if not base.is_dir():
        yield base
        return
    from llmq.planning import make_plan
    from llmq.quantize import execute
    from llmq.sources.opening import open_source

    source = open_source(base)
    recipe = lossless_recipe(source)
    plan = make_plan(source, recipe=recipe)
    print(f"converting {printable(str(base))} to {recipe} first", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="llmq-drift-") as folder:
        # No load check: it is opened at once.
        yield execute(plan, Path(folder) / f"{plan.name}-{recipe}.gguf", load_check=False)


def lossless_recipe(source: "Source") -> str:
    """The recipe that keeps every weight of a checkpoint as it is."""
    types = {tensor.weights.dtype for tensor in source.tensors if len(tensor.shape) > 1}
    return types.pop() if types in ({"F16"}, {"BF16"}) else "F32"  # neither 16 bits hold the other


def print_table(drifts: Sequence[Drift]) -> None:
    """One row for the base and one for each file, on stdout; then the tails of KL."""
    head = ("file", "size", *headings(METRICS))
    tail = ("file", *headings(METRICS, TAIL))
    for table in ([head, *table_rows(drifts)], [tail, *tail_rows(drifts)]):
        for line in aligned(table, "<" + ">" * (len(table[0]) - 1)):
            print(line)


def table_rows(drifts: Sequence[Drift]) -> Iterator[tuple[str, ...]]:
    """The cells of the table: `METRICS` says which figures stand in which line."""
    base = drifts[0].base
    yield (base.name, shown(base.size_bytes), *cells(METRICS, drifts[0].totals, "base"))
    for drift in drifts:
        quant = drift.quant
        yield (quant.name, shown(quant.size_bytes), *cells(METRICS, drift.totals, "quant"))


def tail_rows(drifts: Sequence[Drift]) -> Iterator[tuple[str, ...]]:
    """The cells of the table of tails, in which the base has no line."""
    for drift in drifts:
        yield (drift.quant.name, *cells(METRICS, drift.totals, "tail"))
