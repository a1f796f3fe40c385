"""The base of `llmq drift`: opened as a model, or read from what `--save-base` kept of it."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from llmq.drift import base_as_gguf
from llmq.errors import ModelError, OutputError, printable
from llmq.runtime import EXACT, Model, llama_cpp_version
from llmq.suites import Suite
from llmq.verbs.drift_progress import DriftBar
from llmq.verbs.running import how_of, tell_how
from llmq.verbs.tables import shown
from llmq_eval.base_writer import saving
from llmq_eval.comparison import Base, Keep
from llmq_eval.drift import Drift
from llmq_eval.material import Document, Material
from llmq_eval.measuring import longest_context, opened, read_alike, read_as_saved
from llmq_eval.saved_base import SavedBase, is_saved_base
from llmq_eval.verdict import significant


@dataclass(frozen=True)
class Opened:
    """The base and the files beside it; `models` are all that can compute, the base first."""

    base: Base
    quants: Sequence[Model]

    @property
    def models(self) -> list[Model]:
        """Those that read text; a saved base is none of them."""
        return [*([] if isinstance(self.base, SavedBase) else [self.base]), *self.quants]

    def documents(self, material: Material) -> tuple[Document, ...]:
        """The documents, checked to be the same tokens for all."""
        if isinstance(self.base, SavedBase):
            return read_as_saved(self.base, self.quants, material)
        return read_alike(self.models, material)


@contextmanager
def opened_base(
    arguments: argparse.Namespace, material: Material, suite: Suite | None, bar: DriftBar
) -> Iterator[Opened]:
    """Everything opened as the options say; a folder is converted first."""
    quants, how = arguments.quants, how_of(arguments, otherwise=EXACT)
    sizes = {"n_ctx": _context(arguments, material, suite), "threads": arguments.threads}
    if is_saved_base(arguments.base):
        saved = SavedBase(arguments.base)
        with opened(quants, **sizes, base=how, quants=how) as models:
            tell_how([models[0], *models])
            yield Opened(saved, models)
        return
    with (
        base_as_gguf(arguments.base, partial(bar.convert, arguments.base)) as base,
        opened([base, *quants], **sizes, quants=how) as models,
    ):
        tell_how(models)
        yield Opened(models[0], models[1:])


def _context(arguments: argparse.Namespace, material: Material, suite: Suite | None) -> int:
    """No more tokens of context than the longest dialogue needs: keys and values take memory."""
    writes = arguments.generate or arguments.show  # replies and answers, which need room
    if suite is None or writes or suite.choices or suite.problems:
        return material.n_ctx
    return longest_context(arguments.quants[0], material, suite)


def check_base(arguments: argparse.Namespace) -> None:
    """Raise a child of LlmqError where a saved base, or saving one, does not go with the rest."""
    if is_saved_base(arguments.base):
        if arguments.save_base:
            raise OutputError(f"{arguments.base} is a saved base already; copy it")
        if arguments.generate or arguments.show:
            raise ModelError(
                f"{arguments.base} is a saved base, which writes no replies; --generate and --show need "
                "the original itself"
            )
    if arguments.save_base:
        _check_place(arguments.save_base)


def _check_place(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise OutputError(f"{path}: exists already; name another file for the saved base")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: there is no such folder; create it first")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"{path.parent}: the folder is not writable; name another place")


@contextmanager
def saved_to(
    path: Path | None, models: Sequence[Model], material: Material, documents: Sequence[Document]
) -> Iterator[Keep | None]:
    """What is told the base's predictions where a base is saved to `path`."""
    with saving(path, models, material, documents) if path else nullcontext() as writer:
        yield writer.keep if writer else None
    if path:
        tell_written(path, models[0])


def tell_written(path: Path, base: Model) -> None:
    """Say where the saved base is, or that there is none."""
    if path.exists():
        size = shown(path.stat().st_size)
        print(
            f"{printable(str(path))}: {size} hold what later comparisons need of"
            f" {printable(base.path.name)}; name it in its place",
            file=sys.stderr,
        )
    else:
        print(
            f"note: {printable(str(path))} was not written: not all was compared", file=sys.stderr
        )


def tell_saved(base: Base, drift: Drift) -> None:
    """Say what a saved base leaves unsure."""
    if not isinstance(base, SavedBase):
        return
    name, file = printable(base.file.name), printable(str(base.path))
    reach = significant(1.96 * drift.kl_error_nats)
    print(
        f"note: {name} was read from {file}, which keeps a sample of its unlikely tokens: beside what"
        f" stands behind ±, mean KL may be {reach} nats off; all that is not KL is exact",
        file=sys.stderr,
    )
    if base.header.runtime != llama_cpp_version():
        print(
            f"note: it was saved by another llama.cpp ({printable(base.header.runtime)}): last digits"
            " may differ by that alone",
            file=sys.stderr,
        )
