"""Two plots of points: what each size costs in closeness, and how long paired replies are."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llmq_eval.gate.report.markup import Html, percent, tag
from llmq_eval.gate.report.plots import Scale, around, ground, picture, plain
from llmq_eval.statistics import Estimate

SIDE = 340  # of the square of lengths, in pixels
TYPICAL_WIDTH, LETTER = (
    700.0,
    7.5,
)  # pixels: of a plot, for which labels are placed, and of a letter
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Measured:
    """A file as a point: its label and name, its size, its mean KL."""

    label: str
    name: str
    megabytes: float
    kl: Estimate
    is_this: bool


def size_and_quality(files: Sequence[Measured]) -> Html:
    """Mean KL, logarithmic, against megabytes; the file that was judged is filled."""
    height, y = 250, 270
    ends = [end for f in files for end in (f.kl.value, f.kl.low, f.kl.high) if end]
    up, along = around(ends), _room(files)
    shapes = [ground(along, along.ticks(5), y, height)]
    for tick in up.ticks(5):
        at = _down(up, tick, y, height)
        shapes.append(tag("line", x1="0", x2="100%", y1=at, y2=at, class_="grid"))
        shapes.append(tag("text", plain(tick), x="0", y=at - 4, class_="tick"))
    points = []
    for file in files:
        x = along.at(file.megabytes)
        shapes += _point(file, x, up, (y, height))
        points.append((x, _down(up, file.kl.value, y, height)))
    shapes += _labels([file.label for file in files], points)
    return picture(
        *shapes,
        name="sizes",
        title="Size of each file and its distance from the original",
        description="The table below holds the same numbers.",
        height=y + 26,
    )


def _room(files: Sequence[Measured]) -> Scale:
    sizes = [file.megabytes for file in files]
    spare = (max(sizes) - min(sizes)) * 0.12 or max(sizes) * 0.2
    return Scale(max(0.0, min(sizes) - spare), max(sizes) + spare)


def _down(scale: Scale, value: float, y: float, height: float) -> float:
    return round(y - height * scale.at(value), 2)


def _point(file: Measured, x: float, up: Scale, frame: tuple[float, float]) -> list[Html]:
    """The interval as a line, and the point."""
    at, y = percent(x), _down(up, file.kl.value, *frame)
    point = tag("circle", cx=at, cy=y, r=5, class_="point" if file.is_this else "other")
    if file.kl.low is None or file.kl.high is None:
        return [point]
    low, high = (_down(up, max(end, up.low), *frame) for end in (file.kl.low, file.kl.high))
    return [tag("line", x1=at, x2=at, y1=low, y2=high, class_="reach"), point]


# Where a label may stand beside its point: pixels to the right of it and down.
PLACES = ((9, 4), (-9, 4), (9, -7), (-9, -7), (9, 16), (-9, 16))


def _labels(labels: Sequence[str], points: Sequence[tuple[float, float]]) -> Iterator[Html]:
    """Each label at the first place where it covers no point and no other label."""
    covered = [(x * TYPICAL_WIDTH, y, 8.0, 8.0) for x, y in points]
    for text, (x, y) in zip(labels, points, strict=True):
        half = len(text) * LETTER / 2
        boxes = [
            (x * TYPICAL_WIDTH + dx + math.copysign(half, dx), y + dy - 4, half, LETTER)
            for dx, dy in PLACES
        ]
        free = (i for i, box in enumerate(boxes) if not any(_meet(box, other) for other in covered))
        chosen = next(free, 0)
        covered.append(boxes[chosen])
        dx, dy = PLACES[chosen]
        side = "start" if dx > 0 else "end"
        at: dict[str, str | float] = {"x": percent(x), "dx": dx, "y": y + dy, "text_anchor": side}
        yield tag("text", text, class_="name", **at)


def _meet(one: Box, other: Box) -> bool:
    """Whether two boxes (centre, half width, half height) overlap, or one leaves the plot."""
    inside = one[2] < one[0] < TYPICAL_WIDTH - one[2]
    apart = (
        abs(one[0] - other[0]) >= one[2] + other[2] or abs(one[1] - other[1]) >= one[3] + other[3]
    )
    return not inside or not apart


@dataclass(frozen=True)
class Pair:
    """The tokens of both replies to a prompt, and whether one found no end or ran in circles."""

    base: int
    quant: int
    astray: bool


def lengths(pairs: Sequence[Pair]) -> Html:
    """Each prompt as a point: above the diagonal, the quantized file wrote more."""
    most = max(1, *(n for pair in pairs for n in (pair.base, pair.quant)))
    scale = Scale(0, most)

    def at(n: float) -> float:
        return round(SIDE * scale.at(n), 1)

    shapes = [
        tag("line", x1=at(0), y1=SIDE - at(0), x2=at(most), y2=SIDE - at(most), class_="rule")
    ]
    for tick in scale.ticks(4)[1:]:
        shapes.append(
            tag("text", plain(tick), x=at(tick), y=SIDE - 2, text_anchor="middle", class_="tick")
        )
        shapes.append(tag("text", plain(tick), x=0, y=SIDE - at(tick) + 4, class_="tick"))
    for pair in pairs:
        kind = "astray" if pair.astray else "dot"
        shapes.append(tag("circle", cx=at(pair.base), cy=SIDE - at(pair.quant), r=4, class_=kind))
    labels = (
        tag("title", "Length of paired replies in tokens", id="lengths-title"),
        tag("desc", "Across: the original. Up: the quantized file.", id="lengths-desc"),
    )
    return tag(
        "svg",
        *labels,
        *shapes,
        viewBox=f"0 0 {SIDE} {SIDE}",
        class_="plot square",
        role="img",
        aria_labelledby="lengths-title lengths-desc",
    )
