"""LaTeX into tokens, and what remains of it where it is too large to be read."""

import re

from llmq.latex.symbols import COMMANDS

MOST_CHARACTERS = 4000
TOKEN = re.compile(
    r"\\(?:[A-Za-z]+\*?|.|$)|[{}^_&~]|\s+|\d+(?:[.,]\d+)*|:=|.",
    re.DOTALL,
)


def tokens_of(latex: str) -> list[str]:
    r"""The tokens of a formula; white space is one of them.

    >>> tokens_of(r"\frac12 x_{10}")
    ['\\frac', '12', ' ', 'x', '_', '{', '10', '}']
    """
    return TOKEN.findall(latex)


def stripped(latex: str) -> str:
    r"""A formula without its braces, every command as its sign or its name.

    >>> stripped(r"\alpha^{\beta}\unknown")
    'α^β unknown'
    """
    text = re.sub(r"\\([A-Za-z]+|.|$)", _sign, latex, flags=re.DOTALL)
    return " ".join(re.sub(r"[{}\\]", "", text).split())


def _sign(match: re.Match[str]) -> str:
    atom = COMMANDS.get(match[1])
    return atom.text if atom else f" {match[1]} "
