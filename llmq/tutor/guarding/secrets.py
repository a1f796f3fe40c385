"""What of an exercise is secret, worked out once: hidden values, and what may be asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd

from llmq.answers.nodes import Node, Num, Op, Sym, TooLargeError, rational, symbols
from llmq.answers.parser import parse
from llmq.answers.readings import as_words, tidy
from llmq.answers.tokens import NotMathError, Style, signs_unified, tokens_of
from llmq.tutor.exercise import Exercise
from llmq.tutor.guarding.figures import figured, meant
from llmq.tutor.guarding.signs import clean, flat

NUMBER = re.compile(
    r"(?<![\w.^])(?<!\d/)(\d{1,40}(?:\.\d{1,40})?)(?:/(\d{1,40})(?![\d/]|\.\d))?(?![\d]|\.\d)(?!(?!cm\b|mm\b|km\b|kg\b|ml\b|m\b|g\b|l\b)[a-z])"
)
FIGURE = re.compile(r"\d+(?:\.\d+)?")
MIXED = re.compile(r"\b(\d{1,9}) (?:and )?(\d{1,9})/(\d{1,9})(?![\d/])")
SIGN = re.compile(r"(?:^|[\s(=,:])-$")  # it touches the number and nothing before it
TERM = re.compile(r"[\d(][\d\s.()+\-*/^]{0,60}[\d)]")
PERCENT = re.compile(r"%|\bper ?cent")
TIME = re.compile(r"\d{1,2}:[0-5]\d")
FREE = 3  # numbers up to this one are free, where nothing asserts them
PI = Fraction(355, 113)
OF_PI = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)? ?\*? ?(?:π|\bpi\b|(?<=\d)pi\b)")
OPERATOR = re.compile(r"[\d)]\s*[-+*/^(]")
Calculation = tuple[str, tuple[Fraction, ...]]
"""A sign and the numbers that it stands between, in order of size where order means nothing."""


@dataclass(frozen=True)
class Secrets:
    """What is hidden of an exercise, and what is free.

    `decimals` are shown as fractions and asked for as decimals or percents, `percents` are keys in
    percent, `listed` keys that stand in a list of numbers, `figures` those of the question and of
    what may be calculated, `allowed` the calculations that may be asked for, `asked` is what the
    student reads without spaces, `letters` are those of the question's unknowns, `expression` is a
    key with letters, `terms` are hidden terms such as 11x, `words` the words of the exercise.
    """

    hidden: frozenset[Fraction]
    key: frozenset[Fraction]
    shown: frozenset[Fraction]
    decimals: frozenset[Fraction]
    percents: frozenset[Fraction]
    listed: frozenset[Fraction]
    figures: frozenset[str]
    allowed: frozenset[Calculation]
    asked: str
    letters: frozenset[str]
    expression: Node | None
    terms: frozenset[str]
    words: frozenset[str]


@lru_cache(maxsize=64)
def secrets_of(exercise: Exercise, done: tuple[str, ...]) -> Secrets:
    """The secrets of `exercise` for a student who has found the values `done`."""
    found = {n for value in done for n in _values(value)}
    offered = " ; ".join((exercise.question, *exercise.choices))
    shown = frozenset(numbers_in(offered)) | found | _figures_of(exercise)
    values = [step.value for step in exercise.steps if step.value not in done]
    key = frozenset(_values(exercise.key))
    hidden = {n for text in (exercise.key, *values) for n in _values(text)} - found
    hidden |= {-n for n in hidden if n < 0} - shown
    hidden |= _common_factors(exercise) - shown
    percents = {n / 100 for n in key if PERCENT.search(f"{exercise.key} {exercise.question}")}
    hidden |= percents - shown
    hidden |= {Fraction(match[1] or 1) * PI for match in OF_PI.finditer(exercise.key)}
    hidden |= {n for step in exercise.steps for n in _on_the_way(step.work)} - shown
    as_fractions = {
        n for n in shown - found if n.denominator > 1 and f"{float(n):g}" not in offered
    }
    allowed, written = set(calculations(exercise.question)), [exercise.question, *done]
    for step in exercise.steps:
        if hidden.isdisjoint(set(numbers_in(step.work)) - shown):
            written.append(step.work)
            allowed.update(c for c in calculations(step.work) if not hidden.issuperset(c[1]))
    node = _expression(exercise.key)
    text = " ".join(
        (exercise.question, *exercise.choices, *(s.ask + s.concept for s in exercise.steps))
    )
    letters = frozenset(
        re.findall(r"(?<![A-Za-z'])([b-hj-zB-HJ-Z])(?![A-Za-z'])", exercise.question)
    )
    return Secrets(
        frozenset(hidden), key, shown, frozenset((percents | hidden) & as_fractions), _percents(exercise), key & _listed(exercise.question), frozenset(FIGURE.findall(figured(flat(clean(" ; ".join(written))), whole=True))), frozenset(allowed), _compact(" ; ".join((exercise.question, *done, *_next_work(exercise, done)))), letters, node,
        frozenset(t for value in (exercise.key, *values) for t in _terms_in(value)) - frozenset(_terms_in(exercise.question)),
        frozenset(re.findall(r"[^\W\d_]+", text.casefold())),
    )  # fmt: skip


def _percents(exercise: Exercise) -> frozenset[Fraction]:
    """The key, where it is a percentage that the question does not show as one."""
    if not PERCENT.search(exercise.key):
        return frozenset()
    shown = re.findall(rf"(\d+(?:\.\d+)?) ?(?:{PERCENT.pattern})", exercise.question)
    return frozenset(_values(exercise.key)) - frozenset(map(Fraction, shown))


def _listed(question: str) -> frozenset[Fraction]:
    """The numbers of a list, of which one may be the key: a median, a largest one."""
    found = re.search(r"-?\d+(?:\.\d+)?(?:, -?\d+(?:\.\d+)?)+(?:,? and -?\d+(?:\.\d+)?)?", question)
    return frozenset(numbers_in(found[0])) if found else frozenset()


def _next_work(exercise: Exercise, done: tuple[str, ...]) -> tuple[str, ...]:
    """The calculation that may be named next."""
    return tuple(step.work for step in exercise.steps if step.value not in done)[:1]


def _compact(text: str) -> str:
    return re.sub(r"\s", "", meant(figured(flat(clean(text)), whole=True)))


def numbers_in(text: str) -> Iterator[Fraction]:
    """The numbers of a text of the exercise."""
    return (value for value, _, _ in numbers(figured(flat(clean(text)), whole=True)))


def _common_factors(exercise: Exercise) -> frozenset[Fraction]:
    """What a fraction of the question is shortened by to give the key: 6 of 18/42 and 3/7."""
    found = set()
    for match in re.finditer(r"(\d{1,9}(?:\.\d{1,6})?)(?: ?/ ?(\d{1,9}))?", exercise.question):
        over, under = Fraction(match[1]), int(match[2] or 1)
        value = over / under if under else None
        for key in map(Fraction, re.findall(r"\d{1,9}/[1-9]\d{0,8}", exercise.key)):
            if value == key:
                under = under if match[2] else 10 ** len(match[1].partition(".")[2])
                found.add(Fraction(under, key.denominator))
    return frozenset(found) - {1}


def _terms_in(text: str) -> list[str]:
    """The terms with a letter: 11x of x^2 + 11x + 24."""
    return re.findall(r"\d+[a-z](?![a-z])(?:\^\d)?", re.sub(r"[\s*]", "", clean(text)))


def _figures_of(exercise: Exercise) -> frozenset[Fraction]:
    """The figures that the student sees, also those of 3/4 and 3x."""
    parts = " ".join((exercise.question, *(c for c in exercise.choices if "/" in c)))
    return frozenset(map(Fraction, re.findall(r"(?<![\d.])\d{1,40}(?![\d.]\d)", clean(parts))))


def _values(text: str) -> Iterator[Fraction]:
    """The numbers of a key or a value, and what it comes to where it is a calculation: 3/6."""
    least = FREE if TIME.fullmatch(text.strip()) else None  # an hour, of 1:45
    yield from (n for n in numbers_in(text) if least is None or n > least)
    for node, _ in terms(meant(figured(flat(clean(text)), whole=True))):
        yield from (value for _, value in parts(node))


@lru_cache(maxsize=256)
def numbers(text: str) -> tuple[tuple[Fraction, int, int], ...]:
    """Every number of a `figured` text, a fraction as one, with its start and stop."""
    return tuple(_numbers(text)) if any(map(str.isdigit, text)) else ()


def _numbers(text: str) -> Iterator[tuple[Fraction, int, int]]:
    for match in MIXED.finditer(text):
        if int(match[3]):
            value = int(match[1]) + Fraction(int(match[2]), int(match[3]))
            yield value, *match.span()
    for match in NUMBER.finditer(text):
        over, under = Fraction(match[1]), int(match[2] or 1)
        if match[2] and (not under or gcd(int(over), under) > 1 or over.denominator > 1):
            continue  # 36/4 is a calculation
        start = match.start()
        is_negative = bool(SIGN.search(text[max(0, start - 2) : start]))
        yield (-over if is_negative else over) / under, start - is_negative, match.end()


def calculations(text: str) -> Iterator[Calculation]:
    """The calculations of a text of the exercise."""
    for term, _ in terms(meant(figured(flat(clean(text)), whole=True))):
        yield from (calculation for calculation, _ in parts(term))


def _on_the_way(work: str) -> Iterator[Fraction]:
    """The two halves of a fraction that are calculated each: 10 and 21 of (2 * 5) / (3 * 7)."""
    for term, _ in terms(meant(figured(flat(clean(work)), whole=True))):
        if isinstance(term, Op) and term.name == "/":
            halves = [value for arg in term.args for _, value in list(parts(arg))[-1:]]
            yield from halves if len(halves) == len(term.args) else ()


def terms(text: str) -> Iterator[tuple[Node, str]]:
    """What of a `meant` text can be calculated, without numbers that stand alone."""
    for match in TERM.finditer(text):
        if OPERATOR.search(match[0]):
            for written in dict.fromkeys(
                (match[0], *re.split(r"(?<=[\d)])\s+(?=[\d(])", match[0]))
            ):
                node = node_of(written)
                if node is not None:
                    yield node, written


def node_of(written: str) -> Node | None:
    """What a term says; None where it is no mathematics."""
    written = written.strip()
    while written.count("(") > written.count(")") and written.startswith("("):
        written = written[1:]
    while written.count(")") > written.count("(") and written.endswith(")"):
        written = written[:-1]
    try:
        return parse(tokens_of(written, Style.LIST))
    except (NotMathError, TooLargeError):
        return None


def parts(node: Node) -> Iterator[tuple[Calculation, Fraction]]:
    """Every calculation in a node, with what it comes to."""
    if not isinstance(node, Op):
        return
    for arg in node.args:
        yield from parts(arg)
    try:
        values = [rational(arg) for arg in node.args]
        whole = rational(node)
    except (TooLargeError, ZeroDivisionError):
        return
    numbers = tuple(value for value in values if value is not None)
    if whole is None or len(numbers) < 2 or len(numbers) < len(values):
        return
    ordered = tuple(sorted(numbers)) if node.name in ("+", "*") else numbers
    yield (node.name, ordered), whole


def same_expression(left: Node, right: Node) -> bool:
    """Whether two expressions agree where their letters are numbers."""
    if symbols(left) != symbols(right):
        return False
    try:
        return all(_at(left, p) == _at(right, p) is not None for p in POINTS)
    except (TooLargeError, ZeroDivisionError):
        return False


POINTS = (Fraction(7, 3), Fraction(-11, 5), Fraction(29, 13))


def _at(node: Node, point: Fraction) -> Fraction | None:
    return rational(_put(node, point))


def _put(node: Node, point: Fraction) -> Node:
    if isinstance(node, Sym):
        return Num(point + sum(map(ord, node.name)))
    if isinstance(node, Op):
        return Op(node.name, tuple(_put(arg, point) for arg in node.args))
    return node


def _expression(key: str) -> Node | None:
    """The key as an expression with letters, if it is one."""
    text = tidy(key)
    if len(as_words(text).split()) > 1 and re.search(r"[A-Za-z]{3}", text):
        return None
    try:
        node = parse(tokens_of(signs_unified(text), Style.LIST))
    except (NotMathError, TooLargeError):
        return None
    return node if isinstance(node, Op) and symbols(node) else None
