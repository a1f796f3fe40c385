"""The gate's figures hold what they promise: against other formulas, brute force and simulation."""

import math
from itertools import product
from typing import Any

import numpy as np
import pytest

from llmq_eval.gate.kept import kept_ends
from llmq_eval.gate.measures import Kept, Ratio, ShareChange, Z, changed_share, column, counts
from llmq_eval.gate.one_sided import sign_test, students_t_from, tail
from llmq_eval.gate.rows import NotMeasured

KL = Ratio(column("kl_nats"), counts("n_tokens"))
OPEN = ShareChange("base_open", "quant_open")
RIGHT = Kept("base_right", "quant_right")


def test_students_t_is_that_of_the_tables() -> None:
    """The 95th and 99.9th percentile (Abramowitz & Stegun 1964, table 26.10)."""
    table = {5: (2.015, 5.893), 10: (1.812, 4.144), 30: (1.697, 3.385)}
    for degrees, ends in table.items():
        for alpha, t in zip((0.05, 0.001), ends, strict=True):
            assert tail(t, degrees) == pytest.approx(alpha, rel=0.08)
            z = {0.05: 1.6449, 0.001: 3.0902}[alpha]
            assert students_t_from(z, degrees) == pytest.approx(t, rel=0.02)


@pytest.mark.parametrize("base", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("risen", [0.05, 0.1])
def test_a_share_at_its_limit_passes_by_chance_in_one_of_twenty(base: float, risen: float) -> None:
    """Exactly, over all outcomes of 64 prompts, of which some change by chance either way."""
    n, extra = 64, base * 0.2  # of what the base does, a fifth changes either way
    rise, fall = risen + extra, extra
    passed = failed = 0.0
    for up in range(n + 1):
        for down in range(n + 1 - up if fall else 1):
            odds = (
                math.comb(n, up) * math.comb(n - up, down) * rise**up * fall**down
                * (1 - rise - fall) ** (n - up - down)
            )  # fmt: skip
            if odds > 1e-9:
                gaps = [1.0] * up + [-1.0] * down + [0.0] * (n - up - down)
                found = changed_share(gaps, Z, [1.0] * n)
                passed += odds * ((found.high or 0) <= risen)
                failed += odds * ((found.low or 0) > risen)
    assert passed <= 0.06, passed
    assert failed <= 0.08, failed


@pytest.mark.parametrize(("both", "n_quant", "n_base", "n"), [(60, 66, 70, 90), (8, 8, 8, 20)])
def test_the_bounds_of_what_is_kept_are_those_of_the_constrained_fit(
    both: int, n_quant: int, n_base: int, n: int
) -> None:
    """The closed form of the variance is that of the likeliest odds at the bound, by a search."""
    theta, _ = kept_ends(both, n_quant, n_base, n, Z)
    only_quant, only_base, neither = n_quant - both, n_base - both, n - n_quant - n_base + both

    def likelihood(quant: float, base: float) -> float:
        shared = (theta * base - quant) / (1 - theta)  # what makes the ratio theta
        cells = (shared, quant, base, 1 - shared - quant - base)
        if min(cells) < 0:
            return -math.inf
        seen = (both, only_quant, only_base, neither)
        return sum(k * math.log(max(p, 1e-300)) for k, p in zip(seen, cells, strict=True) if k)

    grid = [i / 1000 for i in range(250)]
    quant, base = max(product(grid, grid), key=lambda odds: likelihood(*odds))
    score = (n_quant - theta * n_base) / math.sqrt(n * theta * (quant + base))
    assert score == pytest.approx(Z, rel=0.02)


def test_nothing_changed_is_kept_as_far_as_the_number_of_questions_tells() -> None:
    needed = math.floor(Z * Z * 0.95 / 0.05) + 1  # by hand
    for right, kept in ((needed - 1, False), (needed, True)):
        low, high = kept_ends(right, right, right, 100, Z)
        assert (low >= 0.95) is kept
        assert low < 1 < high


def test_a_share_of_which_all_say_yes_has_bounds_with_a_width() -> None:
    rows = [{"id": str(i), "same_top": 20, "n_tokens": 20} for i in range(40)]
    found = Ratio(column("same_top"), counts("n_tokens"), of_yes=True).estimate(rows)
    assert found.value == found.high == 1
    assert found.low is not None
    assert 0.99 < found.low < 1


def test_a_share_of_turns_is_that_of_all_turns() -> None:
    """What the page counts: conversations differ in length, and each turn counts alike."""
    talks = [(1, 0, 1), (4, 1, 1), (3, 2, 0), (4, 0, 2)] * 20
    rows: list[dict[str, Any]] = [
        {"id": str(i), "n_turns": n, "base_degenerate": base, "quant_degenerate": quant}
        for i, (n, base, quant) in enumerate(talks)
    ]
    measure = ShareChange("base_degenerate", "quant_degenerate", "n_turns")
    found = measure.estimate(rows)
    assert found.value == pytest.approx((4 - 3) / 12)
    jackknife = Ratio(
        lambda row: row["quant_degenerate"] - row["base_degenerate"],
        counts("n_turns"),
        signed=True,
    ).estimate(rows)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= (jackknife.low or 0), "of few documents no less careful"
    assert found.high >= (jackknife.high or 0)
    better = [row | {"quant_degenerate": row["base_degenerate"]} for row in rows]
    moved = measure.change(rows, better)
    assert (moved.before, moved.after) == pytest.approx((3 / 12, 4 / 12))
    longer = [row | {"n_turns": row["n_turns"] + 1} for row in rows]
    with pytest.raises(NotMeasured, match="other documents"):
        measure.change(rows, longer)


def test_bounds_lie_where_the_figure_can() -> None:
    rows = [{"id": "1", "kl_nats": 0.0, "n_tokens": 9}, {"id": "2", "kl_nats": 8.0, "n_tokens": 9}]
    assert KL.estimate(rows).low == 0
    share = Ratio(column("kl_nats"), counts("n_tokens"), of_yes=True).estimate(rows)
    assert (share.low, share.high) == (0, 1)
    assert (Ratio(column("kl_nats"), counts("n_tokens"), signed=True).estimate(rows).low or 0) < 0


def test_replies_to_one_prompt_are_one_draw() -> None:
    once = [{"id": str(i), "base_open": 0, "quant_open": i % 5 == 0} for i in range(50)]
    assert OPEN.estimate(once) == OPEN.estimate([*once, *once])


@pytest.mark.parametrize("value", [None, "1", math.nan, math.inf, -1, 10**400, [1]])
def test_what_is_no_number_is_not_measured(value: object) -> None:
    rows = [{"id": "1", "n_tokens": value, "kl_nats": 0.1, "base_open": 0, "quant_open": value}] * 3
    for measure in (KL, OPEN):
        with pytest.raises(NotMeasured, match="of '1' is"):
            measure.estimate(rows)
    with pytest.raises(NotMeasured, match="nothing right"):
        RIGHT.estimate([{"id": "1", "base_right": 0, "quant_right": 1}])


def test_bounds_are_passed_by_chance_in_one_of_twenty() -> None:
    """Of 1,000 suites each; skewed documents cost the lower side's neighbour a little."""
    rng, truth, n = np.random.default_rng(3), 0.04, 60
    over = {"kl": 0, "open": 0, "right": 0}
    under = dict(over)
    for _ in range(1000):
        sizes = rng.integers(40, 120, n)
        values = truth * rng.lognormal(-0.125, 0.5, n) * sizes
        kl = KL.estimate(
            [{"id": str(i), "n_tokens": int(sizes[i]), "kl_nats": values[i]} for i in range(n)]
        )
        base, drawn = (rng.random(n) < 0.1).tolist(), rng.random(n).tolist()
        gaps = OPEN.estimate(
            [{"id": str(i), "base_open": base[i], "quant_open": base[i] or drawn[i] < 0.1}
             for i in range(n)]
        )  # fmt: skip
        both, lost, won = (int(x) for x in rng.multinomial(200, (0.6, 0.05, 0.02, 0.33))[:3])
        kept = kept_ends(both, both + won, both + lost, 200, Z)
        found = {
            "kl": (kl.low, kl.high, truth),
            "open": (gaps.low, gaps.high, 0.09),
            "right": (*kept, 0.62 / 0.65),
        }
        for name, (low, high, value) in found.items():
            assert low is not None
            assert high is not None
            over[name] += low > value
            under[name] += high < value
    for name in over:
        assert over[name] <= 70, (name, over, under)
        assert under[name] <= 90, (name, over, under)
        assert over[name] + under[name] >= 40, (
            "bounds that hold more than they promise are too wide"
        )


def test_the_sign_test_counts_tosses() -> None:
    for n in range(1, 8):
        heads = [sum(toss) for toss in product((0, 1), repeat=n)]
        for worse in range(n + 1):
            expected = sum(count >= worse for count in heads) / 2**n
            assert sign_test(worse, n - worse) == pytest.approx(expected)
