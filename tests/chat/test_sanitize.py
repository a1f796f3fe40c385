"""Whatever bytes a model writes, no terminal command comes out, and plain text stays as it is."""

import pytest

from llmq.chat.sanitize import sanitized
from tests.chat.streams import fed, is_safe

WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
A_TAG, ACUTE, JOINED = "\U000e0061", "\u0301", "\u0301\u200d"


def test_every_single_byte_is_harmless() -> None:
    assert all(is_safe(fed(bytes([byte]), [])) for byte in range(256))


def test_every_character_comes_out_as_itself_or_not_at_all() -> None:
    tags = range(0xE0000, 0xE0100)
    for code in (*range(0xD800), *range(0xE000, 0x10000), *range(0x1F600, 0x1F700), *tags):
        out = sanitized(chr(code))
        assert is_safe(out), hex(code)
        assert out in (chr(code), "", "\n"), hex(code)


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
        (f"{WALES}!", f"{WALES}!"),
        ("\U0001f3f4\U000e0067\U000e0062\x1b[m\U000e0077\U000e007f", "\U0001f3f4"),
        ("\U0001f3f4\U000e0041\U000e0041\U000e0041\U000e007f", "\U0001f3f4"),
        (f"\U0001f3f4{A_TAG * 7}\U000e007f!", "\U0001f3f4!"),
        (f"\U0001f600{WALES[1:]}!", "\U0001f600!"),
        (f"\U0001f3f4{WALES}", f"\U0001f3f4{WALES}"),
        ("\U0001f3f4\U000e0067\x9b1mb", "\U0001f3f4b"),
        (f"z{ACUTE * 99}a", f"z{ACUTE * 10}a"),
        (f"z{JOINED * 99}a", f"z{JOINED * 5}a"),
    ],
)
def test_sequences_go_as_a_whole(hostile: str, left: str) -> None:
    assert sanitized(hostile) == left


def test_marks_are_counted_across_pieces_and_whatever_goes_between_them() -> None:
    data = ("z" + "\u0301\x07" * 15 + "\ny\u0301").encode()
    for size in range(1, 9):
        out = fed(data, list(range(0, len(data), size)))
        assert out == "z" + "\u0301" * 10 + "\ny\u0301"


def test_half_a_character_at_the_end_is_shown_as_damaged() -> None:
    assert fed("é".encode()[:1], []) == "\N{REPLACEMENT CHARACTER}"


def test_an_eight_bit_control_is_no_utf8_and_shows_as_damaged() -> None:
    assert fed(b"a\x9b31m", []) == "a\N{REPLACEMENT CHARACTER}31m"
