"""Drift: how far a quantized model has moved from the original, on what tutors say.

Both files read the same tokens, and over the tutor's turns only they are compared token by token.
`metrics.METRICS` says which figures follow from that. `Drift` keeps the values of every scored
token, document by document; eval/README.md says what the figures mean, and their limits.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from llmq.errors import ModelError
from llmq.runtime import EXACT, How, Model, llama_cpp_version
from llmq.runtime.chat_template import FIXED_DATE
from llmq.suites import Suite, read_suite
from llmq.version import __version__
from llmq_eval.comparison import Base
from llmq_eval.groups import BY, By, groups
from llmq_eval.histogram import kl_histogram
from llmq_eval.likelihood import Tokens
from llmq_eval.material import Document, Material
from llmq_eval.measuring import Progress, common_context, compare_documents, read_alike
from llmq_eval.metric import document_row, totals_of
from llmq_eval.metrics import METRICS
from llmq_eval.model_file import ModelFile, described
from llmq_eval.observer import Observer
from llmq_eval.saved_base import SavedBase
from llmq_eval.statistics import Estimate, few_documents
from llmq_eval.verdict import Verdict, verdict
from llmq_eval.worst_tokens import WorstToken

# The first is the default; eval/README.md says what each is for.
BUILTIN_SUITES = ("tutoring", "general", "subjects", "refusals", "skill", "practice")


@dataclass(frozen=True, eq=False)  # an array has no one truth value
class DocumentDrift:
    """One document, token by token; `n_dropped` scored tokens lay beyond the context."""

    id: str
    n_dropped: int
    tokens: Tokens
    subject: str = ""
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        """The document's row: sums and counts, from which `Metric.of_rows` makes the figures."""
        named = {"id": self.id, "subject": self.subject, "source": self.source}
        return {**named, "n_dropped": self.n_dropped, **document_row(METRICS, self.tokens)}


@dataclass(frozen=True, eq=False)
class Drift:
    """A comparison of two files on a suite, document by document; the quant was run as `how` says.

    Every total is an attribute too, by its name in METRICS: `drift.mean_kl_nats`.
    """

    base: ModelFile
    quant: ModelFile
    suite_name: str
    suite_sha256: str
    n_ctx: int
    documents: tuple[DocumentDrift, ...]
    unit: str = "dialogue"
    how: How = EXACT
    worst: tuple[WorstToken, ...] = ()
    kl_variance: float = 0.0  # of the sum of KL, where the base was saved

    @property
    def n_tokens(self) -> int:
        """Scored tokens."""
        return sum(len(d.tokens) for d in self.documents)

    @property
    def n_dropped(self) -> int:
        """Tokens that should have been scored but lay beyond the context."""
        return sum(d.n_dropped for d in self.documents)

    @property
    def kl_error_nats(self) -> float:
        """The standard error of mean KL that comes from a saved base; 0 beside the file itself."""
        return math.sqrt(self.kl_variance) / max(1, self.n_tokens)

    @property
    def warning(self) -> str | None:
        """What to say where too few documents carry the figures for their intervals to hold."""
        return few_documents(sum(len(d.tokens) > 0 for d in self.documents))

    @cached_property
    def totals(self) -> Mapping[str, Estimate]:
        """Every figure of METRICS that some token counts for, over all documents, by name."""
        documents = [d.tokens for d in self.documents]
        return totals_of(METRICS, documents)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """A row for each document."""
        return tuple(document.as_json() for document in self.documents)

    def samples(self) -> dict[str, Any]:
        """What is shown to people: how KL is distributed, and the worst tokens in their places."""
        percentiles = [metric.name for metric in METRICS if metric.document_sum is None]
        return {
            "kl_percentiles": {name: self.totals[name].as_json() for name in percentiles},
            "kl_histogram": kl_histogram([document.tokens for document in self.documents]),
            "worst_tokens": [token.as_json() for token in self.worst],
        }

    @cached_property
    def verdict(self) -> Verdict:
        """How far, how sure, compared with what: in words."""
        return verdict(self)

    def __getattr__(self, name: str) -> Estimate:
        # `totals` would ask for itself again
        if name not in {metric.name for metric in METRICS} or name not in self.totals:
            raise AttributeError(f"drift has no {name!r}")
        return self.totals[name]

    def as_json(self) -> dict[str, Any]:
        """Everything, with the totals beside the sums from which means can be recomputed."""
        return {
            "llmq": __version__,
            "runtime": llama_cpp_version(),
            "base": asdict(self.base),
            "quant": asdict(self.quant),
            "suite": {"name": self.suite_name, "sha256": self.suite_sha256},
            "n_ctx": self.n_ctx,
            "how": asdict(self.how),
            "date": FIXED_DATE.isoformat(),
            "n_tokens": self.n_tokens,
            "n_dropped": self.n_dropped,
            "warning": self.warning,
            "kl_error_nats": self.kl_error_nats,
            "verdict": self.verdict.as_json(),
            "totals": {name: estimate.as_json() for name, estimate in self.totals.items()},
            **{f"by_{by}": self._groups(by) for by in BY},
            **self.samples(),
            "documents": list(self.rows()),
        }

    def _groups(self, by: By) -> dict[str, Any]:
        return {group.name: group.as_json() for group in groups(self.documents, by)}


@dataclass(frozen=True)
class Failure:
    """A file that could not be measured to the end, and why."""

    quant: ModelFile
    error: ModelError


def builtin_suite(name: str = BUILTIN_SUITES[0]) -> Suite:
    """The prompts of this name that come with llmq_eval; eval/README.md describes them."""
    return read_suite(files("llmq_eval") / "prompts" / f"{name}.jsonl")


def measure_drifts(
    models: Sequence[Model], material: Material, *, progress: Progress | None = None
) -> tuple[Drift | Failure, ...]:
    """Compare each of `models` (`measuring.opened`) with the first, reading that only once.

    Raises ModelError for models that cannot be compared or a base that fails, SuiteError for
    material without a token to score; all but the base's failure before anything is computed.
    """
    documents = read_alike(models, material)
    observer = Observer(models[1:], progress=progress)
    return measure_documents(models[0], material, documents, observer)


def measure_documents(
    base: Base,
    material: Material,
    documents: Sequence[Document],
    observer: Observer,
    *,
    keep_finished: bool = False,
) -> tuple[Drift | Failure, ...]:
    """`measure_drifts` of the observer's files, on the documents of `read_alike`.

    With `keep_finished`, a Ctrl-C ends it after the documents that are finished, if any is.
    """
    quants = observer.quants
    file = base.file if isinstance(base, SavedBase) else described(base.path)
    files = {quant: described(quant.path) for quant in quants}
    outcomes = compare_documents(
        base,
        quants,
        documents,
        unit=material.unit,
        observer=observer,
        keep_finished=keep_finished,
    )
    n_ctx = min(base.n_ctx, common_context(quants, material))

    def result(model: Model) -> Drift | Failure:
        outcome = outcomes[model]
        if isinstance(outcome, ModelError):
            return Failure(files[model], outcome)
        rows = tuple(
            DocumentDrift(
                document.id, document.n_dropped, tokens, document.subject, document.source
            )
            for document, tokens in zip(documents[: len(outcome)], outcome, strict=True)
        )
        return Drift(
            *(file, files[model], material.name, material.sha256, n_ctx, rows, material.unit),
            how=model.how,
            worst=observer.worst[model].in_words(model),
            kl_variance=observer.kl_variance[model],
        )

    return tuple(map(result, quants))
