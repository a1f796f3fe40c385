"""Mathematics in one line of Unicode, read as a person reads it: what renderings are held against.

It shares nothing with `llmq.latex` or `llmq.answers`: a small grammar of its own gives sympy's
expressions. A power stands as raised characters or behind ^, a root reaches as far as the next
sign or its parentheses, a slash divides by the one factor behind it, what stands side by side is
multiplied, and a name without parentheses is of the product that follows.
"""

import re
import unicodedata
from typing import Any

import sympy

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ"
LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
FUNCTIONS = {
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "cot": sympy.cot, "sec": sympy.sec,
    "csc": sympy.csc, "ln": sympy.log, "log": sympy.log, "exp": sympy.exp, "arcsin": sympy.asin,
    "arccos": sympy.acos, "arctan": sympy.atan, "sinh": sympy.sinh, "cosh": sympy.cosh,
    "tanh": sympy.tanh, "gcd": sympy.gcd, "lcm": sympy.lcm, "max": sympy.Max, "min": sympy.Min,
}  # fmt: skip
RELATIONS = {"=": "==", "≠": "!=", "<": "<", ">": ">", "≤": "<=", "≥": ">=", "≈": "~"}
TOKEN = re.compile(
    rf"\s*(?:(?P<mixed>\d+ \d+/\d+)|(?P<num>\d+(?:,\d{{3}})*(?:\.\d+)?)|(?P<name>{'|'.join(sorted(FUNCTIONS, key=len, reverse=True))})"
    rf"|(?P<root>[{RAISED}]+√)|(?P<up>[{RAISED}]+)|(?P<down>[{LOWERED}]+)"
    r"|(?P<other>\S))"
)
CLOSING = {"(": ")", "[": "]", "{": "}"}
SAME = str.maketrans({"\u2212": "-", "⋅": "·", "∗": "·", "*": "·", "∘": "°", "\u2223": "|"})
STARTS = ("{", "(", "[", "√", "∛", "∜", "∞")
ROOTS = {"√": 2, "∛": 3, "∜": 4}


class UnreadError(Exception):
    """The text is nothing that this grammar has."""


def meaning(text: str) -> list[Any]:
    """What a line says: expressions, with the names of the relations that stand between them.

    >>> meaning("(1/2)x = √(x+1)")
    [x/2, '==', sqrt(x + 1)]
    """
    return _Plain(_alike(text)).all()


def _alike(text: str) -> str:
    """One way to write what renderers write in several: signs, small fractions, degrees."""
    text = text.translate(SAME).replace("^°", "°")
    text = re.sub(rf"([{RAISED}]+)\u2044([{LOWERED}]+)", lambda m: f"({_usual(m[0])})", text)
    return re.sub(r"(\d?)([¼-¾⅐-⅞])", _small, text)


def _small(match: re.Match[str]) -> str:
    fraction = _usual(match[2])
    return f"{match[1]} {fraction}" if match[1] else f"({fraction})"


