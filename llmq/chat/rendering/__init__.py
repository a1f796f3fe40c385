"""Markdown for a terminal, while it streams in: what is written is only ever added to.

`Renderer(width, styled=True)` gives back what to append: words wrapped at the width, emphasis,
headings, lists, quotes, code, links and tables. It never moves the cursor, and what comes out is
the same however the text was cut. Its text has to be safe already (`llmq.chat.sanitize`); the only
escape sequences that come out are its own, and none at all with `styled=False`.
"""

from llmq.chat.rendering.renderer import Renderer

__all__ = ["Renderer"]
