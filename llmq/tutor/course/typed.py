"""A problem that a student types, worked out by code: `3/4 of 20`, `12*21+19`, `3x + 5 = 20`.

Numbers are exact fractions and nothing is guessed: what is not an expression of numbers or a linear
equation in one letter is refused with the reason.
"""

import re
from fractions import Fraction

from llmq.answers.nodes import Node, Num, Op, Rel, TooLargeError, rational, symbols
from llmq.answers.readings import readings, tidy
from llmq.errors import CourseError, one_line
from llmq.practice.numerals import numbers_in
from llmq.tutor.course.built_in import built_in_course
from llmq.tutor.course.linear import equation_steps
from llmq.tutor.exercise import Exercise, Step

ASKING = re.compile(
    r"^(?:please\s+)?(?:solve|work out|calculate|compute|evaluate|find|what is|what's|how much is)\b"
    r"(?: for [a-z]:?)?\s*",
    re.IGNORECASE,
)
PART = re.compile(r"^(?P<part>\d+\s*/\s*\d+)\s+of\s+(?P<whole>[\d.,]+)$", re.IGNORECASE)
PERCENT = re.compile(
    r"^(?P<part>\d+(?:\.\d+)?)\s*(?:%|percent|per cent)\s+of\s+(?P<whole>[\d.,]+)$", re.IGNORECASE
)
MOST_BITS = 200  # of a number that a student writes out
REMEDY = "type numbers such as 12*21+19, 3/4 of 20, 30% of 240, or an equation such as 3x+5=20"
DOES = {
    "+": ("What do you get when you add?", "Add the two numbers."),
    "-": ("What do you get when you take away?", "Take the second number from the first."),
    "*": ("What do you get when you multiply?", "Multiply before you add or subtract."),
    "/": ("What do you get when you divide?", "Divide the first number by the second."),
    "^": ("What does the power come to?", "Multiply the base by itself."),
}  # fmt: skip


def exercise_of_text(text: str) -> Exercise:
    """The exercise that `text` puts. Raises CourseError with the reason where it is none.

    >>> exercise_of_text("3/4 of 20").key, exercise_of_text("Solve 3x + 5 = 20").key
    ('15', '5')
    """
    question = " ".join(text.split())
    plain = ASKING.sub("", question.rstrip(" ?.!")).strip()
    try:
        skill, steps = _worked_out(plain)
    except TooLargeError as error:
        raise refused(text, "its numbers are too large") from error
    except ZeroDivisionError as error:
        raise refused(text, "it divides by zero") from error
    except ValueError as error:
        raise refused(text, str(error)) from error
    if not steps:
        raise refused(text, "there is nothing left to work out")
    return Exercise(
        f"typed: {plain}", skill, question, steps[-1].value, tuple(steps),
        goal=f"The task is: {question.rstrip('.')}{'' if question.endswith('?') else '.'}",
        example=_example(skill, steps),
    )  # fmt: skip


def _example(skill: str, steps: list[Step]) -> str:
    """A worked example of the built-in course in which no value of these steps occurs."""
    hidden = {r.node.value for s in steps for r in readings(s.value) if isinstance(r.node, Num)}
    hidden |= numbers_in(" ".join(step.value for step in steps))
    texts = (each.example for each in built_in_course().exercises if each.skill == skill)
    return next((text for text in texts if not hidden & numbers_in(text)), "")


def refused(text: str, why: str) -> CourseError:
    """The refusal of a typed problem."""
    return CourseError(f'"{one_line(text, 80)}" cannot be worked out: {why}; {REMEDY}')


def _worked_out(plain: str) -> tuple[str, list[Step]]:
    if match := PART.match(plain):
        part, whole = Fraction(match["part"].replace(" ", "")), _number(match["whole"])
        top, bottom = (int(n) for n in match["part"].split("/"))
        return "parts", _part(top, bottom, part, whole)
    if match := PERCENT.match(plain):
        percent, whole = Fraction(match["part"]), _number(match["whole"])
        one = whole / 100
        return "percentages", [
            Step("How much is one percent?", "Divide by a hundred to get one percent.",
                 f"{shown(whole)} / 100", shown(one)),
            Step("How many times one percent?", "Multiply the one percent.",
                 f"{_factor(one)} * {_factor(percent)}", shown(one * percent)),
        ]  # fmt: skip
    node = _node(plain)
    if isinstance(node, Rel):
        if node.name != "=":
            raise ValueError(f"it has {node.name}; only equations are solved")
        left, _, right = (part.strip() for part in plain.partition("="))
        return "equations", equation_steps(node.left, node.right, (left, right))
    if symbols(node):
        raise ValueError("it has letters but no equals sign")
    if rational(node) is None:
        raise ValueError("it is no sum, product, quotient or power of numbers")
    steps: list[Step] = []
    _calculate(node, steps)
    return "order", steps


def _part(top: int, bottom: int, part: Fraction, whole: Fraction) -> list[Step]:
    unit = whole / bottom
    steps = [
        Step("How big is one part?", "Divide by the bottom number.",
             f"{shown(whole)} / {bottom}", shown(unit)),
    ]  # fmt: skip
    if top != 1:
        work = f"{_factor(unit)} * {top}"
        steps.append(
            Step(
                "How many parts do you need?", "Multiply by the top number.", work,
                shown(part * whole),
            )
        )  # fmt: skip
    return steps


def _number(text: str) -> Fraction:
    value = rational(_node(text))
    if value is None:
        raise ValueError(f"{text} is no number")
    return value


def _node(text: str) -> Node:
    found = readings(tidy(text))
    for reading in found:
        if isinstance(reading.node, Num | Op | Rel) and not (reading.unit or reading.label):
            return reading.node
    raise ValueError("it is no mathematics that is read here")


def _calculate(node: Node, steps: list[Step]) -> Fraction:
    """The value of a node of numbers; each operation in it becomes a step, the inner ones first."""
    if isinstance(node, Num):
        return node.value
    value = rational(node)
    if not isinstance(node, Op) or value is None:
        raise ZeroDivisionError
    if node.name == "neg":
        return -_calculate(node.args[0], steps)
    sign, right = node.name, node.args[1]
    if sign == "+" and isinstance(right, Op) and right.name == "neg":
        sign, right = "-", right.args[0]
    one, two = _calculate(node.args[0], steps), _calculate(right, steps)
    is_fraction = sign == "/" and shown(value) == f"{shown(one)}/{shown(two)}"
    if not is_fraction:  # 3/4 is a number already
        steps.append(Step(*DOES[sign], f"{_factor(one)} {sign} {_factor(two)}", shown(value)))
    return value


def shown(value: Fraction) -> str:
    """A number as a student writes it: 15, 3/4. Raises TooLargeError for what none would write."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise TooLargeError
    return str(value)


def _factor(value: Fraction) -> str:
    """A number in a calculation: fractions and negative ones in brackets."""
    return str(value) if value.denominator == 1 and value >= 0 else f"({value})"
