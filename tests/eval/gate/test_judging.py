"""What the judge says: statuses, exit codes, never green by accident."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.figures import FIGURES
from llmq_eval.gate.judgement import Judgement, Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.policy import Limit, Policy
from llmq_eval.gate.policy_file import read_policy
from llmq_peer.gate_evidence import Truth, made_evidence, resampled

FOUR, EIGHT = read_policy("4-bit"), read_policy("8-bit")
SOUND, SAME = Truth(), Truth(alike=True)
ONLY_KL = Policy("kl", "", ("fidelity",), {"mean_kl_nats": Limit(at_most=0.1)})


def status_of(judgement: Judgement, axis: str) -> Status:
    return next(each.status for each in judgement.axes if each.name == axis)


def test_a_sound_file_passes_and_every_number_is_shown() -> None:
    found = judge(made_evidence(SOUND), FOUR)
    assert (found.exit_code, found.status) == (0, Status.PASS), found.sentence
    rows = [row for axis in found.axes for row in axis.rows]
    assert {row.title for row in rows} >= {FIGURES[name].heading for name in FOUR.limits}
    assert all(row.measured and row.status is Status.PASS for row in rows)
    assert status_of(found, "device") is Status.SKIPPED


def test_a_file_passes_beside_itself_200_of_200_times() -> None:
    rng, evidence = np.random.default_rng(0), made_evidence(SAME)
    for _ in range(200):
        found = judge(resampled(evidence, rng)[0], EIGHT)
        assert found.exit_code == 0, found.sentence


@pytest.mark.parametrize(
    ("truth", "axis"),
    [
        (Truth(kl_nats=0.3), "fidelity"),
        (Truth(same_top=0.7), "fidelity"),
        (Truth(lost=0.2), "skill"),
        (Truth(length=1.6), "behaviour"),
        (Truth(length=0.5), "behaviour"),
        (Truth(open_quant=0.4), "behaviour"),
        (Truth(loop_quant=0.4), "behaviour"),
        (Truth(ln_end_ratio=-0.5), "behaviour"),
        (Truth(leak_quant=0.6), "pedagogy"),
        (Truth(degenerate_quant=0.4), "pedagogy"),
    ],
)
def test_each_fault_fails_its_axis(truth: Truth, axis: str) -> None:
    found = judge(made_evidence(truth), FOUR)
    assert found.exit_code == 1
    assert status_of(found, axis) is Status.FAIL
    assert axis in found.sentence


def test_a_true_value_at_the_limit_passes_and_fails_by_chance_alone() -> None:
    """In at most 5 % each, and a little more for the skewness of 80 documents."""
    rng, truth, evidence = np.random.default_rng(1), Truth(kl_nats=0.1), made_evidence(SOUND)
    found = [
        judge(replace(evidence, tables={"tokens": truth.documents(rng, 80)}), ONLY_KL).exit_code
        for _ in range(300)
    ]
    assert found.count(0) <= 0.09 * 300
    assert found.count(1) <= 0.05 * 300
    assert found.count(3) == 300 - found.count(0) - found.count(1)


def test_what_does_not_tell_says_how_much_would() -> None:
    (row,) = next(
        axis.rows
        for axis in judge(made_evidence(Truth(kl_nats=0.095, spread=1.0)), ONLY_KL).axes
        if axis.name == "fidelity"
    )
    assert row.status is Status.INCONCLUSIVE
    assert "would" in row.words
    single = {"tokens": made_evidence(SOUND).tables["tokens"][:1]}
    found = judge(replace(made_evidence(SOUND), tables=single), ONLY_KL)
    assert found.exit_code == 3
    assert "a single document tells nothing of chance" in str(found)
    two = {"tokens": made_evidence(SOUND).tables["tokens"][:2]}
    near = FIGURES["mean_kl_nats"].measure.estimate(two["tokens"]).value * 1.001
    policy = replace(ONLY_KL, limits={"mean_kl_nats": Limit(at_most=near)})
    words = str(judge(replace(made_evidence(SOUND), tables=two), policy))
    assert "2 documents tell too little: measure on 40 or more" in words


def without(evidence: Evidence, table: str) -> Evidence:
    return replace(evidence, tables={**evidence.tables, table: ()})


def with_value(evidence: Evidence, table: str, key: str, value: object) -> Evidence:
    first, *others = evidence.tables[table]
    return replace(evidence, tables={**evidence.tables, table: ({**first, key: value}, *others)})


TABLES_OF = {
    "tokens": "fidelity",
    "choices": "skill",
    "problems": "skill",
    "replies": "behaviour",
    "conversations": "pedagogy",
}


@pytest.mark.parametrize(("table", "axis"), TABLES_OF.items())
def test_an_empty_table_is_not_measured(table: str, axis: str) -> None:
    found = judge(without(made_evidence(SAME), table), FOUR)
    assert found.exit_code == 4
    assert status_of(found, axis) is Status.SKIPPED
    assert axis in found.sentence
    assert ("--suite refusals" in str(found)) is (table == "conversations")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "0", True, 1e300, -5])
@pytest.mark.parametrize(
    ("table", "key"),
    [("tokens", "n_tokens"), ("choices", "quant_right"), ("replies", "quant_tokens"),
     ("conversations", "quant_leaked")],
)  # fmt: skip
def test_nonsense_never_passes(table: str, key: str, value: Any) -> None:
    found = judge(with_value(made_evidence(SAME), table, key, value), FOUR)
    passed = {("tokens", True), ("choices", True), ("conversations", True), ("replies", True)}
    assert found.exit_code != 0 or (table, value) in passed, found.sentence


def test_a_skipped_check_is_not_passed_unless_the_policy_lets_it() -> None:
    evidence = made_evidence(SAME)
    checks = tuple(replace(check, status="skipped") for check in evidence.checks)
    more = replace(checks[0], name="opens", status="pass")
    strict, lenient = (replace(FOUR, may_skip=names) for names in ((), ("tensor hashes",)))
    found = judge(replace(evidence, checks=(checks[0], more, evidence.checks[1])), strict)
    assert (found.exit_code, status_of(found, "integrity")) == (4, Status.SKIPPED)
    found = judge(replace(evidence, checks=(checks[0], more, evidence.checks[1])), lenient)
    assert (found.exit_code, status_of(found, "integrity")) == (0, Status.PASS)
    alone = judge(replace(evidence, checks=(checks[0], evidence.checks[1])), lenient)
    assert alone.exit_code == 4, "of an axis of which nothing is known"


def test_the_order_of_what_is_wrong() -> None:
    """1 before 4 before 3 before 0."""
    thin = made_evidence(Truth(kl_nats=0.1))
    assert judge(thin, ONLY_KL).exit_code in (0, 3)
    failing = replace(made_evidence(Truth(kl_nats=0.3)), checks=())
    assert judge(failing, FOUR).exit_code == 1
    unmeasured = replace(made_evidence(SAME), checks=(), skipped={"privacy": "not on this system"})
    found = judge(unmeasured, FOUR)
    assert found.exit_code == 4
    assert next(a.words for a in found.axes if a.name == "privacy") == "not on this system"


def test_an_axis_that_is_not_mandatory_still_fails() -> None:
    policy = replace(FOUR, mandatory=("fidelity",))
    assert judge(made_evidence(Truth(leak_quant=0.7)), policy).exit_code == 1
    assert judge(without(made_evidence(SAME), "choices"), policy).exit_code == 0


def test_remarks_name_thin_evidence() -> None:
    guessing = judge(made_evidence(Truth(right=0.22)), FOUR)
    assert any("where guessing makes 150" in remark for remark in guessing.remarks)
    (row,) = (row for axis in guessing.axes for row in axis.rows if "choices" in row.title)
    assert "would tell" not in row.words, "one advice is enough"
    few = made_evidence(SAME)
    few = replace(few, tables={name: rows[:20] for name, rows in few.tables.items()})
    remarks = " ".join(judge(few, FOUR).remarks)
    assert "only 20 documents" in remarks
    assert judge(few, FOUR).exit_code == 3
    none = judge(made_evidence(replace(SAME, right=0.0)), FOUR)
    assert any("solves none" in remark for remark in none.remarks)


def test_the_worst_subject_counts() -> None:
    evidence = made_evidence(SOUND)
    rows = tuple(
        {**row, "kl_nats": row["kl_nats"] * (60 if row["subject"] == "reading" else 1)}
        for row in evidence.tables["tokens"]
    )
    policy = replace(ONLY_KL, limits={"mean_kl_nats": Limit(at_most_in_subjects=0.25)})
    found = judge(replace(evidence, tables={"tokens": rows}), policy)
    assert found.exit_code == 1
    assert "reading is the worst of 8 subjects" in str(found)


def test_the_verdict_counts_the_axes_that_it_names() -> None:
    found = judge(made_evidence(SAME), ONLY_KL)
    assert found.sentence.endswith("keeps to the policy kl on 1 axis: fidelity.")


def test_tokens_beyond_the_context_are_told() -> None:
    assert "beyond the context" not in str(judge(made_evidence(SAME), FOUR).remarks)
    found = judge(with_value(made_evidence(SAME), "tokens", "n_dropped", 7), FOUR)
    assert "fidelity: 7 tokens of 1 document lie beyond the context" in str(found.remarks)


def test_a_limit_in_subjects_alone_is_not_kept_by_a_suite_without_any() -> None:
    limits = {"mean_kl_nats": Limit(at_most_in_subjects=0.1), "same_top_rate": Limit(at_least=0.1)}
    policy = Policy("subjects", "", ("fidelity",), limits)
    evidence = made_evidence(Truth(kl_nats=0.4))
    assert judge(evidence, policy).exit_code == 1
    rows = tuple({**row, "subject": ""} for row in evidence.tables["tokens"])
    without_subjects = replace(evidence, tables={**evidence.tables, "tokens": rows})
    assert judge(without_subjects, policy).exit_code == 3
    both = replace(policy, limits={"mean_kl_nats": Limit(at_most=1, at_most_in_subjects=0.1)})
    assert judge(without_subjects, both).exit_code == 0
