r"""LaTeX as readable Unicode that keeps its meaning, for a terminal.

`flat(r"\frac{1}{2}x")` is "(1/2)x", never "1/2x": parentheses stand wherever the flat form would
otherwise be read as something else. `block` gives matrices, cases and large fractions several
lines; `MathText` replaces the formulas in text that streams in. Sources are hostile until shown: no
input raises, sizes and depths are bounded, and no backslash of a formula is left.
"""

from llmq.latex.block import block
from llmq.latex.flat import flat
from llmq.latex.streaming import MathText

__all__ = ["MathText", "block", "flat"]
