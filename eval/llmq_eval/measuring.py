"""Measuring several files against one base: opened once, checked first, read side by side.

Whatever can be wrong with the files and the material (another vocabulary, another template, no
token within the context) is an error before the first token is computed. Each token passes the base
once, whatever the number of files. A file that fails on the way is dropped, with its error; the
others are measured to the end.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from llmq.errors import ModelError, SuiteError
from llmq.processors import free_cores
from llmq.runtime import EXACT, How, Model, open_model, open_reader
from llmq.suites import Suite
from llmq_eval.comparison import Base, Outcome, compare
from llmq_eval.likelihood import TOKEN, Tokens, passages
from llmq_eval.material import Document, Material
from llmq_eval.observer import Observer
from llmq_eval.saved_base import SavedBase

Progress = Callable[[int, int], None]  # documents or replies done, and in all
CONTEXT_STEP = 256  # tokens: llama.cpp rounds a context up to a multiple


@contextmanager
def opened(
    paths: Sequence[Path],
    *,
    n_ctx: int,
    threads: int | None,
    base: How = EXACT,
    quants: How = EXACT,
) -> Iterator[list[Model]]:
    """All files at once, as measurements need them: exact, and on a fixed date.

    Figures then depend neither on how the text is cut into batches nor on the day. The free cores
    are counted once, so that all files are computed alike. `quants` opens all files but the first,
    the base, as a device would: what it loses by that is then part of the figures. `base` is for a
    first file that is none.
    """
    threads = threads or free_cores()
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                open_model(path, n_ctx=n_ctx, threads=threads, how=how, fixed_date=True)
            )
            for path, how in zip(paths, chain([base], repeat(quants)), strict=False)
        ]


def longest_context(path: Path, material: Material, suite: Suite) -> int:
    """The tokens of context that the longest dialogue of `suite` needs, as the file reads it.

    Never more than the material's own, which it is where the file cannot be read: that is said when
    all are.
    """
    try:
        with open_reader(path, fixed_date=True) as reader:
            found = [passage for talk in suite.dialogues for passage in passages(reader, talk)]
    except ModelError:
        return material.n_ctx
    longest = max((passage.n_read for passage in found), default=0)
    return min(material.n_ctx, -(-longest // CONTEXT_STEP) * CONTEXT_STEP or material.n_ctx)


def common_context(models: Sequence[Model], material: Material) -> int:
    """The tokens of context that every model has, and the material wants."""
    return min(material.n_ctx, *(model.n_ctx for model in models))


def read_alike(models: Sequence[Model], material: Material) -> tuple[Document, ...]:
    """The documents within the common context, checked to be the same tokens for every model.

    Raises ModelError for models that read them differently, SuiteError where nothing is to score.
    """
    base, *others = models
    for model in others:
        if model.n_vocab != base.n_vocab:
            counts = f"{base.n_vocab} against {model.n_vocab} tokens in the vocabulary"
            raise read_differently(base, model, counts)
    documents = material.documents(base)
    for model in others:
        theirs = material.documents(model)
        if theirs != documents:
            pairs = zip(documents, theirs, strict=False)
            unlike = next((ours.id for ours, other in pairs if ours != other), documents[-1].id)
            raise read_differently(base, model, f"{material.unit} {unlike!r}")
    n_ctx = common_context(models, material)
    cut = tuple(document.within(n_ctx) for document in documents)
    if not any(document.n_scored for document in cut):
        raise SuiteError(
            f"{material.name} has none of the {material.scored} within {n_ctx} tokens; take shorter texts"
        )
    return cut


def read_as_saved(
    saved: SavedBase, quants: Sequence[Model], material: Material
) -> tuple[Document, ...]:
    """The documents as `read_alike`, checked to be the tokens of which a base was saved.

    Raises ModelError where they are not.
    """
    n_ctx = min(material.n_ctx, saved.n_ctx)
    documents = read_alike(quants, replace(material, n_ctx=n_ctx))
    saved.check_fits(material, documents, quants[0])
    return documents


def compare_documents(
    base: Base,
    quants: Sequence[Model],
    documents: Sequence[Document],
    *,
    unit: str,
    observer: Observer | None = None,
    keep_finished: bool = False,
) -> dict[Model, list[Tokens] | ModelError]:
    """For each of `quants` its tokens document by document, or its error.

    With `keep_finished`, a Ctrl-C ends it after the documents that are finished, if any is. Raises
    ModelError where the base fails.
    """
    observer = observer or Observer(quants)
    found: dict[Model, list[Tokens]] = {quant: [] for quant in quants}
    failed: dict[Model, ModelError] = {}
    for number, document in enumerate(documents, start=1):
        alive = [quant for quant in quants if quant not in failed]
        if not alive:
            break
        where = f"{unit} {document.id!r}"
        try:
            outcomes = _compare_passages(base, alive, document, observer)
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from error
        except KeyboardInterrupt:
            if keep_finished and number > 1:
                break
            raise
        for quant, outcome in outcomes.items():
            if isinstance(outcome, ModelError):
                failed[quant] = ModelError(f"{where}: {outcome}")
            else:
                found[quant].append(outcome)
        if observer.progress:
            observer.progress(number, len(documents))
    return {quant: failed.get(quant) or found[quant] for quant in quants}


def _compare_passages(
    base: Base, quants: Sequence[Model], document: Document, observer: Observer
) -> dict[Model, Outcome]:
    """The tokens of all passages of a document together, or the error of the first that failed."""
    parts = {quant: [np.empty(0, TOKEN)] for quant in quants}
    failed: dict[Model, ModelError] = {}
    for number, passage in enumerate(document.passages):
        alive = [quant for quant in quants if quant not in failed]
        watch, keep = observer.watch(document, number), observer.keep
        for quant, outcome in compare(base, alive, passage, watch=watch, keep=keep).items():
            if isinstance(outcome, ModelError):
                failed[quant] = outcome
            else:
                parts[quant].append(outcome)
    return {quant: failed.get(quant) or np.concatenate(parts[quant]) for quant in quants}


def read_differently(base: Model, quant: Model, where: str) -> ModelError:
    """The error for files that cannot be compared."""
    if quant.chat_template.source != base.chat_template.source:
        where += ", and their chat templates differ"
    return ModelError(
        f"{base.path} and {quant.path} do not read text as the same tokens ({where}); "
        "drift needs a base made from the same checkpoint"
    )
