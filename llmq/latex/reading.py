r"""LaTeX into nodes, by recursive descent. What is no LaTeX is read as what it looks like.

Two things are read as people and models mean them, not as TeX does: `x^10` is x to the tenth, and
`x^-1` has a negative exponent.
"""

import re
from collections.abc import Callable

from llmq.latex.commands import nodes_of
from llmq.latex.cursor import Cursor
from llmq.latex.nodes import (
    EMPTY,
    Atom,
    Choice,
    Fence,
    Fraction,
    Kind,
    Node,
    Row,
    Script,
    atoms_only,
)
from llmq.latex.symbols import CLOSING, COMMANDS, plain_atom

BRACKET_ENDS = frozenset({")", "]"} | {f"\\{name}" for name in CLOSING})
ROW_GAP = re.compile(r"(\\\\)\*?\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
LIMITS = re.compile(r"\\(?:no)?limits(?![A-Za-z])")  # where limits stand makes no difference here
INFIX: dict[str, Callable[[Row, Row], Node]] = {"over": Fraction, "choose": Choice}


def read(latex: str) -> Row:
    """The nodes of a formula. Raises TooDeepError."""
    return Reader(Cursor(LIMITS.sub("", ROW_GAP.sub(r"\1 ", latex)))).row(frozenset())


class Reader:
    """Reads nodes at a cursor; the commands are in `llmq.latex.commands`."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def row(self, ends: frozenset[str]) -> Row:
        """All nodes up to one of `ends`, which is left to the caller."""
        items: list[Node] = []
        with self.cursor.until(ends):
            while not self.cursor.is_ended():
                name = self.cursor.next[1:] if self.cursor.next.startswith("\\") else ""
                if name in INFIX:
                    self.cursor.take()
                    return Row((INFIX[name](_tidied(items), self.row(ends)),))
                items += self._scripted(self._nodes())
        return _tidied(items)

    def argument(self, *, whole: bool = False) -> Row:
        """What a command is given: braces, a command, a sign; of a number its first digit."""
        token = self.cursor.skip_spaces()
        if self.cursor.is_ended():
            return EMPTY
        if token == "{":
            self.cursor.take()
            return self._braced()
        if token[0].isdigit():
            number = self.cursor.take() if whole else self.cursor.take_digit()
            return Row((Atom(number, Kind.NUMBER),))
        with self.cursor.until(frozenset()):
            nodes = self._nodes()
            if whole and token in "-+":
                nodes += self.argument(whole=True).items
        return Row(tuple(nodes))

    def delimiter(self) -> str:
        """A bracket, "" for the dot that stands for none."""
        self.cursor.skip_spaces()
        token = self.cursor.take()
        if token.startswith("\\"):
            return COMMANDS.get(token[1:], Atom(token[1:], Kind.OPEN)).text
        return "" if token == "." else token

    def bracketed(self, left: str) -> list[Node]:
        """Brackets of which both are there; a single one stays what it is."""
        inside = self.row(BRACKET_ENDS)
        if self.cursor.next not in BRACKET_ENDS:
            return [Atom(left, Kind.OPEN), *inside.items]
        return [Fence(left, inside, self.delimiter())]

    def _nodes(self) -> list[Node]:
        token = self.cursor.take()
        if token.startswith("\\"):
            return nodes_of(token[1:].removesuffix("*"), self)
        if token == "{":
            inside = self._braced()
            is_comma = atoms_only(inside, Kind.PUNCTUATION)  # in a number: 1{,}000
            return [Atom(",", Kind.AFTER)] if is_comma else self._grouped(inside)
        if token.isspace() or token in "~}&":
            return [Atom(" " if token == "~" else "", Kind.SPACE)]
        if token in "^_":  # of nothing
            return self._raised(EMPTY, token)
        if token[0].isdigit():
            return [Atom(token, Kind.NUMBER)]
        if token == ":" and self.cursor.next.isspace():
            return [Atom(": ", Kind.AFTER)]
        atom = plain_atom(token)
        return self.bracketed(atom.text) if atom.kind is Kind.OPEN else [atom]

    def _grouped(self, inside: Row) -> list[Node]:
        is_base = self.cursor.next in ("^", "_")
        return [inside] if is_base and len(inside.items) > 1 else [*inside.items]

    def _braced(self) -> Row:
        inside = self.row(frozenset("}"))
        if self.cursor.next == "}":
            self.cursor.take()
        return inside

    def _scripted(self, nodes: list[Node]) -> list[Node]:
        """`nodes`, the last with what is written below and above it."""
        while self._is_script_next():
            self.cursor.skip_spaces()
            base = nodes.pop() if nodes else EMPTY
            nodes += self._raised(base, self.cursor.take())
        return nodes

    def _raised(self, base: Node, sign: str) -> list[Node]:
        script = self._script(base, sign)
        after = _after(script.sup) if script.sup is not None and script.sub is None else None
        return [base, after] if after else [script]

    def _is_script_next(self) -> bool:
        return not self.cursor.is_ended() and self.cursor.past_spaces() in ("^", "_")

    def _script(self, base: Node, sign: str) -> Script:
        """A base with one or both of its scripts, in either order."""
        found = {sign: self.argument(whole=True)}
        other = {"_": "^", "^": "_"}[sign]
        if self.cursor.past_spaces() == other:
            self.cursor.skip_spaces()
            self.cursor.take()
            found[other] = self.argument(whole=True)
        return Script(base, found.get("_"), found.get("^"))


def _after(sup: Row | None) -> Atom | None:
    """What is written as a power but is none: degrees and primes."""
    items = sup.items if sup else ()
    texts = "".join(item.text for item in items if isinstance(item, Atom))
    if len(items) == 1 and texts in ("∘", "°"):
        return Atom("°", Kind.AFTER)
    is_prime = items and set(texts) == {"′"} and len(texts) == len(items)
    return Atom(texts, Kind.AFTER) if is_prime else None


def _tidied(items: list[Node]) -> Row:
    """Without spaces that show nothing; a whole number and the fraction after it as one."""
    kept: list[Node] = []
    for item in items:
        if item == Atom("", Kind.SPACE):
            continue
        before = next((n for n in reversed(kept) if not _is_space(n)), None)
        if isinstance(item, Fraction) and not item.whole and _is_mixed(before, item):
            assert isinstance(before, Atom)
            while kept.pop() is not before:
                pass
            kept.append(Fraction(item.over, item.under, before.text))
        else:
            kept.append(item)
    return Row(tuple(kept))


def _is_space(node: Node) -> bool:
    return isinstance(node, Atom) and node.kind is Kind.SPACE


def _is_mixed(before: Node | None, fraction: Fraction) -> bool:
    is_whole = isinstance(before, Atom) and before.kind is Kind.NUMBER and before.text.isdigit()
    parts = (fraction.over, fraction.under)
    return is_whole and all(atoms_only(part, Kind.NUMBER) for part in parts)
