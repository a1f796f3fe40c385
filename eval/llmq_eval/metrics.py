"""The columns of drift: a row of METRICS each, from the values of single tokens to what is shown.

A metric takes the values of each scored token (`likelihood.TOKEN`) and makes one figure of them
over all documents. The terminal's tables, the totals and the sums of each document in the JSON
report and the table in eval/README.md all follow from the rows: a new column is a new row.
"""

from collections.abc import Callable
from functools import partial
from operator import itemgetter

import numpy as np

from llmq_eval.deciding import DECIDING, Role
from llmq_eval.likelihood import Tokens
from llmq_eval.metric import NATS, PERCENT, Line, Metric, Values
from llmq_eval.statistics import Estimate, percentile


def kl_percentile(
    percent: float, *, title: str, meaning: str, limits: str, line: Line = "more"
) -> Metric:
    """The row of a percentile of KL."""
    return Metric(
        name=f"kl_p{percent:g}_nats".replace(".", ""),
        title=title,
        unit=NATS,
        digits=5,
        line=line,
        values=itemgetter("kl_nats"),
        aggregate=partial(percentile, percent=percent),
        meaning=meaning,
        limits=limits,
    )


def deciding_kl(
    roles: Role, name: str, *, title: str, meaning: str, limits: str, line: Line = "report"
) -> Metric:
    """The row of mean KL over the tokens that decide something of `roles`."""
    return Metric(
        name=f"{name}_kl_nats",
        title=title,
        unit=NATS,
        digits=5,
        line=line,
        values=lambda tokens: tokens["kl_nats"][_are(tokens, roles)],
        document_sum=f"kl_{name}_nats",
        document_count=f"n_{name}",
        meaning=meaning,
        limits=limits,
    )


def _are(tokens: Tokens, roles: Role) -> Values:
    """Which of the tokens have one of these roles."""
    found: Values = (tokens["role"] & int(roles)) > 0
    return found


def _end_gain(tokens: Tokens) -> Values:
    """ln P(end) by QUANT less that by BASE, at the ends of turns."""
    ends = tokens[_are(tokens, Role.END)]
    gain: Values = ends["nll_base_nats"] - ends["nll_quant_nats"]
    return gain


def _squared_change(tokens: Tokens) -> Values:
    """(P by QUANT - P by BASE)^2 of the token that stands there."""
    change: Values = np.exp(-tokens["nll_quant_nats"]) - np.exp(-tokens["nll_base_nats"])
    return change**2


def _only(right: str, wrong: str) -> Callable[[Tokens], Values]:
    """Whether only one of the files holds the token that stands there likeliest."""
    return lambda tokens: tokens[right] & ~tokens[wrong]


