"""A linear equation in one letter, solved step by step with exact fractions."""

from fractions import Fraction

from llmq.answers.nodes import Node, Op, Sym, rational, symbols
from llmq.tutor.exercise import Step

Line = tuple[Fraction, Fraction]
"""a and b of ax + b."""


def equation_steps(left: Node, right: Node, sides: tuple[str, str]) -> list[Step]:
    """The steps to the value of the letter, `sides` as they were typed.

    Raises ValueError where there is not one value.
    """
    letters = symbols(left) | symbols(right)
    if len(letters) != 1:
        raise ValueError(f"it has {len(letters)} letters; equations in one are solved")
    x = next(iter(letters))
    (a, b), (c, d) = _line(left), _line(right)
    if a == c:
        raise ValueError("every number solves it" if b == d else "no number solves it")
    steps = _opened(left, (a, b), x, sides[0]) + _opened(right, (c, d), x, sides[1])
    if a == 0 or (c != 0 and c > a):  # the letter goes where there is more of it
        (a, b), (c, d) = (c, d), (a, b)
    if c:
        less = f"({_term(c, x)})" if c < 0 else _term(c, x)
        steps.append(_step("terms", f"{_term(a, x)} - {less}", _term(a - c, x)))
    if b:
        work = f"{d} - {b}" if b > 0 else f"{d} + {-b}"
        steps.append(_step("plus" if b > 0 else "minus", work, str(d - b)))
    if a - c != 1:
        steps.append(_undone(d - b, a - c))
    return steps


SAYS = {
    "open": ("What do you get without the brackets?", "Multiply every term in the brackets."),
    "terms": ("How do you bring the letter to one side?", "Subtract the smaller term of both."),
    "plus": ("How do you undo the plus?", "Subtract on both sides."),
    "minus": ("How do you undo the minus?", "Add on both sides."),
    "division": ("How do you undo the division?", "Multiply both sides."),
    "times": ("How do you undo the factor?", "Divide both sides by the number at the letter."),
}


def _step(what: str, work: str, value: str) -> Step:
    return Step(*SAYS[what], work, value)


def _undone(total: Fraction, factor: Fraction) -> Step:
    """The step that undoes a factor; of x/4 it is the division that is undone."""
    value = str(total / factor)
    if factor.numerator == 1:
        return _step("division", f"{_bracket(str(total), total)} * {factor.denominator}", value)
    by = f"{factor}" if factor > 0 and factor.denominator == 1 else f"({factor})"
    top = f"{total}" if total >= 0 and total.denominator == 1 else f"({total})"
    return _step("times", f"{top} / {by}", value)


def _line(node: Node) -> Line:
    """a and b of a node that is ax + b."""
    value = rational(node)
    if value is not None:
        return Fraction(0), value
    if isinstance(node, Sym):
        return Fraction(1), Fraction(0)
    if not isinstance(node, Op) or node.name not in ("+", "*", "/", "neg"):
        raise ValueError("it is not linear")
    lines = [_line(arg) for arg in node.args]
    (a, b), (c, d) = lines[0], lines[-1]
    if node.name == "neg":
        return -a, -b
    if node.name == "+":
        return a + c, b + d
    if node.name == "/":
        if c:
            raise ValueError("it divides by the letter")
        return a / d, b / d
    if a and c:
        raise ValueError("it is not linear")
    return a * d + c * b, b * d


def _opened(node: Node, line: Line, x: str, written: str) -> list[Step]:
    """The step that multiplies brackets out, where there are some."""
    if not _has_brackets(node):
        return []
    a, b = line
    tail = f" {'+' if b > 0 else '-'} {abs(b)}" if b else ""
    return [_step("open", written, f"{_term(a, x)}{tail}" if a else str(b))]


def _has_brackets(node: Node) -> bool:
    if not isinstance(node, Op):
        return False
    here = node.name == "*" and any(isinstance(a, Op) and a.name == "+" for a in node.args)
    return (here and bool(symbols(node))) or any(map(_has_brackets, node.args))


def _term(a: Fraction, x: str) -> str:
    if a.denominator != 1:
        return f"({a}){x}"
    return {1: x, -1: f"-{x}"}.get(int(a), f"{a}{x}")


def _bracket(text: str, a: Fraction) -> str:
    return f"({text})" if a < 0 or a.denominator != 1 else text
