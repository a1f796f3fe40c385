"""How models differ on the scored tokens of a passage: from logits to the values of each token.

All models read the passage at the same pace, and the base's distribution over the vocabulary is
computed once for each token, however many files are compared with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq_eval.distribution import Distribution, Logits
from llmq_eval.kept import Kept
from llmq_eval.likelihood import TOKEN, Passage, Tokens
from llmq_eval.saved_base import SavedBase

Outcome = Tokens | ModelError  # of one model on one passage
Base = Model | SavedBase
Prediction = Distribution | Kept
# Told of a file: which, a token's index, its KL, and both predictions, soon to be filled anew.
Watch = Callable[[Model, int, float, Prediction, Distribution], None]
Keep = Callable[[Distribution, int], None]  # told what the base predicts where a token stands


def compare(
    base: Base,
    quants: Sequence[Model],
    passage: Passage,
    *,
    watch: Watch | None = None,
    keep: Keep | None = None,
) -> dict[Model, Outcome]:
    """How each of `quants` differs from `base` on each scored token of a passage they can hold.

    A model that fails has its error and stops there; the others go on. Raises ModelError where the
    base fails.
    """
    found: dict[Model, Outcome] = {}
    tokens = {quant: np.empty(len(passage.scored), TOKEN) for quant in quants}
    following = {quant: predictions(quant, passage) for quant in quants}
    known: Iterator[Prediction] = (
        base.predictions(passage) if isinstance(base, SavedBase) else predictions(base, passage)
    )
    for number, (index, p) in enumerate(zip(passage.scored, known, strict=True)):
        role, target = passage.roles.get(index, 0), passage.tokens[index]
        if keep and isinstance(p, Distribution):
            keep(p, target)
        for quant, q in _step(following, found).items():
            kl = p.kl(q)
            tokens[quant][number] = (
                *(p.nll(target), q.nll(target), kl),
                *(p.top == q.top, p.top == target, q.top == target, role),
            )
            if watch:
                watch(quant, index, kl, p, q)
    return {quant: found.get(quant, tokens[quant]) for quant in quants}


def _step(
    following: Mapping[Model, Iterator[Distribution]], found: dict[Model, Outcome]
) -> dict[Model, Distribution]:
    """What each model that has not failed predicts next; those that fail now have their error."""
    now: dict[Model, Distribution] = {}
    for quant in [quant for quant in following if quant not in found]:
        try:
            now[quant] = next(following[quant])
        except ModelError as error:
            found[quant] = error
    return now


def predictions(model: Model, passage: Passage) -> Iterator[Distribution]:
    """What `model` predicts for each scored token: one distribution, filled anew each time."""
    positions = [index - 1 for index in passage.scored]  # the logits before a token predict it
    room = Distribution(model.n_vocab)
    for logits in model.rows(passage.tokens[: passage.n_read], positions):
        yield room.read(_numbers(logits, model))


def _numbers(logits: Logits, model: Model) -> Logits:
    if not np.isfinite(logits).all():
        raise ModelError(f"{model.path} computes no number: the file is damaged")
    return logits
