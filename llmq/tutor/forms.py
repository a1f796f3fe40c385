"""Whether an answer has the form that is asked for: 3/7 where 18/42 is to be shortened, not 9/21.

Only where the question shows what is worth as much as its key does the form count.
"""

import re
from fractions import Fraction
from functools import lru_cache

from llmq.answers.algebra import same
from llmq.answers.nodes import Node, Num, Op, TooLargeError, symbols
from llmq.answers.quantities import plain
from llmq.answers.readings import readings, tidy
from llmq.tutor.exercise import Exercise

EXPRESSION = re.compile(
    r"(?:[\d(]|\b[a-z]\b)[\d\s()+\-*/^.]*(?:\b[a-z]\b|[a-z](?![a-z])|[\d\s()+\-*/^.])*"
)
TERMS = re.compile(r"(?<=[\w)])\s*[-+]")
DIVISION = re.compile(r"-?(\d+(?:\.\d+)?) ?/ ?(\d+(?:\.\d+)?)")
FRACTION = re.compile(r"(?<![\d.*/+-])(?<![*/+-] )\d+ ?/ ?\d+(?![\d.]|\s*[-+*/^])")


def has_form(said: str, exercise: Exercise) -> bool:
    """Whether `said`, which is worth what the key is, is written as the key is.

    >>> exercise = Exercise("f", "fractions", "Write 18/42 in lowest terms.", "3/7")
    >>> has_form("3/7", exercise), has_form("9/21", exercise)
    (True, False)
    """
    if not _is_rewritten(exercise):
        return True
    wanted = {form(reading.node) for reading in readings(tidy(exercise.key))}
    if any(map(str.isalpha, exercise.key)) and _is_as_short(said, exercise.key):
        return True
    return any(form(reading.node) in wanted for reading in readings(tidy(said)))


def _is_as_short(said: str, key: str) -> bool:
    """Whether an expression has no more terms and brackets than the key: x*x - 2 for x^2 - 2."""
    ours, theirs = ((len(TERMS.findall(text)), text.count("(")) for text in (said, key))
    return ours[0] <= theirs[0] and ours[1] == theirs[1]


def is_unworked(said: str) -> bool:
    """Whether `said` is a division that is still to do.

    >>> is_unworked("156 / 12"), is_unworked("9.6/0.4"), is_unworked("3/4"), is_unworked("5/1")
    (True, True, False, False)
    """
    match = DIVISION.fullmatch(said.strip())
    if match is None:
        return False
    over, under = Fraction(match[1]), Fraction(match[2])
    return "." in said or (under > 1 and over % under == 0)


def is_asked(said: str, exercise: Exercise) -> bool:
    """Whether `said` is only what the question shows."""
    return _compact(said) in _compact(exercise.question)


def form(node: Node) -> object:
    """How a node is written, whatever the order of what is added or multiplied."""
    if isinstance(node, Num):
        return node.value
    if not isinstance(node, Op):
        return repr(node)
    args = [part for arg in node.args for part in _flat(node.name, arg)]
    forms = [form(arg) for arg in args]
    return (node.name, *(sorted(forms, key=repr) if node.name in ("+", "*") else forms))


def _flat(name: str, node: Node) -> list[Node]:
    if name in ("+", "*") and isinstance(node, Op) and node.name == name:
        return [part for arg in node.args for part in _flat(name, arg)]
    return [node]


@lru_cache(maxsize=64)
def _is_rewritten(exercise: Exercise) -> bool:
    """Whether the question shows the key in another form."""
    keys = [reading.node for reading in readings(tidy(exercise.key))]
    has_letters = any(symbols(key) for key in keys)
    shown = (EXPRESSION if has_letters else FRACTION).findall(plain(exercise.question))
    return any(
        _is_same(reading.node, key) and form(reading.node) != form(key)
        for text in shown
        for reading in readings(tidy(text))
        for key in keys
    )


def _is_same(left: Node, right: Node) -> bool:
    try:
        return symbols(left) == symbols(right) and same(left, right)
    except TooLargeError:
        return False


def _compact(text: str) -> str:
    return re.sub(r"[\s*]", "", plain(text)).lstrip("=").rstrip(".?!")
