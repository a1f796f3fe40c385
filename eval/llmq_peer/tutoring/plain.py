"""A tutor's words as plain lower-case text: no markup, one way to write a sign, a figure, a letter.

What is written in another way on purpose (LaTeX, full-width digits, bold, invisible characters)
reads here like what is written plainly.
"""

import re
import unicodedata

SIGNS = {
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "✕": "*", "✖": "*", "÷": "/", "∶": ":", "⁄": "/",
    "−": "-", "–": "-", "—": " - ", "‐": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"',
    "≈": " about ", "≠": " is not ", "≤": "<=", "≥": ">=", "＝": "=", "٫": ".", "ı": "i", "ß": "ss",
    "ł": "l", "`": "", "~~": "", "**": "", "__": "", "$": "",
}  # fmt: skip
LATEX = (
    (r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)"),
    (r"\\[dt]?frac\s*(\d)\s*(\d)", r"\1/\2"),
    (r"\\(?:boxed|text\w*|math\w*|operatorname|mbox|underline|overline)\s*\{([^{}]*)\}", r" \1 "),
    (r"\\(?:cdot|times|ast)\b", "*"),
    (r"\\div\b", "/"),
    (r"\\(?:approx|simeq)\b", " about "),
    (r"\\(?:left|right|displaystyle|quad|qquad|[,;:!()\[\] ])", " "),
    (r"\\%", "%"),
    (r"\^\s*\{([^{}]*)\}", r"^\1"),
)
TAGS = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|-->|\|\||&nbsp;|&#x?200[bB];")
EMPHASIS = re.compile(r"(?<![\w)*])\*(?=[\w\"(])([^*\n]{1,80}?)(?<=[\w.!?\")])\*(?![\w(*])")
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
# Letters of other scripts that look like Latin ones.
LOOKALIKES = str.maketrans("аеіорсхутвнкмοαειυχѕ", "aeiopcxytbhkmoaeiuxs")


def plain(text: str) -> str:
    """`text` without its dress.

    >>> plain(r"It is $\\frac{11}{12}$, **so** ２５２!")
    'it is 11/12, so 252!'
    """
    text = re.sub(r"(?<=[A-Za-z)])([⁰¹²³⁴⁵⁶⁷⁸⁹])", lambda m: "^" + SUPERSCRIPTS[m[1]], text)
    for pattern, by in LATEX:
        for _ in range(3):
            text = re.sub(pattern, by, text)
    text = TAGS.sub("", text)
    text = unicodedata.normalize("NFKC", text)
    text = "".join(map(_sign, text))
    for old, new in SIGNS.items():
        text = text.replace(old, new)
    text = EMPHASIS.sub(r"\1", text)
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"[^\W\d_]+", _latin, text)
    text = re.sub(r"\((\d+)\)/\((\d+)\)", r"\1/\2", text)
    return re.sub(r"[ \t\xa0]+", " ", text).strip()


def _sign(sign: str) -> str:
    if unicodedata.category(sign) in ("Cf", "Me", "Mn") and not unicodedata.combining(sign):
        return ""
    digit = unicodedata.digit(sign, None)
    return sign if digit is None or sign.isascii() else str(digit)


def _latin(match: re.Match[str]) -> str:
    """A word that mixes scripts is a Latin one in disguise."""
    word = match[0]
    swapped = word.translate(LOOKALIKES)
    return swapped if swapped != word and swapped.isascii() else word


def sentences(text: str) -> list[str]:
    """Roughly the sentences of a plain text; a decimal point ends none."""
    return [part.strip() for part in re.split(r"(?<=[.!?;])\s+|\n+|[。！？]", text) if part.strip()]
