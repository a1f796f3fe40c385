"""Answers: which one a text gives, and whether it is the right one.

`check("1 1/2 cm", "1.5")` compares as a teacher would: the same text, the same number, the same
expression, the same words. `found_answer` takes the final answer out of what somebody wrote.

What is compared was written by strangers and by models. It is never given to an interpreter: a
parser of our own reads it (`parser`), nothing that it cannot read counts as mathematics, and sizes,
depths and exponents are bounded before anything is computed. sympy, which compares expressions, is
imported when the first such check runs.
"""

from llmq.answers.checking import Verdict, check
from llmq.answers.finding import found_answer

__all__ = ["Verdict", "check", "found_answer"]
