"""The work: a file on some documents of a ground, or some of its replies, one process each.

One thread a process: two processes do more than two threads of one. What is finished is kept under
a name that follows from the files, the documents and llama.cpp's build, and never computed again.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.workers import on_each, worker_pool
from llmq_eval.drift import DocumentDrift
from llmq_eval.likelihood import Tokens
from llmq_eval.material import CONTEXT_TOKENS, Document
from llmq_eval.measuring import compare_documents, opened
from llmq_eval.openings import Prompt
from llmq_eval.replies import write_replies
from llmq_eval.writing import GREEDILY, Reply
from scripts.measuring.desk import Desk, Subject
from scripts.measuring.grounds import Ground
from scripts.measuring.keeping import kept_array, write_json
from scripts.measuring.kept_logits import KeptLogits

PART_PROMPTS = 5  # replies between two times that something is kept
Told = Callable[[int, int], None]  # parts done, and in all


@dataclass(frozen=True)
class Reading:
    """A file reads some documents."""

    desk: Desk
    subject: Subject
    ground: Ground
    documents: tuple[Document, ...]

    @property
    def file(self) -> Path:
        """Where the values of the tokens are kept."""
        asked = self.documents, self.ground.n_ctx
        return self.desk.result(self.subject, asked).with_suffix(".npy")

    def run(self) -> None:
        """Compute what is not kept yet."""
        kept_array(self.file, self._tokens)

    def _tokens(self) -> Tokens:
        paths = [self.desk.base.path, self.subject.path]
        with opened(paths, n_ctx=self.ground.n_ctx, threads=1) as (base, quant):
            kept = cast(Model, KeptLogits(base, self.desk.logits))
            unit = self.ground.unit
            found = compare_documents(kept, [quant], self.documents, unit=unit)[quant]
        if isinstance(found, ModelError):
            raise found
        return np.concatenate(found)

    def found(self) -> Iterator[DocumentDrift]:
        """What was kept, document by document."""
        tokens, start = np.load(self.file), 0
        for document in self.documents:
            stop = start + document.n_scored
            yield DocumentDrift(document.id, document.n_dropped, tokens[start:stop])
            start = stop


@dataclass(frozen=True)
class Writing:
    """A file replies to some prompts."""

    desk: Desk
    subject: Subject
    prompts: tuple[Prompt, ...]

    @property
    def file(self) -> Path:
        """Where the replies are kept."""
        return self.desk.result(self.subject, self.prompts).with_suffix(".json")

    def run(self) -> None:
        """Write what is not kept yet."""
        with opened([self.subject.path], n_ctx=CONTEXT_TOKENS, threads=1) as (model,):
            replies = write_replies(model, self.prompts, [GREEDILY], lambda: None)
        if isinstance(replies, ModelError):
            raise replies
        write_json(self.file, [(reply.tokens, reply.text, reply.closed) for reply in replies])

    def found(self) -> Iterator[Reply]:
        """What was kept, reply by reply."""
        for tokens, text, closed in json.loads(self.file.read_text(encoding="utf-8")):
            yield Reply(tuple(tokens), text, closed)


def readings(desk: Desk, subject: Subject, ground: Ground) -> list[Reading]:
    """A file on a whole ground."""
    return [Reading(desk, subject, ground, part) for part in ground.parts()]


def writings(desk: Desk, subject: Subject, prompts: Sequence[Prompt]) -> list[Writing]:
    """All replies of a file."""
    starts = range(0, len(prompts), PART_PROMPTS)
    parts = [tuple(prompts[start : start + PART_PROMPTS]) for start in starts]
    return [Writing(desk, subject, part) for part in parts]


def missing(tasks: Sequence[Reading | Writing]) -> list[Reading | Writing]:
    """Those of which nothing is kept."""
    return [task for task in tasks if not task.file.exists()]


def run_all(tasks: Sequence[Reading | Writing], jobs: int, told: Told) -> None:
    """Do what is missing in `jobs` processes; an interruption leaves what is finished."""
    left = missing(tasks)
    workers = min(jobs, len(left))
    with worker_pool(workers if workers > 1 else 0) as pool:
        for done, _ in enumerate(on_each(pool, _run, [(task,) for task in left]), start=1):
            told(done, len(left))


def _run(task: Reading | Writing) -> int:
    task.run()
    return 0
