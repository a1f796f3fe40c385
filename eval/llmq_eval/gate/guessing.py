"""Whether a base does better at multiple choice than a die: where it does not, nothing is lost."""

from collections.abc import Sequence

from llmq_eval.gate.evidence import Row
from llmq_eval.gate.measures import Z, wilson_ends
from llmq_eval.gate.rows import NotMeasured, number, share
from llmq_eval.statistics import FEW_DOCUMENTS


def guessing(rows: Sequence[Row]) -> str:
    """Why these choices tell nothing of what is kept; nothing where the base knows some.

    >>> guessing([{"n_choices": 4, "base_right": 0}] * 2)
    'the base has 0 of 2 right where guessing makes 0.5: what is kept ... ask more questions'
    """
    if not rows:
        return ""
    try:
        n, right = len(rows), sum(share(row, "base_right") for row in rows)
        chance = sum(1 / max(1.0, number(row, "n_choices")) for row in rows)
    except NotMeasured:  # of a report that others wrote
        return ""
    if wilson_ends(right / n, n, Z)[0] > chance / n:
        return ""
    remedy = "more questions" if n < FEW_DOCUMENTS else "questions that it can answer"
    return (
        f"the base has {right:.0f} of {n} right where guessing makes {chance:.3g}: what is kept of that "
        f"says nothing; ask {remedy}"
    )
