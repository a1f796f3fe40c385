"""Plots as SVG, drawn by hand: along the width in percent, so that text keeps its size on a phone.

Every plot is an image with a title and a description for those who listen to the page; colours come
from the style sheet, light or dark.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from llmq_eval.gate.report.markup import Html, joined, percent, tag

MARGIN = 0.025  # of the width, on both sides
EDGE = 0.12  # a label this near to a side is not centred


@dataclass(frozen=True)
class Scale:
    """Where a value stands between the sides, 0 to 1."""

    low: float
    high: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """The share of the way, margins left out; what lies beyond stands at the side."""
        low, high, x = (self._placed(v) for v in (self.low, self.high, value))
        share = (x - low) / (high - low) if high > low else 0.5
        return MARGIN + (1 - 2 * MARGIN) * min(1.0, max(0.0, share))

    def _placed(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.logarithmic else value

    def ticks(self, most: int = 5) -> list[float]:
        """Round values between the ends: decades, or steps of 1, 2 or 5.

        >>> Scale(0.0004, 3.0, logarithmic=True).ticks()
        [0.001, 0.01, 0.1, 1.0]
        >>> Scale(0, 33).ticks()
        [0, 10, 20, 30]
        """
        return self._decades(most) if self.logarithmic else self._steps(most)

    def _decades(self, most: int) -> list[float]:
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        step = max(1, math.ceil((last - first + 1) / most))
        if last - first < 2:  # between them 2 and 5, so that there is more than one
            between = (f * 10.0**e for e in range(first - 1, last + 1) for f in (1, 2, 5))
            return [float(f"{x:.0e}") for x in between if self.low <= x <= self.high]
        return [float(f"1e{exponent}") for exponent in range(first, last + 1, step)]

    def _steps(self, most: int) -> list[float]:
        rough = (self.high - self.low) / most or 1
        size = 10 ** math.floor(math.log10(rough))
        step = next((s * size for s in (1, 2, 5) if s * size >= rough), 10 * size)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [round(n * step, 12) for n in range(first, last + 1)]


def plain(value: float) -> str:
    """A number on an axis.

    >>> plain(1e-05), plain(20.0), plain(2500)
    ('0.00001', '20', '2,500')
    """
    return f"{value:,.9f}".rstrip("0").rstrip(".")


def picture(*shapes: str, name: str, title: str, description: str, height: int) -> Html:
    """An SVG as wide as its place."""
    labels = (tag("title", title, id=f"{name}-title"), tag("desc", description, id=f"{name}-desc"))
    named = {"aria_labelledby": f"{name}-title {name}-desc", "role": "img"}
    return tag("svg", *labels, *shapes, class_="plot", width="100%", height=height, **named)


def label(share: float, y: float, text: str, class_: str = "tick") -> Html:
    """A text centred at this share of the width, or kept within where that is near a side."""
    side = "start" if share < EDGE else "end" if share > 1 - EDGE else "middle"
    return tag("text", text, x=percent(share), y=y, text_anchor=side, class_=class_)


def ground(scale: Scale, ticks: Sequence[float], y: float, height: float) -> Html:
    """Thin lines down to the labels of a horizontal axis that stands at `y`."""
    parts = []
    for tick in ticks:
        x = percent(scale.at(tick))
        parts.append(tag("line", x1=x, x2=x, y1=y - height, y2=y, class_="grid"))
        parts.append(label(scale.at(tick), y + 18, plain(tick)))
    return joined(parts)


@dataclass(frozen=True)
class Histogram:
    """Counts between edges, which ascend: one more than counts. `n_all` also counts the rest."""

    edges: Sequence[float]
    counts: Sequence[int]
    n_all: int

    def bars(self, y: float, height: float) -> Iterator[Html]:
        """A bar for each bin that is not empty, the fullest as high as there is room."""
        scale, most = self.scale, max(self.counts, default=0)
        for low, high, count in zip(self.edges, self.edges[1:], self.counts, strict=False):
            if count:
                tall = max(1.0, height * count / most)
                x, wide = scale.at(low), scale.at(high) - scale.at(low)
                shape = {"x": percent(x), "width": percent(wide), "class_": "bar"}
                yield tag("rect", y=y - tall, height=tall, **shape)

    @property
    def scale(self) -> Scale:
        """From the first bin that is not empty to the last, in whole decades."""
        filled = [i for i, count in enumerate(self.counts) if count]
        low, high = (self.edges[filled[0]], self.edges[filled[-1] + 1]) if filled else (0.001, 1)
        ends = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
        return Scale(*ends, logarithmic=True)

    def draw(self, name: str, title: str, description: str) -> Html:
        """The plot; the highest line says which share of all the fullest bin holds."""
        height, y = 170, 200
        top = f"{100 * max(self.counts, default=0) / max(1, self.n_all):.1f} %"
        rule = tag("line", x1="0", x2="100%", y1=y - height, y2=y - height, class_="grid")
        mark = tag("text", top, x="0", y=y - height - 6, class_="tick")
        axis = tag("line", x1="0", x2="100%", y1=y, y2=y, class_="axis")
        drawn = (
            ground(self.scale, self.scale.ticks(4), y, height),
            rule,
            mark,
            *self.bars(y, height),
            axis,
        )
        return picture(*drawn, name=name, title=title, description=description, height=y + 26)


def interval(scale: Scale, value: float, ends: tuple[float, float] | None, rule: float) -> Html:
    """A point with its interval, a line behind it at `rule`: for a cell beside the number."""
    x, y = percent(scale.at(value)), 12
    at = percent(scale.at(rule))
    shapes = [tag("line", x1=at, x2=at, y1=0, y2=2 * y, class_="rule")]
    if ends is not None:
        low, high = (percent(scale.at(end)) for end in ends)
        shapes.append(tag("line", x1=low, x2=high, y1=y, y2=y, class_="reach"))
    shapes.append(tag("circle", cx=x, cy=y, r=4.5, class_="point"))
    return tag("svg", *shapes, class_="plot", width="100%", height=2 * y, aria_hidden="true")


def around(values: Iterable[float], *, factor: float = 1.6) -> Scale:
    """A logarithmic scale with some room around the positive ones of `values`.

    >>> around([0.01, 0.1, 0.0], factor=2).high
    0.2
    """
    positive = [v for v in values if v > 0 and math.isfinite(v)] or [0.001, 1.0]
    return Scale(min(positive) / factor, max(positive) * factor, logarithmic=True)
