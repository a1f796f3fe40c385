"""Measure what showing a reply costs: formulas and Markdown, token by token.

    scripts/bench render

A token is four characters. The slowest tokens are those that complete a long formula, a table or a
wrapped word; the machine's other work shows in them too.
"""

import argparse
import sys
import time
from statistics import median

from llmq.chat.rendering import Renderer
from llmq.latex import MathText

REPLY = r"""## Step 1: find a **common denominator**

To add $\frac{1}{2}$ and $\frac{1}{3}$ we need *one* denominator. It costs $5, not $6.

1. Write both with `6`: \(\frac{1}{2} = \frac{3}{6}\) and \(\frac{1}{3} = \frac{2}{6}\).
2. Add the numerators: $$\frac{3}{6} + \frac{2}{6} = \frac{3 + 2}{6} = \frac{5}{6}$$
- 中文文本没有空格，但是也必须换行。👩‍👩‍👧 And here is a long sentence that has to be wrapped.

| part | value |
|---|---|
| half | **3/6** |

$$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$$

```python
print(1 / 2 + 1 / 3)
```
"""
TOKEN = 4  # characters


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=50)
    arguments = parser.parse_args()
    shown("| a | b |\n|---|---|\n| 1 | 2 |\n")  # rich is imported by the first table
    seconds = sorted(took for _ in range(arguments.replies) for took in shown(REPLY))
    mean = sum(seconds) / len(seconds)
    print(
        f"render: {len(seconds)} tokens, mean {1000 * mean:.3f} ms a token, median "
        f"{1000 * median(seconds):.3f} ms, p99 {1000 * seconds[-len(seconds) // 100]:.3f} ms, "
        f"slowest {1000 * seconds[-1]:.1f} ms"
    )
    return 0


def shown(text: str) -> list[float]:
    """The seconds that each token of a text takes until it is shown."""
    math, renderer = MathText(), Renderer(80, styled=True)
    found = []
    for at in range(0, len(text), TOKEN):
        begun = time.perf_counter()
        renderer.feed(math.feed(text[at : at + TOKEN]))
        found.append(time.perf_counter() - begun)
    return found


if __name__ == "__main__":
    sys.exit(main())