def _usual(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2044", "/")


class _Plain:
    def __init__(self, text: str) -> None:
        self._tokens = [
            (str(match.lastgroup), match[str(match.lastgroup)]) for match in TOKEN.finditer(text)
        ]
        self._at = 0
        self._n_bars = 0  # that are open

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._next
        self._at += 1
        return token

    def all(self) -> list[Any]:
        found = [self._sum()]
        while self._next[1] in RELATIONS or self._next[1] == ",":
            found += [RELATIONS.get(self._take()[1], ","), self._sum()]
        if self._next[0] != "end":
            raise UnreadError(self._next[1])
        return found

    def _sum(self) -> Any:
        value = self._product()
        while self._next[1] in ("+", "-", "±"):
            sign, term = self._take()[1], self._product()
            value = value + {"+": 1, "-": -1, "±": sympy.Symbol("pm")}[sign] * term
        return value

    def _product(self, *, of_function: bool = False) -> Any:
        if self._next[1] in ("-", "+", "±"):
            sign = self._take()[1]
            return {"+": 1, "-": -1, "±": sympy.Symbol("pm")}[sign] * self._product()
        value = self._power()
        while True:
            if not of_function and self._next[1] in ("·", "×", "÷", "/"):
                divides = self._take()[1] in ("÷", "/")
                factor = self._signed()
                value = value / factor if divides else value * factor
            elif self._begins(after_function=of_function):
                value = value * self._power()
            else:
                return value

    def _signed(self) -> Any:
        if self._next[1] == "-":
            self._take()
            return -self._signed()
        return self._power()

    def _begins(self, *, after_function: bool) -> bool:
        kind, text = self._next
        is_name = kind == "name" and not after_function
        return (
            kind in ("mixed", "num", "root")
            or is_name
            or text in STARTS
            or (kind == "other" and text.isalpha())
            or (text == "|" and not self._n_bars)
        )

    def _power(self) -> Any:
        value = self._after(self._atom())
        kind, text = self._next
        if kind == "up":
            self._take()
            value = value ** meaning(unicodedata.normalize("NFKC", text).replace("−", "-"))[0]
        elif text == "^":
            self._take()
            value = value ** self._exponent()
        return self._after(value)

    def _exponent(self) -> Any:
        """What stands behind ^: a factor with its sign; of several, the last is raised first."""
        if self._next[1] == "-":
            self._take()
            return -self._exponent()
        value = self._atom()
        if self._next[1] == "^":
            self._take()
            value = value ** self._exponent()
        return value

    def _after(self, value: Any) -> Any:
        while self._next[1] in ("!", "%", "°"):
            sign = self._take()[1]
            value = sympy.factorial(value) if sign == "!" else value
            value = value * {"!": 1, "%": sympy.Rational(1, 100), "°": sympy.pi / 180}[sign]
        return value

    def _atom(self) -> Any:
        kind, text = self._take()
        if kind == "mixed":
            whole, part = text.split(" ")
            return int(whole) + sympy.Rational(part)
        if kind == "num":
            return sympy.Rational(text.replace(",", ""))
        if kind == "name":
            return self._function(text)
        if kind == "root":
            index = meaning(unicodedata.normalize("NFKC", text[:-1]))[0]
            return self._atom() ** (1 / index)
        if text in ROOTS:
            return self._atom() ** sympy.Rational(1, ROOTS[text])
        if text in CLOSING:
            return self._until(CLOSING[text])
        if text == "|":
            self._n_bars += 1
            inside = sympy.Abs(self._until("|"))
            self._n_bars -= 1
            return inside
        if text == "C" and self._next[1] == "(":
            return self._choice()
        if not text.isalpha() and text not in "∞":
            raise UnreadError(text)
        return self._letter(text)

    def _until(self, closing: str) -> Any:
        value = self._sum()
        if self._take()[1] != closing:
            raise UnreadError(closing)
        return value

    def _choice(self) -> Any:
        self._take()
        over = self._sum()
        if self._take()[1] != ",":
            raise UnreadError(",")
        return sympy.binomial(over, self._until(")"))

    def _function(self, name: str) -> Any:
        base, power = None, None
        while self._next[0] in ("down", "up") or self._next[1] in ("_", "^"):
            kind, text = self._take()
            if kind == "up":
                power = meaning(unicodedata.normalize("NFKC", text).replace("−", "-"))[0]
            elif kind == "down":
                base = meaning(unicodedata.normalize("NFKC", text))[0]
            elif text == "^":
                power = self._exponent()
            else:
                base = self._atom()
        of = self._after(self._arguments())
        value = FUNCTIONS[name](*of) if isinstance(of, tuple) else FUNCTIONS[name](of)
        value = value / sympy.log(base if base is not None else 10) if name == "log" else value
        if power == -1:
            return getattr(sympy, "a" + name)(of)
        return value if power is None else value**power

    def _arguments(self) -> Any:
        if self._next[1] != "(":
            return self._product(of_function=True)
        self._take()
        items = [self._sum()]
        while self._next[1] == ",":
            self._take()
            items.append(self._sum())
        if self._take()[1] != ")":
            raise UnreadError("(")
        return items[0] if len(items) == 1 else tuple(items)

    def _letter(self, text: str) -> Any:
        if self._next[0] == "down":
            return sympy.Symbol(f"{text}_{unicodedata.normalize('NFKC', self._take()[1])}")
        if self._next[1] == "_":
            self._take()
            inside = self._take()[1]
            if inside == "(":
                inside = ""
                while self._next[1] not in (")", ""):
                    inside += self._take()[1]
                self._take()
            return sympy.Symbol(f"{text}_{inside}")
        constants = {"π": sympy.pi, "e": sympy.E, "∞": sympy.oo}
        return constants.get(text, sympy.Symbol(text))
