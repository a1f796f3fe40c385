"""Whatever bytes a model writes, no terminal command comes out, and plain text stays as it is."""

from itertools import pairwise
from random import Random

import pytest

from llmq.chat.sanitize import DECEPTIVE, Sanitizer, sanitized


def fed(data: bytes, cuts: list[int]) -> str:
    """`data` through one sanitizer, in pieces."""
    sanitizer = Sanitizer()
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    return "".join(map(sanitizer.feed, pieces)) + sanitizer.finish()


def is_safe(text: str) -> bool:
    """No C0 but newline and tab, no DEL, no C1, nothing that reorders or hides."""
    return all(
        c in "\n\t" or (ord(c) >= 0x20 and not 0x7F <= ord(c) <= 0x9F and c not in DECEPTIVE)
        for c in text
    )


def test_every_single_byte_is_harmless() -> None:
    assert all(is_safe(fed(bytes([byte]), [])) for byte in range(256))


def test_every_character_comes_out_as_itself_or_not_at_all() -> None:
    tags = range(0xE0000, 0xE0100)
    for code in (*range(0xD800), *range(0xE000, 0x10000), *range(0x1F600, 0x1F700), *tags):
        out = sanitized(chr(code))
        assert is_safe(out), hex(code)
        assert out in (chr(code), "", "\n"), hex(code)


def test_random_bytes_are_safe_however_they_are_cut() -> None:
    rng = Random(1)
    dangerous = b"\x1b[]P\\;m0\x07\x9b\x9d\x9c\xc2\x1b\n\t\r\x7f \xe2\x80\xae\xf0\x9f"
    for _ in range(3000):
        pool = dangerous if rng.random() < 0.5 else bytes(range(256))
        data = bytes(rng.choices(pool, k=rng.randrange(1, 40)))
        whole = fed(data, [])
        assert is_safe(whole)
        assert fed(data, rng.choices(range(len(data) + 1), k=5)) == whole


def test_text_of_many_scripts_is_unchanged_even_byte_by_byte() -> None:
    text = "Yes: x² ≤ ½·π\n\t中文 עברית \u200fالعربية می\u200cخواهم 👩‍🏫 ~[31m]\\"  # noqa: RUF001  # Arabic is meant
    data = text.encode()
    assert fed(data, list(range(len(data)))) == text


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("a\x1b[31mred\x1b[0mb", "aredb"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x1b]52;c;c2VjcmV0\x9cb", "ab"),
        ("a\x9b31mb", "ab"),
        ("a\x9d0;title\x07b", "ab"),
        ("a\x1bPq#0\x1b\\b", "ab"),
        ("a\x1b(0b", "ab"),
        ("a\x1bcb", "ab"),
        ("a\x1b]never ended\nb", "a\nb"),
        ("a\x1b", "a"),
        ("a\r\nb\rc", "a\nbc"),
        ("a\x08\x7fb\x00", "ab"),
        ("1\u202e321\u202c", "1321"),
        ("a\u2028b", "a\nb"),
    ],
)
def test_sequences_go_as_a_whole(hostile: str, left: str) -> None:
    assert sanitized(hostile) == left


def test_half_a_character_at_the_end_is_shown_as_damaged() -> None:
    assert fed("é".encode()[:1], []) == "\N{REPLACEMENT CHARACTER}"


def test_an_eight_bit_control_is_no_utf8_and_shows_as_damaged() -> None:
    assert fed(b"a\x9b31m", []) == "a\N{REPLACEMENT CHARACTER}31m"
