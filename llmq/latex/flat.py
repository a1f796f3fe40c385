r"""Nodes into one line of Unicode.

A slash, a root sign and a name reach only as far as the next sign, so parentheses go around what
is longer: numerators that are no plain product, denominators and roots of more than one letter or
number, and fractions beside which something is multiplied.
"""

from llmq.latex.cursor import TooDeepError
from llmq.latex.grids import flat_grid
from llmq.latex.nodes import (
    Atom,
    Boxed,
    Choice,
    Fence,
    Fraction,
    Grid,
    Kind,
    Marked,
    Node,
    Root,
    Row,
    Script,
)
from llmq.latex.reading import read
from llmq.latex.scripts import lowered, raised
from llmq.latex.shapes import Beside, Shape, shape, spaced
from llmq.latex.tokens import MOST_CHARACTERS, stripped

ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
# What stands before a script as it is: names, and the end of what it is really of.
NAMES = (Kind.FUNCTION, Kind.TEXT, Kind.RELATION, Kind.BAR, Kind.CLOSE, Kind.PUNCTUATION)
ALONE = ("∗", "†", "′")  # they stand above the line by themselves
DIFFERENTIALS = ("d", "∂")


def flat(latex: str) -> str:
    r"""A formula in one line; one that is too long or too deep only loses its marks.

    >>> flat(r"\frac{a+b}{c}"), flat(r"\frac{1}{2}x"), flat(r"\sqrt{x+1}"), flat("x^{1/2}")
    ('(a+b)/c', '(1/2)x', '√(x+1)', 'x^(1/2)')
    >>> flat(r"2\frac{1}{3}"), flat(r"\sin^2 x"), flat(r"\int_0^1 x\,dx"), flat(r"\unknown{x}")
    ('2 1/3', 'sin² x', '∫₀¹ x dx', 'unknown x')
    """
    if len(latex) > MOST_CHARACTERS:
        return stripped(latex)
    try:
        return tidied(written(read(latex)))
    except TooDeepError:
        return stripped(latex)


def tidied(text: str) -> str:
    """Single spaces, and nothing that a terminal could take for a mark."""
    return " ".join(text.replace("\\", "∖").split())


def written(row: Row, *, tight: bool = False) -> str:
    """A row; `tight`: without spaces around its signs, as in a numerator."""
    parts: list[str] = []
    for node, beside in Beside.of(row):
        parts.append(spaced(node, beside, _node(node, beside, tight=tight), tight=tight))
    return "".join(parts).strip()


def _node(node: Node, beside: Beside, *, tight: bool = False) -> str:
    match node:
        case Atom():
            return node.text
        case Row():
            return written(node, tight=tight)
        case Fraction():
            return _bracketed_if(beside.is_factor, _fraction(node))
        case Root():
            return _root(node, beside)
        case Script():
            return _script(node, beside)
        case Fence():
            return f"{node.left}{written(node.inside, tight=tight)}{node.right}"
        case Marked():
            return _marked(node)
        case Boxed():
            if not node.inside.items:
                return "□"
            is_single = shape(node.inside) is Shape.SINGLE
            return _bracketed_if(beside.is_factor and not is_single, written(node.inside))
        case Choice():
            return f"C({written(node.over, tight=True)}, {written(node.under, tight=True)})"
        case Grid():
            return flat_grid(node, written)


def _fraction(node: Fraction) -> str:
    over, under = written(node.over, tight=True), written(node.under, tight=True)
    over = _bracketed_if(shape(node.over) not in (Shape.SINGLE, Shape.PRODUCT), over)
    is_derivative = over[:1] in DIFFERENTIALS and under[:1] in DIFFERENTIALS and len(under) == 2
    under = _bracketed_if(not is_derivative and shape(node.under) is not Shape.SINGLE, under)
    return f"{node.whole} {over}/{under}".strip()


def _root(node: Root, beside: Beside) -> str:
    index = written(node.index, tight=True) if node.index else ""
    inside = written(node.inside, tight=True)
    is_plain = len(inside) == 1 or inside.replace(".", "").isdigit()
    inside = _bracketed_if(not is_plain or beside.goes_on, inside)
    if index in ROOTS:
        return f"{ROOTS[index]}{inside}"
    above = raised(index)
    sign = f"{above}√" if above else f"root({index})"
    # After a letter or number a raised index would be its power.
    return f"·{sign}{inside}" if beside.follows else f"{sign}{inside}"


def _script(node: Script, beside: Beside) -> str:
    sub = written(node.sub, tight=True) if node.sub else ""
    sup = written(node.sup, tight=True) if node.sup else ""
    base = node.base
    if isinstance(base, Atom) and base.kind is Kind.LARGE:
        return base.text + _limits(sub, sup)
    alone = Beside()
    is_single = isinstance(base, Fence | Row) and not getattr(base, "items", True)
    is_single = is_single or shape(Row((base,))) is Shape.SINGLE or _is_name(base)
    is_single = is_single and not isinstance(base, Root | Script)
    text = _bracketed_if(not is_single, _node(base, alone, tight=True))
    goes_on = beside.goes_on and not _is_name(base)
    if sub:
        text += lowered(sub) or _beyond("_", sub, goes_on=goes_on and not sup)
    if sup:
        text += raised(sup) or _beyond("^", sup, goes_on=goes_on)
    return text


def _is_name(node: Node) -> bool:
    return isinstance(node, Atom) and node.kind in NAMES


def _beyond(sign: str, script: str, *, goes_on: bool) -> str:
    """A script for which there are no characters."""
    script = {"·": "∗"}.get(script, script)
    if (len(script) == 1 or _is_bracketed(script)) and not goes_on:
        return script if script in ALONE and sign == "^" else sign + script
    return f"{sign}{script}" if _is_bracketed(script) else f"{sign}({script})"


def _limits(sub: str, sup: str) -> str:
    """From where to where a sum or an integral goes."""
    below, above = lowered(sub), raised(sup)
    if below is not None and above is not None:
        return below + above
    return f"({sub}…{sup})" if sup else f"({sub})"


def _marked(node: Marked) -> str:
    inside = written(node.inside, tight=True)
    if node.name and len(inside) > 1:
        return f"{node.name}({inside})"
    return "".join(c if c.isspace() else c + node.combining for c in inside)


def _bracketed_if(needed: bool, text: str) -> str:
    return f"({text})" if needed and not _is_bracketed(text) else text


def _is_bracketed(text: str) -> bool:
    """Whether one pair of parentheses holds all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for at, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if not depth:
            return at == len(text) - 1
    return False
