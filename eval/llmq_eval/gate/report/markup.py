"""Markup that cannot be forgotten to be escaped: what is no `Html` yet becomes it by escaping."""

from collections.abc import Iterable
from html import escape

from llmq_eval.gate.report.shown import visible

VOID = ("br", "hr", "meta")  # elements without an end tag


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def html(text: str) -> Html:
    """`text` as markup, escaped unless it is markup.

    >>> html("<b>"), html(Html("<b>"))
    ('&lt;b&gt;', '<b>')
    """
    return text if isinstance(text, Html) else Html(escape(visible(text), quote=True))


def joined(parts: Iterable[str]) -> Html:
    """One after the other."""
    return Html("".join(map(html, parts)))


def tag(name: str, /, *content: str, **attributes: str | float) -> Html:
    """An element; `class_` is its attribute class, and an underscore in `text_anchor` is a hyphen.

    >>> tag("p", "a < b", Html("<br>"), class_="x", data_label='"')
    '<p class="x" data-label="&quot;">a &lt; b<br></p>'
    """
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html(_written(value))}"'
        for key, value in attributes.items()
    )
    if name in VOID:
        return Html(f"<{name}{listed}>")
    return Html(f"<{name}{listed}>{joined(content)}</{name}>")


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def percent(share: float) -> str:
    """A coordinate along the width, 0 to 1.

    >>> percent(1 / 3)
    '33.33%'
    """
    return f"{100 * share:.2f}%"
