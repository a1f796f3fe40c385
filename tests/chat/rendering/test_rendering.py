"""Markdown on a terminal: appended only, within the width, the same however it is cut."""

import random
import re
import time
from itertools import pairwise

import pytest
from wcwidth import wcswidth

from llmq.chat.rendering import Renderer

TEXT = """# Fractions **now**

To add *halves* and thirds you need a **common denominator**, e.g. `6`. 2*3*4 and 2**3 stay.
* one is a very long item that has to be wrapped because it is long
  - nested `code` item with [a link](https://example.org/x) and ![p](x.png)
1. first
12. twelfth item which is also quite a bit too long for forty columns

> quoted text that goes on and on until it wraps at the end of a line

```python
def f(x):
    return x ** 2  # a very long comment that has to be wrapped somewhere here
```
---
| a | b |
|---|--:|
| 1 | **2** |

中文文本没有空格，但是也必须换行，所以我们在宽字符之间换行。**重点**内容 👩‍👩‍👧 👍🏽 e\u0301nd
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft x
***both*** _it_ snake_case_name __b__ \\*no\\* [1, 2; 3](x)


| no table
last **line"""
SGR = re.compile(r"\x1b\[[0-9;]+m")
PIECES = [
    *"***__``[]()!\\#>|-~ \n\n", "word ", "a", "2", "**", "```", "|-|", "1. ", "- ", "# ", "中文",
    "，", "👩‍👩‍👧", "\u0301", "\ufe0f", "https://x.yz", "averyverylongword" * 4, "](a.bc)",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** and *it*, `x`", "\x1b[1mbold\x1b[0m and \x1b[3mit\x1b[0m, \x1b[36mx\x1b[0m"),
        ("# Head", "\x1b[1mHead\x1b[0m"),
        ("**unclosed", "**unclosed"),
        ("*a\nb*", "*a\nb*"),
        ("2*3*4 = 24, 2 * 3 * 4", "2*3*4 = 24, 2 * 3 * 4"),
        ("2**3**2", "2**3**2"),
        ("snake_case_name", "snake_case_name"),
        ("- a\n  1. b", "• a\n  1. b"),
        ("> a", "\x1b[2m│ \x1b[0ma"),
        ("[x](https://a.bc)", "\x1b[4mx\x1b[0m (https://a.bc)"),
        ("[0, 1](x)", "[0, 1](x)"),
        (r"\*a\*", "*a*"),
        ("```\na  *b*\n```", "\x1b[2m```\x1b[0m\n\x1b[36ma\x1b[0m  \x1b[36m*b*\x1b[0m\n\x1b[2m```\x1b[0m"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("1.5 is", "1.5 is"),
        ("-5 is", "-5 is"),
        ("|x| = 3\nso", "|x| = 3\nso"),
    ],
)  # fmt: skip
def test_what_is_shown(text: str, shown: str) -> None:
    assert rendered(text, 80) == shown


def test_tables_are_drawn() -> None:
    drawn = rendered("| a | b |\n|---|---|\n| 1 | **2** |\n\nend", 40, styled=False)
    assert drawn == "a   b\n─────\n1   2\n\nend"


def test_without_styles_there_is_no_escape() -> None:
    assert "\x1b" not in rendered(TEXT, 40, styled=False)
    assert SGR.sub("", rendered("**a** b", 40)) == rendered("**a** b", 40, styled=False)


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_lines_fit_and_nothing_is_rewritten(width: int) -> None:
    shown = rendered(TEXT, width)
    assert not set(SGR.sub("", shown)) & set("\x1b\r\b\x0b\x0c")
    for line in SGR.sub("", shown).split("\n"):
        assert wcswidth(line) <= width, line


def test_words_stay_whole() -> None:
    words = [
        "some",
        "words",
        "that",
        "no",
        "line",
        "of",
        "this",
        "terminal",
        "has",
        "to",
        "cut",
        "ever",
    ]
    lines = rendered(" ".join(words * 9), 40).split("\n")
    assert len(lines) > 9
    assert " ".join(lines).split() == words * 9


def test_the_same_however_it_is_cut() -> None:
    rng = random.Random(3)
    texts = [TEXT] + ["".join(rng.choices(PIECES, k=70)) for _ in range(250)]
    for text in texts:
        for styled in (True, False):
            expected = rendered(text, 30, styled=styled)
            assert cut(text, 30, [*range(1, len(text))], styled=styled) == expected, text
            for _ in range(3):
                places = sorted(rng.sample(range(len(text) + 1), min(len(text), 6)))
                assert cut(text, 30, places, styled=styled) == expected, (text, places)
        for line in SGR.sub("", rendered(text, 30)).split("\n"):
            assert wcswidth(line) <= 30, (text, line)


def test_words_are_shown_as_they_come() -> None:
    renderer = Renderer(80, styled=True)
    assert renderer.feed("One two") == "One"
    assert renderer.feed(" three **four") == " two three"
    assert renderer.feed("** five") == " \x1b[1mfour\x1b[0m"
    assert renderer.finish() == " five"


def rendered(text: str, width: int, *, styled: bool = True) -> str:
    return cut(text, width, [], styled=styled)


def cut(text: str, width: int, places: list[int], *, styled: bool) -> str:
    renderer = Renderer(width, styled=styled)
    bounds = [0, *places, len(text)]
    shown = [renderer.feed(text[a:b]) for a, b in pairwise(bounds)]
    return "".join(shown) + renderer.finish()


def test_hostile_text_neither_raises_nor_hangs() -> None:
    for piece in ("*", "a*", "[", "`", "x", "中", " ", ">", "|a|\n", "\u0301", "👩\u200d", "- "):
        text = "a " + piece * 3000
        begun = time.monotonic()
        assert cut(text, 30, [1, 2], styled=True) == rendered(text, 30)
        assert time.monotonic() - begun < 2, piece
