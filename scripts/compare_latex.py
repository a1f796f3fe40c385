"""Score renderers of LaTeX as text on the formulas of `eval/llmq_peer/expressions.jsonl`.

    scripts/compare-latex

`meaning kept`: of the algebraic formulas, those whose line reads as an equal expression;
`backslash left`: of all formulas, those whose line still has one; `raised`: those that ended in an
exception.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable

from llmq.latex import flat
from llmq.verbs.tables import aligned
from llmq_peer.expressions import Expression, expressions, keeps_meaning

HINT = "pip install pylatexenc==2.11 unicodeit==0.7.5 flatlatex==0.15"


def pylatexenc() -> Callable[[str], str]:
    """Its text of LaTeX, formulas as formulas."""
    from pylatexenc.latex2text import LatexNodes2Text

    return lambda latex: str(LatexNodes2Text().latex_to_text(f"${latex}$"))


def unicodeit() -> Callable[[str], str]:
    """Its replacement of commands."""
    import unicodeit

    return lambda latex: str(unicodeit.replace(latex))


def flatlatex() -> Callable[[str], str]:
    """Its converter."""
    import flatlatex

    convert = flatlatex.converter().convert
    return lambda latex: str(convert(latex))


RENDERERS: dict[str, Callable[[], Callable[[str], str]]] = {
    "llmq.latex": lambda: flat, "pylatexenc": pylatexenc, "unicodeit": unicodeit,
    "flatlatex": flatlatex,
}  # fmt: skip


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    every = list(expressions())
    rows = [("renderer", "meaning kept", "backslash left", "raised")]
    for name, opened in RENDERERS.items():
        if "." not in name and importlib.util.find_spec(name) is None:
            print(f"{name} is not installed: {HINT}", file=sys.stderr)
            continue
        rows.append((name, *scored(opened(), every)))
    print("\n".join(aligned(rows, "<>>>")))
    return 0


def scored(render: Callable[[str], str], every: list[Expression]) -> tuple[str, str, str]:
    """How many lines keep their meaning, keep a backslash, are none."""
    kept, backslashes, raised = 0, 0, 0
    for expression in every:
        try:
            line = render(expression.latex)
        except Exception:  # of a library, whatever it is
            raised += 1
            continue
        backslashes += "\\" in line
        kept += bool(expression.means) and keeps_meaning(expression, line)
    n_algebraic = sum(bool(expression.means) for expression in every)
    return f"{kept} of {n_algebraic}", f"{backslashes} of {len(every)}", str(raised)


if __name__ == "__main__":
    sys.exit(main())
