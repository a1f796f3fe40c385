"""How models differ on the scored tokens of a passage: from logits to the values of each token.

All models read the passage at the same pace, and the base's distribution over the vocabulary is
computed once for each token, however many files are compared with it. One row of logits at a time
stays in the processor's cache.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq_eval.likelihood import TOKEN, Passage, Tokens

Row = npt.NDArray[np.float32]  # (n_vocab,) logits
Outcome = Tokens | ModelError  # of one model on one passage


@dataclass(frozen=True, eq=False)
class Distribution:
    """A model's next token: p = powers / total = exp(shifted) / total, in float64 throughout.

    KL is a small difference of large terms.
    """

    shifted: npt.NDArray[np.float64]  # (n_vocab,), the largest is 0
    powers: npt.NDArray[np.float64]  # (n_vocab,)
    total: float
    top: int

    def nll(self, token: int) -> float:
        """-ln p of a token, in nats."""
        return float(np.log(self.total) - self.shifted[token])

    def kl(self, other: "Distribution") -> float:
        """KL(self || other) in nats; rounding may take it below 0, where it is 0."""
        mean = (self.powers * (self.shifted - other.shifted)).sum() / self.total
        return max(0.0, float(mean - np.log(self.total) + np.log(other.total)))


def distribution(logits: Row) -> Distribution:
    """The softmax of a row; of equal logits the lower token is the top."""
    top = int(logits.argmax())
    shifted = logits.astype(np.float64)
    shifted -= shifted[top]
    powers = np.exp(shifted)
    return Distribution(shifted, powers, float(powers.sum()), top)


def compare(base: Model, quants: Sequence[Model], passage: Passage) -> dict[Model, Outcome]:
    """How each of `quants` differs from `base` on each scored token of a passage they can hold.

    A model that fails has its error and stops there; the others go on. Raises ModelError where the
    base fails.
    """
    found: dict[Model, Outcome] = {}
    tokens = {quant: np.empty(len(passage.scored), TOKEN) for quant in quants}
    rows = {quant: _rows(quant, passage) for quant in quants}
    for number, (index, logits) in enumerate(
        zip(passage.scored, _rows(base, passage), strict=True)
    ):
        p = distribution(logits)
        for quant, error in _step(rows, p, passage.tokens[index], tokens, number).items():
            del rows[quant]
            found[quant] = error
    return {quant: found.get(quant, tokens[quant]) for quant in quants}


def _step(
    rows: Mapping[Model, Iterator[Row]],
    p: Distribution,
    target: int,
    tokens: Mapping[Model, Tokens],
    number: int,
) -> dict[Model, ModelError]:
    """Fill in token `number` of every model; the errors of those that fail."""
    failed: dict[Model, ModelError] = {}
    for quant, following in rows.items():
        try:
            q = distribution(next(following))
        except ModelError as error:
            failed[quant] = error
            continue
        tokens[quant][number] = (p.nll(target), q.nll(target), p.kl(q), p.top == q.top)
    return failed


def _rows(model: Model, passage: Passage) -> Iterator[Row]:
    """The logits that predict each scored token, row by row."""
    read = passage.tokens[: max(passage.scored, default=0)]  # the last one is scored, not read
    positions = [index - 1 for index in passage.scored]  # the logits before a token predict it
    for block in model.score(read, positions):
        if not np.isfinite(block).all():
            raise ModelError(f"{model.path} computes no number: the file is damaged")
        yield from block
