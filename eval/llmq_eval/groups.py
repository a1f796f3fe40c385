"""Drift of a part of the documents: by what they are about, and by where they come from.

A few figures are told of each part. Its intervals are over its own documents, which may be few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from llmq_eval.metric import Metric, totals_of
from llmq_eval.metrics import METRICS
from llmq_eval.statistics import Estimate

if TYPE_CHECKING:
    from llmq_eval.drift import DocumentDrift

By = Literal["subject", "source"]
BY: tuple[By, ...] = ("subject", "source")
FIGURES = ("mean_kl_nats", "same_top_rate", "deciding_kl_nats")
GROUP_METRICS: tuple[Metric, ...] = tuple(m for m in METRICS if m.name in FIGURES)


@dataclass(frozen=True)
class Group:
    """The documents of one subject or source, and their figures by name."""

    name: str
    n_documents: int
    n_tokens: int
    totals: dict[str, Estimate]

    def as_json(self) -> dict[str, Any]:
        """What stands in the report."""
        totals = {name: estimate.as_json() for name, estimate in self.totals.items()}
        return {"n_documents": self.n_documents, "n_tokens": self.n_tokens, "totals": totals}


def groups(documents: Sequence["DocumentDrift"], by: By) -> tuple[Group, ...]:
    """The groups that have a scored token, by name; none where no document names its own."""
    found: dict[str, list[DocumentDrift]] = {}
    for document in documents:
        if len(document.tokens):
            found.setdefault(getattr(document, by), []).append(document)
    if not any(found):
        return ()
    return tuple(_group(name, found[name]) for name in sorted(found))


def _group(name: str, documents: Sequence["DocumentDrift"]) -> Group:
    tokens = [document.tokens for document in documents]
    totals = totals_of(GROUP_METRICS, tokens)
    return Group(name, len(documents), sum(map(len, tokens)), totals)
