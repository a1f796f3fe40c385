"""Random streams, cut anywhere: nothing forbidden comes out, and nothing of plain text is lost."""

# ruff: noqa: RUF001  # letters of other scripts are meant

from random import Random

import pytest

from tests.chat.streams import FORBIDDEN, cuts_of, fed, hostile, is_safe, most_marks

FLAGS = [
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in name) + "\U000e007f"
    for name in ("gbeng", "gbsct", "gbwls", "ustx", "es1a")
]
BENIGN = (
    # emoji: families, professions, skin tones, keycaps, flags, hearts, with and without VS16
    *("👩‍🏫", "👨‍👩‍👧‍👦", "👍🏽", "👩🏿‍🔬", "1️⃣", "#️⃣", "🇩🇪🇫🇷", "❤️‍🔥", "☺︎", "🏳️‍🌈", "🏴‍☠️", "🧑‍🤝‍🧑", *FLAGS),
    # scripts from left to right
    *("四分之三乘二十等于多少？", "おはようございます", "カ゛", "안녕하세요", "각", "Сколько будет", "Ποσό"),
    # from right to left, with marks of direction and the joiner that Persian needs
    *("كم يساوي", "\u200fثلاثة أرباع\u200f", "می\u200cخواهم", "בְּרֵאשִׁ֖ית בָּרָ֣א", "שלום\u200e", "\u061c٣"),
    # marks on letters, composed or not, stacked
    *("Ü", "U\u0308", "Việt", "Vie\u0323\u0302t", "a\u0300\u0301\u0302\u0303", "บีบน้ำ", "बीस का तीन", "क्ष्म्य", "ཧཱུྃ"),
    *("ཨོཾ་མ་ཎི", "မြန်မာ", "x\u0305", "5\u20e3", "ก็", "i\u0307\u0323"),
    # mathematics and plain text
    *("x² ≤ ½·π", "∑ᵢ aᵢ ≠ ∅", "√(3/4) ≈ 0.866", "\\frac{1}{2}", "[31m", "a\tb", "\n", " ", "What is 3/4 of 20?"),
)  # fmt: skip


def never_harm(count: int, seed: int) -> None:
    """`count` hostile streams come out the same cut or whole, and without anything forbidden."""
    rng = Random(seed)
    for _ in range(count):
        data = hostile(rng)
        out = fed(data, cuts_of(data, rng))
        assert is_safe(out), (data, out)
        assert out == fed(data, ()), data


def test_hostile_streams_are_safe_however_they_are_cut() -> None:
    never_harm(20_000, seed=1)


@pytest.mark.slow
def test_a_million_hostile_streams() -> None:
    never_harm(1_000_000, seed=2)


def test_the_streams_are_hostile() -> None:
    """Most of them would do harm if they came out as they are."""
    rng = Random(3)
    texts = [hostile(rng).decode("utf-8", "replace") for _ in range(2000)]
    assert sum(bool(FORBIDDEN.search(text)) for text in texts) > 1200
    assert sum(most_marks(text) > 10 for text in texts) > 50


def test_benign_texts_are_unchanged() -> None:
    rng, texts = Random(4), set(BENIGN)
    while len(texts) < 12_000:
        texts.add("".join(rng.choices(BENIGN, k=rng.randrange(2, 9))))
    for text in sorted(texts):
        data = text.encode()
        assert fed(data, cuts_of(data, rng)) == text, ascii(text)
