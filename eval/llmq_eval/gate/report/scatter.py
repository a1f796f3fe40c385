"""Two plots of points: what each size costs in closeness, and how long paired replies are."""

from collections.abc import Sequence
from dataclasses import dataclass

from llmq_eval.gate.report.markup import Html, percent, tag
from llmq_eval.gate.report.plots import Scale, around, ground, picture, plain
from llmq_eval.statistics import Estimate

SIDE = 340  # of the square of lengths, in pixels
LABEL_ROOM = 15  # pixels between two labels


@dataclass(frozen=True)
class Measured:
    """A file as a point: its label, its size, its mean KL."""

    label: str
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
    taken: list[tuple[float, float]] = []
    for file in sorted(files, key=lambda f: f.megabytes):
        shapes += _point(file, along.at(file.megabytes), up, (y, height), taken)
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


def _point(
    file: Measured,
    x: float,
    up: Scale,
    frame: tuple[float, float],
    taken: list[tuple[float, float]],
) -> list[Html]:
    """The interval as a line, the point, and its label on the side where there is room."""
    at, y = percent(x), _down(up, file.kl.value, *frame)
    shapes = []
    if file.kl.low is not None and file.kl.high is not None:
        low, high = (_down(up, max(end, up.low), *frame) for end in (file.kl.low, file.kl.high))
        shapes.append(tag("line", x1=at, x2=at, y1=low, y2=high, class_="reach"))
    shapes.append(tag("circle", cx=at, cy=y, r=5, class_="point" if file.is_this else "other"))
    text_y = y - 9
    while any(abs(x - other) < 0.25 and abs(text_y - t) < LABEL_ROOM for other, t in taken):
        text_y -= LABEL_ROOM
    taken.append((x, text_y))
    anchor = "end" if x > 0.6 else "start"
    shapes.append(
        tag(
            "text",
            file.label,
            x=at,
            y=text_y,
            text_anchor=anchor,
            class_="name",
            dx=4 if x <= 0.6 else -4,
        )
    )
    return shapes


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
