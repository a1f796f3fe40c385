"""How far `llmq drift` is: one bar for everything it does; what it will take is said beforehand."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from llmq.errors import printable
from llmq.spelling import counted
from llmq.verbs.progress import bar_of
from llmq_eval.duration import Work, in_words
from llmq_eval.material import Document

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from llmq.plan import Plan
    from llmq.planned_tensor import PlannedTensor
    from llmq.quantize import Progress as BytesWritten


class DriftBar:
    """The bar, and where it stands; where there is no terminal, it is a line now and then."""

    def __init__(self, bar: "Bar") -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, done="")
        self._work = Work(())
        self._n_prompts = 0

    def convert(self, folder: Path, plan: "Plan", recipe: str) -> "BytesWritten":
        """Say that a folder is converted first; what shows how far that is."""
        name = printable(str(folder))
        print(f"converting {name} to {recipe} first", file=sys.stderr)
        self._bar.update(self._task, total=plan.n_bytes, description="converting")
        self._bar.start()

        def advance(_: "PlannedTensor", n_bytes: int) -> None:
            self._bar.update(self._task, advance=n_bytes)

        return advance

    def begin(self, work: Work | None, documents: Sequence[Document], n_prompts: int) -> None:
        """Start on the documents; `work` None: nothing is known of how long they take."""
        self._work = work or Work((1.0,) * len(documents))
        self._n_prompts = n_prompts
        total = sum(self._work.documents) + self._work.reply * n_prompts
        self._bar.reset(self._task, total=total, description="reading", done="")
        self._bar.start()

    def documents_done(self, done: int, total: int) -> None:
        """Some documents have been compared."""
        seconds = sum(self._work.documents[:done])
        self._bar.update(self._task, completed=seconds, done=f"{done}/{total}")

    def replies_done(self, done: int, total: int) -> None:
        """Some replies have been written."""
        seconds = sum(self._work.documents) + self._work.reply * self._n_prompts * done / total
        text = f"{done}/{total}"
        self._bar.update(self._task, completed=seconds, description="replies", done=text)

    def stop(self) -> None:
        """All is done."""
        self._bar.stop()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """While something is printed, there is no bar."""
        self._bar.stop()
        yield
        self._bar.start()


@contextmanager
def drift_bar() -> Iterator[DriftBar]:
    """The bar of a drift; it goes when it is done."""
    from rich import progress

    bar = bar_of(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[done]}"),
        progress.TimeRemainingColumn(),
        transient=True,
    )
    shown = DriftBar(bar)
    try:
        yield shown
    finally:
        shown.stop()


def ahead(work: Work, n_documents: int, unit: str, n_files: int, n_prompts: int) -> str:
    """What is to be done, and how long that may take.

    >>> ahead(Work((1.5,) * 80), 80, "dialogue", 4, 0)
    '80 dialogues, 4 files: about 2 minutes'
    >>> ahead(Work((1.0,), 0.5), 1, "dialogue", 2, 3)
    '1 dialogue and 3 replies, 2 files: a few seconds'
    """
    things = counted(n_documents, unit)
    if n_prompts:
        things += f" and {counted(n_prompts, 'reply', 'replies')}"
    seconds = sum(work.documents) + work.reply * n_prompts
    return f"{things}, {n_files} files: {in_words(seconds)}"
