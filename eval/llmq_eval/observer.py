"""What is noted while files are compared, beside the values of each token."""

from collections.abc import Callable, Sequence

from llmq.runtime import Model
from llmq_eval.comparison import Keep, Prediction, Watch
from llmq_eval.distribution import Distribution
from llmq_eval.material import Document
from llmq_eval.worst_tokens import WorstTokens


class Observer:
    """The worst tokens of each file, and the variance of its KL where the base is a saved one.

    `keep` is told each prediction of the base, with the token that stands there, `progress` how
    many documents are done, and of how many.
    """

    def __init__(
        self,
        quants: Sequence[Model],
        *,
        progress: Callable[[int, int], None] | None = None,
        keep: Keep | None = None,
    ) -> None:
        self.quants = tuple(quants)
        self.worst = {quant: WorstTokens() for quant in quants}
        self.kl_variance = dict.fromkeys(quants, 0.0)  # of the sum over tokens
        self.progress = progress
        self.keep = keep

    def watch(self, document: Document, passage: int) -> Watch:
        """What is to be told of each token of a passage of `document`."""

        def see(quant: Model, index: int, kl: float, p: Prediction, q: Distribution) -> None:
            self.worst[quant].see(document, passage, index, kl, p, q)
            self.kl_variance[quant] += p.kl_variance

        return see
