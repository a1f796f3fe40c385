"""Material: what is read, document by document, and which of its tokens are scored.

Dialogues of a suite are one kind; whatever makes documents of passages for a model is another.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from llmq.runtime import Model
from llmq.suites import Suite
from llmq_eval.likelihood import Passage, passages

CONTEXT_TOKENS = 2048  # longer than any built-in prompt; what lies beyond is dropped and counted


@dataclass(frozen=True)
class Document:
    """What belongs together, the unit of the statistics.

    `n_dropped` tokens should be scored but lie beyond the context.
    """

    id: str
    passages: tuple[Passage, ...]
    n_dropped: int = 0
    subject: str = ""
    source: str = ""

    @property
    def n_scored(self) -> int:
        """Tokens to score."""
        return sum(len(passage.scored) for passage in self.passages)

    def within(self, n_ctx: int) -> "Document":
        """The document as a context of `n_ctx` tokens holds it."""
        # The logits before a token predict it, so token n_ctx is the last that can be scored.
        kept = tuple(
            replace(passage, scored=tuple(i for i in passage.scored if i <= n_ctx))
            for passage in self.passages
        )
        cut = replace(self, passages=kept)
        return replace(cut, n_dropped=self.n_dropped + self.n_scored - cut.n_scored)


@dataclass(frozen=True)
class Material:
    """Something to measure on. `unit` and `scored` name its documents and tokens for people."""

    name: str
    sha256: str
    documents: Callable[[Model], tuple[Document, ...]]
    """The documents as a model's tokens, the same for every model that reads text alike."""
    n_ctx: int = CONTEXT_TOKENS
    """The context that it is read in, in tokens; a model of fewer has fewer."""
    unit: str = "dialogue"
    scored: str = "tokens of the tutor's turns"


def suite_material(suite: Suite) -> Material:
    """The tutor's turns of a suite."""

    def documents(model: Model) -> tuple[Document, ...]:
        return tuple(
            Document(talk.id, passages(model, talk), subject=talk.subject, source=talk.source)
            for talk in suite.dialogues
        )

    return Material(suite.name, suite.sha256, documents)
