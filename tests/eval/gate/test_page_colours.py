"""The page's colours: readable in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from itertools import product
from pathlib import Path

import pytest

STYLE = Path("eval") / "llmq_eval" / "gate" / "report" / "page.css"
TEXT, SHAPE = 4.5, 3.0  # the least contrast of text, and of what is only looked at
TONES = ("pass", "fail", "open", "none")
PAIRS = [
    *(
        (front, ground, TEXT)
        for front, ground in product(("ink", "soft", "blue"), ("paper", "card"))
    ),
    *((tone, ground, TEXT) for tone in TONES for ground in (f"{tone}-bg", "paper", "card")),
    *(("ink", f"{tone}-bg", TEXT) for tone in TONES),
    ("ink", "mark", TEXT),
    *(("on-shape", tone, SHAPE) for tone in TONES),
    ("other", "paper", SHAPE),
]


def colours(style: str, scheme: str) -> dict[str, str]:
    """The variables of the light or the dark scheme."""
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(x * weight for x, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_and_shape_stands_out(repository: Path, scheme: str) -> None:
    style = (repository / STYLE).read_text(encoding="utf-8")
    named = colours(style, scheme)
    for front, ground, least in PAIRS:
        high, low = sorted((luminance(named[front]), luminance(named[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= least, (scheme, front, ground)


def test_both_schemes_name_the_same_colours(repository: Path) -> None:
    style = (repository / STYLE).read_text(encoding="utf-8")
    light, dark = colours(style, "light"), colours(style, "dark")
    assert set(light) == set(dark)
    assert set(re.findall(r"var\(--([a-z-]+)\)", style)) - {"tone", "wash"} <= set(light)
