"""What the lock can tell: nothing of what is the same, what is worse, little by chance."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq_eval.gate.against_lock import levels
from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.judgement import Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.lock import Lock, lock_of, lock_text, read_lock
from llmq_eval.gate.policy import Limit
from llmq_eval.gate.policy_file import read_policy
from llmq_peer.gate_evidence import Truth, made_evidence, resampled

FOUR = read_policy("4-bit")
WIDE = Limit(at_least=-9.0, at_most=9.0)
LENIENT = replace(FOUR, limits=dict.fromkeys(FOUR.limits, WIDE))
SOUND = made_evidence(Truth())


def accepting(evidence: Evidence, before: Lock | None = None) -> Lock:
    return lock_of(evidence, judge(evidence, FOUR), reason="tried in class", before=before)


def failed(evidence: Evidence, lock: Lock) -> list[str]:
    """The titles of what is worse than the accepted file."""
    axes = judge(evidence, FOUR, lock).axes
    rows = [row for axis in axes for row in axis.rows if "accepted" in row.title]
    assert rows
    return [row.title for row in rows if row.status is Status.FAIL]


def test_a_lock_is_read_as_it_was_written_and_written_alike(tmp_path: Path) -> None:
    path, lock = tmp_path / "llmq.lock", accepting(SOUND)
    path.write_text(lock_text(lock), encoding="utf-8")
    again = read_lock(path)
    assert lock_text(again) == lock_text(lock)
    assert again.digest == lock.digest
    n_rows = sum(map(len, SOUND.tables.values()))
    assert len(lock_text(lock).splitlines()) < n_rows + 80, "a row a line"


def test_history_goes_on() -> None:
    second = accepting(replace(SOUND, recipe="Q5_K_M"), accepting(SOUND))
    assert [entry.recipe for entry in second.history] == ["Q4_K_M", "Q5_K_M"]
    assert {entry.verdict for entry in second.history} == {"PASS"}


def test_the_same_rows_are_unchanged_in_any_sample() -> None:
    rng, lock = np.random.default_rng(0), accepting(SOUND)
    for _ in range(10):
        evidence, accepted = resampled(SOUND, rng, lock)
        assert accepted is not None
        assert failed(evidence, accepted) == []


@pytest.mark.parametrize(
    ("truth", "title"),
    [
        (Truth(kl_nats=0.0305), "mean KL"),
        (Truth(ln_end_ratio=-0.05), "P(end)"),
        (Truth(length=1.15), "reply length"),
        (Truth(open_quant=0.3), "without an end"),
        (Truth(loop_quant=0.2), "in circles"),
        (Truth(leak_quant=0.45), "tell the answer"),
        (Truth(degenerate_quant=0.2), "say nothing"),
        (Truth(lost=0.08), "right choices"),
    ],
)
def test_what_is_worse_by_less_than_a_limit_is_found(truth: Truth, title: str) -> None:
    rng, lock = np.random.default_rng(1), accepting(SOUND)
    worse = made_evidence(truth)
    assert any(title in each for each in failed(worse, lock))
    assert judge(worse, LENIENT, lock).exit_code == 1
    assert judge(worse, LENIENT).exit_code == 0
    found = 0
    for _ in range(10):
        evidence, accepted = resampled(worse, rng, lock)
        assert accepted is not None
        found += bool(failed(evidence, accepted))
    assert found >= 9


def another(rows: tuple[Row, ...], rng: np.random.Generator) -> tuple[Row, ...]:
    """The same documents by another file that is as good: divergences differ by chance alone."""
    factors = rng.lognormal(-0.02, 0.2, len(rows)).tolist()
    keys = ("kl_nats", "kl_deciding_nats")
    return tuple(
        {**row, **{key: row[key] * factor for key in keys}}
        for row, factor in zip(rows, factors, strict=True)
    )


def test_a_file_that_is_as_good_is_called_worse_by_chance_alone() -> None:
    """In one of a hundred at most, by alpha; here two figures change together."""
    rng, lock = np.random.default_rng(2), accepting(SOUND)
    tables = {"tokens": SOUND.tables["tokens"]}
    lock = replace(lock, tables=tables)
    n_worse = 0
    for _ in range(150):
        evidence = replace(SOUND, tables={"tokens": another(tables["tokens"], rng)})
        n_worse += bool(failed(evidence, lock))
    assert n_worse <= 5


def test_holms_levels_never_call_more_than_alpha_worse() -> None:
    rng = np.random.default_rng(3)
    wrong = sum(
        any(p <= level for p, level in zip(ps, levels(ps, 0.05), strict=True))
        for ps in rng.random((4000, 6)).tolist()
    )
    assert 0.035 * 4000 <= wrong <= 0.06 * 4000


@pytest.mark.parametrize("key", ["ln_ratio_nats", "ln_end_ratio", "quant_tokens"])
def test_to_come_back_to_the_base_is_not_worse(key: str) -> None:
    """The accepted file is less perplexed than the base, keener to end, and writes less."""
    table = "replies" if key == "quant_tokens" else "tokens"
    sign = 1.0 if key == "ln_end_ratio" else -1.0

    def moved(by: float) -> Evidence:
        rows = tuple(
            {**row, key: row["base_tokens"] * (1 + by) if table == "replies" else by * (3 + i % 2)}
            for i, row in enumerate(SOUND.tables[table])
        )
        return replace(SOUND, tables={**SOUND.tables, table: rows})

    assert failed(moved(0.0), accepting(moved(sign * 0.2))) == []
    assert failed(moved(-sign * 0.2), accepting(moved(0.0))) != []


def test_worse_than_the_accepted_file_is_no_broken_policy() -> None:
    worse, broken = made_evidence(Truth(kl_nats=0.035)), made_evidence(Truth(kl_nats=0.4))
    lock = accepting(SOUND)
    begins = f"FAIL: {worse.quant.name} is worse than the accepted file: fidelity (mean KL (nats)"
    assert judge(worse, FOUR, lock).sentence.startswith(begins)
    both = judge(broken, FOUR, lock).sentence
    assert "breaks the policy 4-bit: fidelity (mean KL" in both
    assert ", and is worse than the accepted file: fidelity (mean KL" in both


def test_a_single_document_is_not_compared() -> None:
    one = replace(SOUND, tables={"tokens": SOUND.tables["tokens"][:1]})
    found = judge(one, FOUR, accepting(one))
    assert found.exit_code == 4
    assert "a single document tells no change from chance" in str(found)


def test_another_runtime_is_remarked() -> None:
    other = replace(SOUND, runtime="llama.cpp of another day")
    assert "the lock was made with llama.cpp made" in str(
        judge(other, FOUR, accepting(SOUND)).remarks
    )
    moved = tuple(
        {**row, "nll_base_nats": row["nll_base_nats"] + 1e-9} for row in SOUND.tables["tokens"]
    )
    machine = replace(SOUND, tables={**SOUND.tables, "tokens": moved})
    assert "another machine" in str(judge(machine, FOUR, accepting(SOUND)).remarks)


@pytest.mark.parametrize("value", [None, "1", float("nan")])
def test_a_lock_whose_numbers_are_none_is_not_taken_for_unchanged(value: object) -> None:
    rows = tuple({**row, "kl_nats": value} for row in SOUND.tables["tokens"])
    lock = accepting(SOUND)
    found = judge(SOUND, FOUR, replace(lock, tables={**lock.tables, "tokens": rows}))
    assert found.exit_code == 4
    assert "the lock's rows hold no numbers" in str(found)


def test_shares_are_compared_as_the_files_own() -> None:
    before, after = (made_evidence(Truth(degenerate_quant=share)) for share in (0.02, 0.04))
    lock = lock_of(before, judge(before, FOUR), reason="the first")
    rows = [row for axis in judge(after, FOUR, lock).axes for row in axis.rows]
    (row,) = (
        row for row in rows if row.title.startswith("turns that say nothing, of all, against")
    )
    assert re.fullmatch(
        r"[\d.]+ -> [\d.]+ %: [+-][\d.]+ \([+-][\d.]+ to [+-][\d.]+\) points", row.measured
    )