METRICS = (
    Metric(
        name="base_perplexity",
        title="perplexity",
        digits=3,
        line="base",
        values=itemgetter("nll_base_nats"),
        figure=Estimate.exp,
        document_sum="nll_base_nats",
        meaning="exp of the mean of -ln p(token) by BASE",
        limits="Its size depends on the text and the tokenizer: compare it only within one suite and "
        "one vocabulary.",
    ),
    Metric(
        name="quant_perplexity",
        title="perplexity",
        digits=3,
        line="quant",
        values=itemgetter("nll_quant_nats"),
        figure=Estimate.exp,
        document_sum="nll_quant_nats",
        meaning="exp of the mean of -ln p(token) by QUANT",
        limits="A value below the base's is no gain in quality; it tends to be luck or a fit to the "
        "calibration's style.",
    ),
    Metric(
        name="ln_ratio",
        title="ln ratio",
        digits=5,
        signed=True,
        line="more",
        values=lambda tokens: tokens["nll_quant_nats"] - tokens["nll_base_nats"],
        document_sum="ln_ratio_nats",
        meaning="ln(perplexity of QUANT / perplexity of BASE), the difference taken token by token",
        limits="Losses and gains cancel: it can be 0 for a model that has changed a lot.",
    ),
    Metric(
        name="mean_kl_nats",
        title="mean KL",
        unit=NATS,
        digits=5,
        line="quant",
        values=itemgetter("kl_nats"),
        document_sum="kl_nats",
        meaning="mean over tokens of KL(BASE ‖ QUANT) over the whole vocabulary, natural logarithm, "
        "float64",
        limits="The most sensitive column, and never negative. It lives in its tail: few tokens carry "
        'much of it. Below about 0.02 it says "closer to the original", not "better at tasks".',
    ),
    kl_percentile(
        50,
        title="KL, median",
        meaning="the KL(BASE ‖ QUANT) that every other token exceeds",
        limits="Nothing of the tail, in which most of the harm is done.",
        line="report",
    ),
    kl_percentile(
        99,
        title="KL, 99th percentile",
        meaning="the KL(BASE ‖ QUANT) that one token in a hundred exceeds",
        limits="Not how far beyond it those tokens lie. Of fewer than some hundred tokens it is little "
        "more than the largest.",
    ),
    kl_percentile(
        99.9,
        title="KL, 99.9th percentile",
        meaning="the KL(BASE ‖ QUANT) that one token in a thousand exceeds",
        limits="Of fewer than some thousand tokens it is little more than the largest. Its interval "
        "ends beyond the largest unless there are many documents, and is then left out.",
    ),
    Metric(
        name="same_top_rate",
        title="same top token",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=itemgetter("same_top"),
        document_sum="same_top",
        meaning="share of tokens at which both files hold the same token likeliest; of equals the lower "
        "id counts",
        limits="A flip between two nearly equal words counts as much as a flip from right to wrong.",
    ),
    Metric(
        name="rms_change",
        title="RMS Δp",
        unit=PERCENT,
        digits=2,
        line="more",
        values=_squared_change,
        figure=Estimate.sqrt,
        document_sum="squared_change",
        meaning="root of the mean of (p(token) by QUANT - p(token) by BASE)², of the token that stands "
        "there, in percent points, as llama-perplexity has it",
        limits="Gains count as much as losses. A token whose odds are tiny in both files hardly counts.",
    ),
    Metric(
        name="right_to_wrong_rate",
        title="right to wrong",
        unit=PERCENT,
        digits=2,
        line="more",
        values=_only("base_right", "quant_right"),
        document_sum="right_to_wrong",
        meaning="share of tokens that BASE holds likeliest and QUANT does not, of those that stand there",
        limits="Right is what the dialogue says next; other words may be as good.",
    ),
    Metric(
        name="wrong_to_right_rate",
        title="wrong to right",
        unit=PERCENT,
        digits=2,
        line="more",
        values=_only("quant_right", "base_right"),
        document_sum="wrong_to_right",
        meaning="share of tokens that QUANT holds likeliest and BASE does not, of those that stand there",
        limits="As above. Both rates near each other say that QUANT wavers, not that it is as good.",
    ),
    deciding_kl(
        DECIDING,
        "deciding",
        title="deciding KL",
        line="deciding",
        meaning="mean KL over the tokens at which it is decided how a reply goes on: all of the four "
        "kinds below, each token once",
        limits="Which tokens these are is a rule about places (`deciding.py`), not about what is said.",
    ),
    deciding_kl(
        Role.FIRST,
        "first",
        title="KL at first tokens",
        meaning="mean KL over the first token of each turn of the tutor",
        limits="One token a turn: its interval is wide.",
    ),
    deciding_kl(
        Role.END,
        "end",
        title="KL at ends",
        line="deciding",
        meaning="mean KL over the tokens that end a turn",
        limits="At true ends only: not whether QUANT would end where nothing ends. Nothing where no "
        "token ends a turn (files without a chat template).",
    ),
    deciding_kl(
        Role.THOUGHT,
        "thought_end",
        title="KL at ends of thoughts",
        meaning="mean KL over the first token of what closes thoughts (`</think>`), once a turn",
        limits="Nothing where the suite's turns hold no thoughts.",
    ),
    deciding_kl(
        Role.BRANCH,
        "branch",
        title="KL at begun sentences",
        meaning="mean KL over the first token of each further sentence or line of a turn, where a hint, "
        "a question or the answer may come next",
        limits="Where a sentence begins, punctuation and white space say: the number of a list counts "
        "too. Whether it is a hint or the answer that comes, nothing says.",
    ),
    Metric(
        name="end_ratio",
        title="P(end) ratio",
        digits=3,
        line="deciding",
        values=_end_gain,
        figure=Estimate.exp,
        document_sum="ln_end_ratio",
        document_count="n_end",
        meaning="exp of the mean of ln(p(end) by QUANT / p(end) by BASE) at true ends of turns: below 1, "
        "QUANT is slower to stop",
        limits="The geometric mean of ratios: one end that QUANT does not see at all weighs much. What "
        "replies do by themselves, `--generate` shows.",
    ),
)
