"""The numbers that a plain text tells: figures in every notation, English words, calculations."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VALUES = {word: n for n, word in enumerate(ONES)} | {w: 10 * n for n, w in enumerate(TENS, 2)}
NAME = "|".join(sorted(VALUES, key=len, reverse=True))
CARDINAL = re.compile(
    rf"\b(?:a|{NAME})(?:[\s-]+(?:and[\s-]+)?(?:hundred|thousand|{NAME})|[\s-]+and[\s-]+(?:{NAME}))*\b"
)
POINT = re.compile(rf"\b(\d+) point((?: (?:\d|{NAME}|oh))+)\b")
OPERATORS = (
    (r"\b(?:plus|added to)\b", "+"),
    (r"\bminus\b", "-"),
    (r"\b(?:times|multiplied by)\b", "*"),
    (r"(?<=\d) ?x ?(?=\d)", "*"),
    (r"\b(?:divided by|over)\b", "/"),
    (r"(?<=\d) : (?=\d)", "/"),
    (r"\bto the power of\b|\*\*", "^"),
    (r"\bsquared\b", "^ 2"),
    (r"\bcubed\b", "^ 3"),
)
FIGURE = r"\d{1,3}(?:[ '_]\d{3})+(?![\d])|\d+(?:[.,]\d+)*|(?<![\d\w])\.\d+"
TOKEN = re.compile(
    rf"({FIGURE})(\s?(?:%|percent\b|per cent\b|prozent\b|por ciento\b|pour cent\b))?|([-+*/^()=])|(\s+)"
)
LARGEST = 10**12


@dataclass(frozen=True)
class Told:
    """A number in a text: its values (a comma can mean two things), where, and whence.

    `parts` are the numbers that it is calculated from; a figure has none.
    """

    values: frozenset[Fraction]
    start: int
    end: int
    parts: tuple[Fraction, ...] = ()
    in_words: bool = False


def figures(text: str) -> str:
    """`text` with English number words as figures, each between marks as long as needed.

    >>> figures("it is two hundred and fifty-two, not twenty")
    'it is 252, not 20'
    """
    text = CARDINAL.sub(_figure, text)
    return POINT.sub(_decimal, text)


def calculated(text: str) -> str:
    """`text` with words of arithmetic as signs."""
    for pattern, by in OPERATORS:
        text = re.sub(pattern, by, text)
    return text


def _figure(match: re.Match[str]) -> str:
    words = re.split(r"[\s-]+", match[0])
    if words[0] == "a" and (len(words) == 1 or words[1] not in ("hundred", "thousand")):
        return match[0]
    groups: list[int] = [0]
    total, small = 0, False
    out: list[str] = []
    for word in words:
        if word in ("and", "a"):
            continue
        if word == "hundred":
            groups[-1] = max(groups[-1], 1) * 100
            small = False
        elif word == "thousand":
            total, groups[-1], small = total + max(groups[-1], 1) * 1000, 0, False
        else:
            value = VALUES[word]
            last = groups[-1] % 100
            if small and not (last >= 20 and last % 10 == 0 and 0 < value < 10):
                out.append(str(total + groups[-1]))
                total, groups[-1] = 0, 0
            groups[-1] += value
            small = True
    out.append(str(total + groups[-1]))
    return " ".join(out)


def _decimal(match: re.Match[str]) -> str:
    digits = (VALUES.get(word, 0) if word.isalpha() else word for word in match[2].split())
    return f"{match[1]}.{''.join(map(str, digits))}"


def readings(token: str) -> set[Fraction]:
    """What a figure may mean.

    >>> sorted(readings("1,260"))
    [Fraction(63, 50), Fraction(1260, 1)]
    """
    token = re.sub(r"[ '_]", "", token)
    marks = re.findall(r"[.,]", token)
    if not marks:
        return {Fraction(token)}
    found = set()
    if all(len(part) == 3 for part in re.split(r"[.,]", token)[1:]):
        found.add(Fraction(re.sub(r"[.,]", "", token)))
    if len(marks) == 1:
        found.add(Fraction("0" + token.replace(",", ".")))
    elif marks[-1] not in marks[:-1]:
        whole, part = re.sub(rf"[{marks[0]}]", "", token), marks[-1]
        found.add(Fraction(whole.replace(part, ".")))
    return found


def told(text: str) -> Iterator[Told]:
    """Every figure, and every calculation and part of one, of a text.

    >>> [sorted(map(str, each.values)) for each in told("6 + 6")]
    [['6'], ['6'], ['12']]
    """
    for run in _runs(calculated(text)):
        yield from run


@dataclass(frozen=True)
class Token:
    """A figure with its values, or a sign."""

    sign: str
    values: frozenset[Fraction]
    start: int
    end: int


def _runs(text: str) -> Iterator[list[Told]]:
    run: list[Token] = []
    last = 0
    for match in TOKEN.finditer(text):
        if match.start() != last and run:
            yield _read(run)
            run = []
        last = match.end()
        if match[1]:
            values = readings(match[1])
            if match[2]:
                values |= {value / 100 for value in values}
            run.append(Token("", frozenset(values), match.start(), match.end()))
        elif match[3]:
            run.append(Token(match[3], frozenset(), match.start(), match.end()))
    if run:
        yield _read(run)


def _read(tokens: list[Token]) -> list[Told]:
    found: list[Told] = []
    place = 0
    while place < len(tokens):
        if tokens[place].sign in ("", "(", "-"):
            parser = Parser(tokens, place, found)
            parser.sum_()
            place = max(parser.place, place + 1)
        else:
            place += 1
    return found


class Parser:
    """Reads a calculation from `place` on, and notes the value of each part of it."""

    def __init__(self, tokens: list[Token], place: int, found: list[Told]) -> None:
        self.tokens, self.place, self.found = tokens, place, found

    def sum_(self) -> Told | None:
        """A sum."""
        return self._chain(self.product, "+-")

    def product(self) -> Told | None:
        """A product."""
        return self._chain(self.power, "*/")

    def power(self) -> Told | None:
        """A power."""
        return self._chain(self.atom, "^")

    def atom(self) -> Told | None:
        """A figure, its opposite, or a calculation in parentheses."""
        if self.place >= len(self.tokens):
            return None
        token = self.tokens[self.place]
        if token.values:
            self.place += 1
            return self._noted(Told(token.values, token.start, token.end))
        if token.sign == "-":
            self.place += 1
            inner = self.atom()
            if inner is None:
                return None
            if not inner.parts and self.found and self.found[-1] == inner:
                self.found.pop()
            opposite = frozenset(-value for value in inner.values)
            return self._noted(Told(opposite, token.start, inner.end, inner.parts))
        if token.sign == "(":
            self.place += 1
            inner = self.sum_()
            if self.place < len(self.tokens) and self.tokens[self.place].sign == ")":
                self.place += 1
            return inner
        return None

    def _chain(self, part: Callable[[], Told | None], signs: str) -> Told | None:
        left = part()
        while left and self.place < len(self.tokens) and self.tokens[self.place].sign in [*signs]:
            sign, before = self.tokens[self.place].sign, self.place
            self.place += 1
            right = part()
            if right is None:
                self.place = before
                return left
            left = self._noted(_joined(left, sign, right))
        return left

    def _noted(self, told_: Told) -> Told:
        self.found.append(told_)
        return told_


def _joined(left: Told, sign: str, right: Told) -> Told:
    values = {
        value
        for a in left.values
        for b in right.values
        if (value := _result(a, sign, b)) is not None
    }
    parts = (left.parts or tuple(left.values)) + (right.parts or tuple(right.values))
    return Told(frozenset(values), left.start, right.end, parts)


def _result(a: Fraction, sign: str, b: Fraction) -> Fraction | None:
    if sign == "^":
        if b.denominator != 1 or not 0 <= b <= 12 or abs(a) > 1000:
            return None
        return a**b.numerator
    if sign == "/":
        return a / b if b else None
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    return value if abs(value) < LARGEST else None
