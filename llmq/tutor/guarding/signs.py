"""A sentence in plain signs: letters and figures of every alphabet of signs, LaTeX, Markdown."""

import re
import unicodedata
from functools import lru_cache

INVISIBLE = re.compile(r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe00-\ufe0f\ufeff]")  # fmt: skip
LETTERS = (0x1F1E6, 0x1F130, 0x1F150, 0x1F170)  # where runs of A to Z begin: flags, in squares
MOST_NESTED = 4  # fractions in fractions
FRACTION = re.compile(r"\\[dtc]?frac\s*\{([^{}]{0,60})\}\s*\{([^{}]{0,60})\}")
SHORT_FRACTION = re.compile(r"\\[dtc]?frac\s*(\d)\s*(\d)")
WRITTEN = (
    (re.compile(r"\\[,;:! ](?=\d)|(?<=\d)\{,\}(?=\d)"), ""),
    (re.compile(r"\\sqrt\s*\{([^{}]{0,60})\}"), r" sqrt(\1) "),
    (re.compile(r"\\(?:times|cdot|ast)\b|[\u00d7\u2217·⋅∙✕✖]"), "*"),
    (re.compile(r"\\div\b|[÷\u2215\u2044]"), "/"),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|°|º"), " "),
    (re.compile(r"\^\s*\{\s*(-?\d{1,4})\s*\}"), r"^\1"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\(?:to|rightarrow|Rightarrow|implies|therefore)\b"), " → "),
    (re.compile(r"\\[A-Za-z]+"), " "),
    (re.compile(r"[\u2212\u2010-\u2015]"), "-"),
    (re.compile(r"√\s*\(?(\d{1,9})\)?"), r" sqrt(\1) "),
    (re.compile(r"[\\${}`|\"“”„«»]|\*\*|__|~~"), " "),
    (re.compile(r"(?<=\d)[ '\u00a0\u2009\u202f](?=\d{3}(?!\d))"), ""),
)  # fmt: skip
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
POWER = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,9}")


@lru_cache(maxsize=256)
def clean(text: str) -> str:
    """`text` without what cannot be seen, and with letters and figures of ASCII.

    >>> clean("\\u2461, 1\\ufe0f\\u20e32\\ufe0f\\u20e3, \\u0661\\u0662, \\U0001f171")
    '2, 12, 12, B'
    """
    text = INVISIBLE.sub("", text)
    if text.isascii():
        return text
    text = POWER.sub(lambda match: f"^{match[0].translate(RAISED)}", text)
    text = "".join(c if c.isascii() else _plain(c) for c in text)
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=256)
def flat(text: str) -> str:
    r"""A `clean` text with formulas and emphasis in plain signs.

    >>> flat(r"\boxed{12}, $\frac{1}{2}$, 1\,200, 12^{\circ}, **7** \cdot 2").split()
    ['12', ',', '(1)/(2)', ',', '1200,', '12', ',', '7', '*', '2']
    """
    text = SHORT_FRACTION.sub(r"\1/\2", text)
    for _ in range(MOST_NESTED):
        shorter = FRACTION.sub(r"(\1)/(\2)", text)
        if shorter == text:
            break
        text = shorter
    for pattern, written in WRITTEN:
        text = pattern.sub(written, text)
    return text


def _plain(character: str) -> str:
    code = ord(character)
    for first in LETTERS:
        if first <= code < first + 26:
            return chr(ord("A") + code - first)
    if unicodedata.category(character) == "No":
        value = unicodedata.numeric(character)
        over = unicodedata.normalize("NFKC", character)
        if "\u2044" in over:
            return " " + over.replace("\u2044", "/")
        return str(int(value)) if value == int(value) else character
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)
