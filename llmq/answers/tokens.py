"""Text into tokens: plain or LaTeX, with the signs that people and models type.

Numbers are written in several ways, of which a text leaves open which is meant: `3,5` is a decimal
here and a pair there. Each `Style` reads commas in its own way; who compares tries them all.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from llmq.answers.nodes import Num

MOST_CHARACTERS = 300
MOST_TOKENS = 150
MOST_DIGITS = 60

SIGNS = str.maketrans(
    {
        "\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-", "\u00d7": "*", "·": "*", "∙": "*", "⋅": "*", "\u2217": "*",
        "÷": "/", "\u2044": "/", "\u2215": "/", "≤": "<=", "≥": ">=", "≠": "!=", "π": " pi ",
        "√": " sqrt ", "∞": " infinity ", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "º": "°",
        "⟨": "(", "⟩": ")",
    }
)  # fmt: skip
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
LATEX = {
    "cdot": "*", "times": "*", "div": "/", "pi": " pi ", "le": "<=", "leq": "<=", "ge": ">=",
    "geq": ">=", "ne": "!=", "neq": "!=", "lt": "<", "gt": ">", "infty": " infinity ",
    "left": "", "right": "", "displaystyle": "", "quad": " ", "qquad": " ", "dfrac": " frac ",
    "tfrac": " frac ", "frac": " frac ", "sqrt": " sqrt ", "circ": "°", "lvert": "|", "rvert": "|",
    "lbrace": "{", "rbrace": "}",
}  # fmt: skip
FUNCTIONS = (
    "sqrt", "sin", "cos", "tan", "ln", "log", "exp", "abs", "asin", "acos", "atan", "arcsin",
    "arccos", "arctan",
)  # fmt: skip
IN_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
WORDS = (*FUNCTIONS, "pi", "infinity", "frac")
TOGETHER = frozenset("abcxyz")  # letters that are multiplied where they stand side by side


class NotMathError(Exception):
    """The text is no mathematics that is read here."""


class Style(Enum):
    """What a comma between digits means."""

    THOUSANDS = r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?"
    DECIMAL = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?!\d)|0,\d+|\d+,\d{1,2}(?!\d)"
    LIST = r"(?!)"


@dataclass(frozen=True)
class Token:
    """`kind` is num, name, or the sign itself."""

    kind: str
    text: str = ""
    number: Num | None = None


MIXED = r"(?P<whole>\d+) +(?P<over>\d+) ?/ ?(?P<under>\d+)(?![\d/])"
SPACED = r"\d{1,3}(?: \d{3})+(?![\d])(?:[.,]\d+)?"
PLAIN = r"\d+(?:\.\d+)?|\.\d+"
NAME = r"[^\W\d_]+(?:_(?:\{\w{1,8}\}|\w))?"
SIGN = r"<=|>=|!=|\*\*|[-+*/^=<>()\[\]{},;:|!%°]"
PATTERNS = {
    style: re.compile(
        rf" *(?:(?P<mixed>{MIXED})|(?P<num>{style.value}|{SPACED}|{PLAIN})|(?P<name>{NAME})|(?P<sign>{SIGN}))"
    )
    for style in Style
}


def signs_unified(text: str) -> str:
    r"""`text` with one sign for each meaning, and LaTeX's commands as plain words.

    >>> signs_unified("x² · 1½"), signs_unified(r"\dfrac{3}{4} \cdot x^{2}")
    ('x^(2) * 1 1/2', ' frac {3}{4} *x^{2}')
    """
    text = re.sub(
        r"\\(?:text|mathrm|textbf|mathbf|mbox|operatorname)\s*\{([^{}]*)\}", r" \1 ", text
    )
    text = re.sub(r"\\([dt]?frac)\s*(\w)\s*(\w)", r"\\\1{\2}{\3}", text)
    text = re.sub(r"\\([{}%$])", r"\1", text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda m: LATEX.get(m[1], f" {m[1]} "), text)
    text = re.sub(r"\\[ ,;:!]|[$~]|\\\(|\\\)|\\\[|\\\]", " ", text)
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda m: f"^({m[0].translate(RAISED)})", text)
    text = re.sub(r"(\d?) ?([¼-¾⅐-⅞])", _vulgar, text)
    return text.translate(SIGNS)


def _vulgar(match: re.Match[str]) -> str:
    over, _, under = unicodedata.normalize("NFKC", match[2]).partition("\u2044")
    return f"{match[1]} {over}/{under}" if match[1] else f"({over}/{under})"


def tokens_of(text: str, style: Style) -> list[Token]:
    """The tokens of a text whose signs are unified. Raises NotMathError for what is none."""
    if len(text) > MOST_CHARACTERS:
        raise NotMathError
    found: list[Token] = []
    place, text = 0, text.strip()
    while place < len(text):
        match = PATTERNS[style].match(text, place)
        if match is None or len(found) >= MOST_TOKENS:
            raise NotMathError
        place = match.end()
        found += _tokens(match, style)
    return found


def _tokens(match: re.Match[str], style: Style) -> list[Token]:
    if match["mixed"]:
        whole, over, under = (int(match[k][:MOST_DIGITS]) for k in ("whole", "over", "under"))
        if not under:
            raise NotMathError
        return [Token("num", match["mixed"], Num(whole + Fraction(over, under)))]
    if match["num"]:
        return [Token("num", match["num"], _number(match["num"], style))]
    if match["sign"]:
        return [Token({"**": "^"}.get(match["sign"], match["sign"]))]
    name: str = match["name"]
    if name.lower() in WORDS or len(name) == 1 or "_" in name[1:2]:
        known = name.lower() if name.lower() in WORDS else name
        return [Token("name", known)]
    if name in ("or", "and"):
        return [Token(",")]
    if len(name) <= 3 and TOGETHER.issuperset(name):
        return [Token("name", letter) for letter in name]
    raise NotMathError


def _number(text: str, style: Style) -> Num:
    digits = text.replace(" ", "")
    if style is Style.DECIMAL and "," in digits:
        digits = digits.replace(".", "").replace(",", ".")
    elif style is Style.DECIMAL and digits.count(".") > 1:
        digits = digits.replace(".", "")
    elif " " in text:
        digits = digits.replace(",", ".")
    digits = digits.replace(",", "")
    if len(digits) > MOST_DIGITS:
        raise NotMathError
    return Num(Fraction(digits), len(digits.partition(".")[2]))
