"""Tables fit the width that there is, and lose nothing on the way."""

import io
import random

import pytest

from llmq.verbs.tables import NAME_WIDTH, aligned, terminal_width

ROWS = (
    ("file", "size", "perplexity", "mean KL (nats)", "same top token", "what it means"),
    ("tutor-BF16.gguf", "10.4 MB", "1.1603 ± 0.0089", "", "", "the original, to compare with"),
    ("tutor-Q8_0.gguf", "5.6 MB", "1.1604 ± 0.0090", "0.00001 ± 0.00000", "98.97 ± 0.29 %", "near"),
)
SIDES = "<>>>>~"


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_lines_fit_and_no_number_breaks(width: int) -> None:
    lines = list(aligned(ROWS, SIDES, width))
    assert max(map(len, lines)) <= width
    for row in ROWS:
        for cell in row[1:5]:
            if cell not in ROWS[0]:
                assert any(cell in line for line in lines), cell


def test_what_fits_stands_as_without_a_width() -> None:
    assert list(aligned(ROWS, SIDES, 200)) == list(aligned(ROWS, SIDES))


def test_every_letter_survives_any_width() -> None:
    """Names break where they must, prose at words; a further part repeats the first column."""
    for width in range(NAME_WIDTH + 2 + 17, 130):
        text = "".join("".join(aligned(ROWS, SIDES, width)).split())
        for cell in ROWS[2][1:]:
            assert "".join(cell.split()) in text


def test_random_tables_never_exceed_what_their_numbers_need() -> None:
    rng = random.Random(0)
    for _ in range(300):
        n = rng.randint(2, 7)
        rows = [
            ["".join(rng.choices("ab c-", k=rng.randint(0, 20))) for _ in range(n)] for _ in "123"
        ]
        longest = max(len(cell) for row in rows for cell in row[1:])
        width = NAME_WIDTH + 2 + longest + rng.randint(0, 60)
        assert all(len(line) <= width for line in aligned(rows, "<" + ">" * (n - 1), width))


def test_columns_sets_the_width_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width(io.StringIO()) is None
    monkeypatch.setenv("COLUMNS", "60")
    assert terminal_width(io.StringIO()) == 60
