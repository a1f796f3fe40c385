"""What a student's equation with a letter says: a step, something that follows, or wrong."""

import re
from fractions import Fraction

from llmq.answers.nodes import Node, Num, Op, Rel, Sym, TooLargeError, rational, symbols
from llmq.answers.readings import readings, tidy
from llmq.tutor.exercise import Exercise, Step

TURNED = re.compile(
    r"^(?P<left>[\W\d]*?-?\d[\d./]*)\s*=\s*(?P<right>[^=]*[A-Za-z][^=]*?)(?P<end>[\s.!?]*)$"
)
SOLUTION = re.compile(
    r"^\W*(?:so\W+)?(?P<letter>[a-z])\s*=\s*(?P<value>-?[\d(][\d\s./()+*-]*?)[\s.!?]*$"
)


def turned(text: str) -> str:
    """An equation with its letter on the left.

    >>> turned("6 = 2x"), turned("5 = x."), turned("2x = 6")
    ('2x = 6', 'x = 5', '2x = 6')
    """
    match = TURNED.match(text.strip())
    letters = match and re.findall(r"[A-Za-z]+", match["right"])
    if not match or not letters or any(len(word) > 1 for word in letters):
        return text
    return f"{match['right'].strip()} = {match['left'].strip()}"


def is_false_solution(text: str, exercise: Exercise) -> bool:
    """Whether the letter of the question's equation is said to be what does not solve it."""
    match, key = SOLUTION.match(text.strip()), number_of(exercise.key)
    asked = {letter for relation in _asked(exercise.question) for letter in symbols(relation)}
    value = number_of(match["value"]) if match else None
    return bool(match and match["letter"] in asked) and None not in (key, value) and key != value


def is_solved_by_key(said: str, exercise: Exercise) -> bool | None:
    """Whether the key solves an equation with a letter, one that not any number solves.

    None of what is none.
    """
    key, relation = number_of(exercise.key), _relation(said)
    if key is None or relation is None:
        return None
    return _holds(relation, key) and not _holds(relation, key + 1)


def is_asked_for(said: str, exercise: Exercise) -> bool:
    """Whether `said` is the question's own equation."""
    return _relation(said) in _asked(exercise.question)


def step_of(said: str, exercise: Exercise) -> int | None:
    """The last step to whose value an equation comes, such as 3x = 15; None where it is none."""
    relation = _relation(said)
    steps = [i for i, step in enumerate(exercise.steps) if relation and _ends_in(relation, step)]
    return steps[-1] if steps else None


def number_of(text: str) -> Fraction | None:
    """What a text comes to, as a number."""
    found = (rational(r.node) for r in readings(tidy(text)))
    return next((value for value in found if value is not None), None)


def _holds(relation: Rel, value: Fraction) -> bool:
    try:
        sides = [rational(_at(side, value)) for side in (relation.left, relation.right)]
    except (TooLargeError, ZeroDivisionError):
        return False
    return None not in sides and sides[0] == sides[1]


def _relation(said: str) -> Rel | None:
    for reading in readings(tidy(said)):
        node = reading.node
        if isinstance(node, Rel) and node.name == "=" and len(symbols(node)) == 1:
            return node
    return None


def _asked(question: str) -> list[Rel]:
    """The equation that the question puts."""
    parts = re.findall(r"[\w(][\w\s()+\-*/^.]*=[\w\s()+\-*/^.]*[\w)]", question)
    tails = (part.split(":")[-1].split()[i:] for part in parts for i in range(4))
    return [rel for words in tails if (rel := _relation(" ".join(words)))]


def _ends_in(relation: Rel, step: Step) -> bool:
    value = number_of(step.value)
    return value is not None and value in (rational(relation.left), rational(relation.right))


def _at(node: Node, value: Fraction) -> Node:
    """`node` with its letter replaced by a number."""
    if isinstance(node, Sym):
        return Num(value)
    if isinstance(node, Op):
        return Op(node.name, tuple(_at(arg, value) for arg in node.args))
    return node
