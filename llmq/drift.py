"""Drift from what a person names: a folder or a file as the base, a suite by its name or its path.

Evaluation starts from GGUF files and dialogues; here a checkpoint folder becomes such a file for a
while. The command and `measure_drift` are both made of these parts.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from llmq.errors import LlmqError, SuiteError
from llmq.sources.hub.ids import hub_id
from llmq.spelling import did_you_mean
from llmq.suites import Suite, is_dataset, read_suite, spread
from llmq.suites.columns import NO_COLUMNS, Columns
from llmq_eval.drift import BUILTIN_SUITES, Drift, Failure, builtin_suite, measure_drifts
from llmq_eval.material import Material, suite_material
from llmq_eval.measuring import Progress, opened
from llmq_eval.text import LEAST_CONTEXT, TEXT_CONTEXT, read_text, text_material

if TYPE_CHECKING:
    from llmq.plan import Plan
    from llmq.quantize import Progress as BytesWritten
    from llmq.sources.source import Source

QUICK_DIALOGUES = 20


def measure_drift(
    base: str | Path,
    quant: str | Path,
    *,
    suite: str | Path | Suite | None = None,
    quick: bool = False,
    text: str | Path | None = None,
    ctx: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """How far `quant`, a GGUF file, has moved from `base`, a GGUF file or a checkpoint folder.

    Measured on a suite (a built-in one by its name, a file by its path; default: tutoring), `quick`
    on a few of its dialogues only, or on a plain `text` in chunks of `ctx` tokens, all as in
    `llmq drift --help`; `.verdict.sentence` says in words what was found.
    `progress(done, total)` is called after each document. Raises a child of LlmqError.

    >>> from tempfile import TemporaryDirectory
    >>> from llmq import convert
    >>> with TemporaryDirectory() as folder:
    ...     quant = convert("eval/tutor", f"{folder}/quant.gguf", recipe="Q8_0")
    ...     drift = measure_drift("eval/tutor", quant, quick=True, threads=1)
    >>> 0 < drift.mean_kl_nats.value < 0.001
    True
    >>> drift.verdict.word
    'practically the same'
    """
    if text is None and ctx is None:
        material = suite_material(chosen_suite(suite or BUILTIN_SUITES[0], quick=quick))
    elif text is not None and suite is None and not quick:
        material = chosen_text(text, ctx)
    else:
        raise SuiteError(
            "ctx goes with text only, and suite and quick do not; leave one of them out"
        )
    with (
        base_as_gguf(Path(base)) as file,
        opened([file, Path(quant)], n_ctx=material.n_ctx, threads=threads) as models,
    ):
        (found,) = measure_drifts(models, material, progress=progress)
    if isinstance(found, Failure):
        raise found.error
    return found


def chosen_suite(
    suite: str | Path | Suite, *, quick: bool = False, columns: Columns = NO_COLUMNS
) -> Suite:
    """The built-in suite of this name, or the file, or the suite itself; `quick`: a part of it."""
    if not isinstance(suite, Suite):
        suite = _named_suite(str(suite), columns)
    few = spread(suite, QUICK_DIALOGUES)
    return replace(few, name=f"{suite.name} (--quick)") if quick else suite


def _named_suite(name: str, columns: Columns) -> Suite:
    if name in BUILTIN_SUITES:
        return builtin_suite(name)
    if is_dataset(name):
        from llmq.suites.hub import read_dataset

        return read_dataset(name, columns=columns)
    if not Path(name).exists():
        hint = did_you_mean(
            name, BUILTIN_SUITES, otherwise=f"built in are {', '.join(BUILTIN_SUITES)}"
        )
        raise SuiteError(f"there is no suite {name}; {hint}")
    return read_suite(Path(name), columns=columns)


def chosen_text(path: str | Path, ctx: int | None) -> Material:
    """The text in chunks of `ctx` tokens."""
    n_ctx = TEXT_CONTEXT if ctx is None else ctx
    if n_ctx < LEAST_CONTEXT:
        raise SuiteError(
            f"chunks of {n_ctx} tokens hold nothing to score; {LEAST_CONTEXT} are the fewest"
        )
    return text_material(read_text(Path(path)), n_ctx)


Begin = Callable[["Plan", str], "BytesWritten | None"]


@contextmanager
def base_as_gguf(base: Path, begin: Begin | None = None) -> Iterator[Path]:
    """`base` itself, or, of a checkpoint folder, a GGUF file with its very weights, for a while.

    `begin(plan, recipe)` is called before a conversion, and may return what is told its progress.
    """
    if hub_id(base):
        from llmq.sources.opening import located

        base = located(base)
    if not base.is_dir():
        yield base
        return
    from llmq.outputs import default_name
    from llmq.planning import make_plan
    from llmq.quantize import execute
    from llmq.sources.opening import open_source

    source = open_source(base)
    recipe = lossless_recipe(source)
    plan = make_plan(source, recipe=recipe)
    with tempfile.TemporaryDirectory(prefix="llmq-drift-") as folder:
        file = Path(folder) / default_name(plan.name, recipe)
        try:
            progress = begin(plan, recipe) if begin else None
            # No load check: it is opened at once.
            yield execute(plan, file, load_check=False, progress=progress)
        except LlmqError as error:  # the file will be gone: what can be looked into is the folder
            raise type(error)(str(error).replace(str(file), str(base))) from error


def lossless_recipe(source: "Source") -> str:
    """The recipe that keeps every weight of a checkpoint as it is."""
    types = {tensor.weights.dtype for tensor in source.tensors if len(tensor.shape) > 1}
    return types.pop() if types in ({"F16"}, {"BF16"}) else "F32"  # neither 16 bits hold the other
