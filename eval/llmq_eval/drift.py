"""Drift: how far a quantized model has moved from the original, on what tutors say.

    with the same tokens through both files, over the tutor's turns only:
    perplexity   exp of the mean negative log-likelihood, of each file
    ln ratio     ln(perplexity of quant / perplexity of base), paired document by document
    mean KL      mean over tokens of KL(base || quant) over the full vocabulary, in nats
    same top     share of tokens at which both hold the same token likeliest

`Drift` keeps one row of sums per document; every total is derived from the rows, here and by anybody
who reads the JSON. Its limits are in eval/README.md.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from llmq.errors import ModelError, SuiteError
from llmq.runtime import Model, llama_cpp_version, open_model
from llmq.suites import Suite, read_suite
from llmq.version import __version__
from llmq_eval.likelihood import Divergence, Passage, diverge, passages
from llmq_eval.statistics import Estimate, ratio_of_sums

CONTEXT_TOKENS = 2048  # longer than any built-in prompt; what lies beyond is dropped and counted
TOTALS = ("base_perplexity", "quant_perplexity", "ln_ratio", "mean_kl_nats", "same_top_rate")

BUILTIN_SUITES = ("tutoring", "general")  # the first is the default

Progress = Callable[[int, int], None]  # documents done, documents in all


@dataclass(frozen=True)
class ModelFile:
    """Which file was measured."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class DocumentDrift:
    """One document's sums; `n_dropped` scored tokens lay beyond the context."""

    id: str
    n_dropped: int
    sums: Divergence


@dataclass(frozen=True)
class Drift:
    """A comparison of two files on a suite, document by document."""

    base: ModelFile
    quant: ModelFile
    suite_name: str
    suite_sha256: str
    n_ctx: int
    documents: tuple[DocumentDrift, ...]

    @property
    def n_tokens(self) -> int:
        """Scored tokens."""
        return sum(self._tokens)

    @property
    def n_dropped(self) -> int:
        """Tokens that should have been scored but lay beyond the context."""
        return sum(d.n_dropped for d in self.documents)

    @property
    def base_perplexity(self) -> Estimate:
        """exp(mean negative log-likelihood) of the base."""
        return ratio_of_sums([d.sums.nll_base_nats for d in self.documents], self._tokens).exp()

    @property
    def quant_perplexity(self) -> Estimate:
        """exp(mean negative log-likelihood) of the quantized file."""
        return ratio_of_sums([d.sums.nll_quant_nats for d in self.documents], self._tokens).exp()

    @property
    def ln_ratio(self) -> Estimate:
        """ln(quant perplexity / base perplexity); the difference is taken within each document."""
        gaps = [d.sums.nll_quant_nats - d.sums.nll_base_nats for d in self.documents]
        return ratio_of_sums(gaps, self._tokens)

    @property
    def mean_kl_nats(self) -> Estimate:
        """Mean KL(base || quant) per token."""
        return ratio_of_sums([d.sums.kl_nats for d in self.documents], self._tokens)

    @property
    def same_top_rate(self) -> Estimate:
        """Share of tokens at which both files hold the same token likeliest."""
        return ratio_of_sums([d.sums.same_top for d in self.documents], self._tokens)

    @property
    def _tokens(self) -> list[int]:
        return [d.sums.n_tokens for d in self.documents]

    def as_json(self) -> dict[str, Any]:
        """Everything, with the totals beside the rows from which they can be recomputed."""
        return {
            "llmq": __version__,
            "runtime": llama_cpp_version(),
            "base": asdict(self.base),
            "quant": asdict(self.quant),
            "suite": {"name": self.suite_name, "sha256": self.suite_sha256},
            "n_ctx": self.n_ctx,
            "n_tokens": self.n_tokens,
            "n_dropped": self.n_dropped,
            "totals": {name: asdict(getattr(self, name)) for name in TOTALS},
            "documents": [
                {"id": d.id, "n_dropped": d.n_dropped, **asdict(d.sums)} for d in self.documents
            ],
        }


def builtin_suite(name: str = BUILTIN_SUITES[0]) -> Suite:
    """The prompts of this name that come with llmq_eval; eval/README.md describes them."""
    return read_suite(files("llmq_eval") / "prompts" / f"{name}.jsonl")


def measure_drift(
    base: str | Path,
    quant: str | Path,
    *,
    suite: Suite | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """Compare two GGUF files on a suite (default: the built-in tutoring prompts).

    `progress` is told the number of documents done and to do. Raises ModelError for files that
    cannot be compared: unreadable, or with another vocabulary, tokenization or chat template.
    """
    base, quant, chosen = Path(base), Path(quant), suite or builtin_suite()
    with (
        open_model(base, n_ctx=CONTEXT_TOKENS, threads=threads) as base_model,
        open_model(quant, n_ctx=CONTEXT_TOKENS, threads=threads) as quant_model,
    ):
        _check_vocabularies(base_model, quant_model)
        n_ctx = min(base_model.n_ctx, quant_model.n_ctx)
        rows: list[DocumentDrift] = []
        for dialogue in chosen.dialogues:
            found = passages(base_model, dialogue)
            if found != passages(quant_model, dialogue):
                raise _different(base_model, quant_model, f"dialogue {dialogue.id!r}")
            rows.append(_measure(base_model, quant_model, dialogue.id, found))
            if progress:
                progress(len(rows), len(chosen.dialogues))
    drift = Drift(_describe(base), _describe(quant), chosen.name, chosen.sha256, n_ctx, tuple(rows))
    if drift.n_tokens == 0:
        raise SuiteError(f"the suite {chosen.name} has no tutor turn within {n_ctx} tokens")
    return drift


def _measure(base: Model, quant: Model, name: str, found: tuple[Passage, ...]) -> DocumentDrift:
    n_ctx = min(base.n_ctx, quant.n_ctx)
    total, n_dropped = Divergence(), 0
    for passage in found:
        # The logits before a token predict it, so token n_ctx is the last that can be scored.
        kept = tuple(index for index in passage.scored if index <= n_ctx)
        n_dropped += len(passage.scored) - len(kept)
        total += diverge(base, quant, Passage(passage.tokens, kept))
    for model, nats in ((base, total.nll_base_nats), (quant, total.nll_quant_nats)):
        if not math.isfinite(nats):
            raise ModelError(f"{model.path} computes no number for {name!r}: the file is damaged")
    return DocumentDrift(name, n_dropped, total)


def _check_vocabularies(base: Model, quant: Model) -> None:
    if base.n_vocab != quant.n_vocab:
        counts = f"{base.n_vocab} against {quant.n_vocab} tokens in the vocabulary"
        raise _different(base, quant, counts)


def _different(base: Model, quant: Model, where: str) -> ModelError:
    return ModelError(
        f"{base.path} and {quant.path} do not read text as the same tokens ({where}); "
        "drift needs a base made from the same checkpoint"
    )


def _describe(path: Path) -> ModelFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelFile(path.name, path.stat().st_size, digest)
