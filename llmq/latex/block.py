"""Nodes into several lines."""
from llmq.latex.flat import flat
def block(latex: str) -> list[str]:
    return [flat(latex)]
