"""What `llmq drift` says of its figures: what was measured, tables, a legend, the verdicts."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from llmq import records
from llmq.chat.model_notes import leaves_out
from llmq.errors import GgufError, printable
from llmq.files.gguf import open_gguf
from llmq.runtime import Model
from llmq.spelling import counted
from llmq.suites import Suite
from llmq.verbs.figures import cells, headings
from llmq.verbs.tables import aligned, shown, terminal_width, wrapped
from llmq_eval.drift import Drift
from llmq_eval.material import Material
from llmq_eval.metric import Line
from llmq_eval.metrics import METRICS
from llmq_eval.text import Text

QUICK_NOTE = "a first look at a few dialogues: what stands behind ± is wide, and may still be too small; without --quick it is narrower"
LEGEND = (
    "perplexity: between how many equally likely tokens a model wavers on what the tutor says (1: none). "
    "mean KL: how far apart the two models' odds for the next token are (0: the same). "
    "same top token: how often both hold the same token likeliest. A token is a word or a piece of one."
)


def tell_material(material: Material, drift: Drift, *, n_planned: int, quick: bool) -> None:
    """Say what was scored, and what was not."""
    n = len(drift.documents)
    print(
        f"{printable(material.name)}: {counted(n, material.unit)}, {drift.n_tokens} "
        f"{material.scored}; ± 95 % intervals over {material.unit}s",
        file=sys.stderr,
    )
    if n < n_planned:
        print(
            f"note: stopped by Ctrl-C: these are the first {n} of {n_planned} {material.unit}s",
            file=sys.stderr,
        )
    elif drift.warning:
        print(f"note: {QUICK_NOTE if quick else drift.warning}", file=sys.stderr)
    if drift.quant.size_bytes > drift.base.size_bytes:
        print(
            f"note: {printable(drift.quant.name)} is larger than {printable(drift.base.name)}, with which it is"
            " compared; the original comes first",
            file=sys.stderr,
        )
    if drift.n_dropped:
        print(
            f"note: {drift.n_dropped} further tokens lie beyond the context of {drift.n_ctx} tokens in"
            " which all files are read, and were not scored in any",
            file=sys.stderr,
        )


def tell_calibrated(quants: Sequence[Path], material: Suite | Text) -> None:
    """Say so where a file has been calibrated on what it is measured on."""
    for quant in quants:
        try:
            known = records.calibrated_on(open_gguf(quant).metadata)
        except GgufError:  # which will be said when it is measured
            continue
        if material.sha256 in known:
            print(
                f"note: {printable(quant.name)} was calibrated on {printable(material.name)}: measured on the"
                " same text, its figures are too kind; name another, with --suite FILE or --text FILE",
                file=sys.stderr,
            )


def tell_left_out(model: Model, suite: Suite) -> None:
    """Say so where the template leaves out what the suite tells the tutor."""
    first = (dialogue.messages[0] for dialogue in suite.dialogues)
    system = next((turn for turn in first if turn.role == "system" and turn.content), None)
    if system and leaves_out(model.chat_template, system):
        print(
            f"note: the chat template of {printable(model.path.name)} leaves system turns out: the files"
            f" are not told what {printable(suite.name)} says in them",
            file=sys.stderr,
        )


def print_tables(drifts: Sequence[Drift]) -> None:
    """One row for the base and one for each file, on stdout; then more figures of each file."""
    head = ("file", "size", *headings(METRICS))
    tables = [[head, *table_rows(drifts)], further(drifts, "more")]
    if any(metric.line == "deciding" and metric.name in drifts[0].totals for metric in METRICS):
        tables.append(further(drifts, "deciding"))
    width = terminal_width(sys.stdout)
    for number, table in enumerate(tables):
        print("\n" * bool(number), end="")
        for line in aligned(table, "<" + ">" * (len(table[0]) - 1), width):
            print(line)


def table_rows(drifts: Sequence[Drift]) -> Iterator[tuple[str, ...]]:
    """The cells of the table: `METRICS` says which figures stand in which line."""
    base = drifts[0].base
    yield (base.name, shown(base.size_bytes), *cells(METRICS, drifts[0].totals, "base"))
    for drift in drifts:
        quant = drift.quant
        yield (quant.name, shown(quant.size_bytes), *cells(METRICS, drift.totals, "quant"))


def further(drifts: Sequence[Drift], line: Line) -> list[tuple[str, ...]]:
    """A table of further figures, in which the base has no line, with its headings."""
    head = ("file", *headings(METRICS, (line,)))
    return [head, *((drift.quant.name, *cells(METRICS, drift.totals, line)) for drift in drifts)]


def print_verdicts(drifts: Sequence[Drift]) -> None:
    """What the figures mean: on stderr the words of the tables, on stdout each file's verdict."""
    sys.stdout.flush()
    width = terminal_width(sys.stderr)
    print("", *wrapped(LEGEND, width), sep="\n", file=sys.stderr)
    for drift in drifts:
        print()
        print(*wrapped(printable(drift.verdict.sentence), terminal_width(sys.stdout)), sep="\n")
