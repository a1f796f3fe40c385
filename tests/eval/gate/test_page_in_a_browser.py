"""The page in a real browser: it asks for nothing, complains of nothing, and fits a phone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.html import page
from llmq_eval.gate.judgement import AxisResult, RowResult, Status
from llmq_peer.browser import NAMES, Browser, browser, found_browser
from tests.eval.gate.conftest import HOSTILE, hostile, judged
from tests.eval.gate.test_html import everything

LOOKS = ((1200, False), (375, True))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    command = found_browser()
    if command is None:
        pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is installed")
    with browser(command) as opened:
        yield opened


def test_a_browser_sees_what_a_page_does(chromium: Browser, tmp_path: Path) -> None:
    """What the other tests rest on."""
    file = tmp_path / "bad.html"
    file.write_text(
        "<!doctype html><meta charset=utf-8><script>console.error('seen')</script>"
        "<img src='http://127.0.0.1:9/x.png'><div style='width: 900px'>wide</div>",
        encoding="utf-8",
    )
    seen = chromium.open(file, width=375)
    assert seen.requests == ("http://127.0.0.1:9/x.png",)
    assert any("seen" in complaint for complaint in seen.complaints)
    assert seen.overflow > 400


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_page_asks_for_nothing_and_fits(
    chromium: Browser, tmp_path: Path, measured: Mapping[str, Evidence], width: int, dark: bool
) -> None:
    evidence = everything(measured["Q2_K"], n=7)
    text = page(evidence, judged(evidence, Status.FAIL), list(measured.values()))
    check(chromium, tmp_path / "page.html", text, width, dark)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_hostile_texts_do_nothing(
    chromium: Browser, tmp_path: Path, measured: Mapping[str, Evidence], width: int, dark: bool
) -> None:
    evidence = hostile(everything(measured["Q2_K"], n=7))
    rows = (RowResult(HOSTILE, HOSTILE, HOSTILE, Status.FAIL, HOSTILE),)
    axes = (AxisResult("skill", Status.FAIL, rows, HOSTILE),)
    judgement = replace(judged(evidence, axes=axes), policy_name=HOSTILE, remarks=(HOSTILE,))
    check(chromium, tmp_path / "page.html", page(evidence, judgement, [evidence]), width, dark)


def test_a_longest_word_does_not_widen_the_page(
    chromium: Browser, tmp_path: Path, measured: Mapping[str, Evidence]
) -> None:
    evidence = everything(measured["Q2_K"], text="W" * 2000, n=7)
    check(chromium, tmp_path / "page.html", page(evidence, judged(evidence)), 375, False)


def check(chromium: Browser, file: Path, text: str, width: int, dark: bool) -> None:
    """Write the page and open it."""
    file.write_text(text, encoding="utf-8")
    seen = chromium.open(file, width=width, dark=dark)
    assert seen.requests == ()
    assert seen.complaints == ()
    assert seen.overflow <= 0
    assert seen.screenshot.startswith(b"\x89PNG")
