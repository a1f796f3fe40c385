"""Every token in one batch, every wanted row in its place, never too many of either, nor few."""

from random import Random

import pytest

from llmq.runtime.batches import FEW_ROWS, cut


@pytest.mark.parametrize("seed", range(40))
def test_batches_hold_everything_once_and_in_order(seed: int) -> None:
    rng = Random(seed)
    n_tokens = rng.choice([0, 1, 2, 7, 8, 64, 65, 255, 256, 257, 1000, 2048])
    wanted = sorted(rng.sample(range(n_tokens), rng.randint(0, n_tokens)))
    most_tokens, most_rows = rng.choice([16, 100, 256]), rng.choice([16, 64])
    batches = cut(n_tokens, wanted, most_tokens=most_tokens, most_rows=most_rows)
    assert [p for batch in batches for p in range(batch.start, batch.stop)] == list(range(n_tokens))
    assert [p for batch in batches for p in batch.wanted] == wanted
    for batch in batches:
        n = batch.stop - batch.start
        assert min(FEW_ROWS, n_tokens) <= n <= most_tokens
        assert set(batch.wanted) <= set(batch.outputs) <= set(range(batch.start, batch.stop))
        assert list(batch.outputs) == sorted(set(batch.outputs))
        assert len(batch.outputs) <= most_rows
        assert not batch.wanted or len(batch.outputs) >= min(FEW_ROWS, n)
        assert batch.wanted or not batch.outputs
