"""Whether a formula tells the answer: an equation that it solves, a rule that leads to it."""

import re
from fractions import Fraction
from itertools import pairwise

from llmq.answers.nodes import Node, Num, Op, Sym, TooLargeError, rational, symbols
from llmq.tutor.guarding.figures import figured, meant
from llmq.tutor.guarding.secrets import FIGURE, Secrets, node_of

EQUALS = re.compile(r"=|\b(?:is|equals|equal to|gives|makes)\b")
RULE = re.compile(
    r"(?<![\w.])(?:\d+ ?\*? ?[b-z]|[b-z])(?![a-z]) ?[-+] ?\d+(?:\.\d+)?(?!\w|\.\d)|(?<![\w.])\d+ ?[-+] ?\d+ ?\*? ?\(?[b-z](?![a-z])(?: ?- ?1\))?"
)
MOST_SHOWN = 12  # numbers of a question that are put into a rule


def tells_formula(text: str, secrets: Secrets) -> bool:
    """Whether a flat sentence has an equation that the key solves, or a rule that gives the key.

    >>> from llmq.tutor.exercise import Exercise
    >>> from llmq.tutor.guarding.secrets import secrets_of
    >>> secrets = secrets_of(Exercise("e", "equations", "Solve 4x - 7 = 21.", "7"), ())
    >>> [tells_formula(text, secrets) for text in ("x - 1 = 6", "2x is 14.", "4x - 7 = 21")]
    [True, True, False]
    """
    if not secrets.key or not any(map(str.isdigit, text)):
        return False
    whole = meant(figured(text, whole=True))
    return _is_solved(whole, secrets) or _leads(whole, secrets)


def _is_solved(whole: str, secrets: Secrets) -> bool:
    if not secrets.letters:
        return False
    letter = f"[{''.join(sorted(secrets.letters)).lower()}]"
    term = rf"(?:\d+(?:\.\d+)?|(?<![a-z]){letter}(?![a-z])|[-+*/^() ]){{1,40}}"
    sides = EQUALS.split(whole)
    for left, right in pairwise(sides):
        before = re.search(rf"{term}$", left)
        behind = re.match(term, right)
        if not (before and behind) or not re.search(letter, before[0] + behind[0]):
            continue
        if set(FIGURE.findall(before[0] + behind[0])) <= secrets.figures:
            continue
        if any(_at(before[0], key) == _at(behind[0], key) is not None for key in secrets.key):
            return True
    return False


def _leads(whole: str, secrets: Secrets) -> bool:
    """Whether 4n + 1 gives the tenth term where the tenth is asked for."""
    return any(
        _at(match[0], value) in secrets.hidden - secrets.shown
        for match in RULE.finditer(whole)
        if not secrets.letters & set(match[0])
        for value in sorted(secrets.shown)[:MOST_SHOWN]
    )


def _at(written: str, value: Fraction) -> Fraction | None:
    """What an expression with one letter comes to at `value`."""
    node = node_of(written)
    if node is None or len(symbols(node)) > 1:
        return None
    try:
        return rational(_put(node, value))
    except (TooLargeError, ZeroDivisionError):
        return None


def _put(node: Node, value: Fraction) -> Node:
    if isinstance(node, Sym):
        return Num(value)
    return (
        Op(node.name, tuple(_put(arg, value) for arg in node.args))
        if isinstance(node, Op)
        else node
    )
