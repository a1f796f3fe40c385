"""Each planted fault is found, by the suites that the gate takes, and nothing where nothing is.

One measurement of the bundled tutor for all files; then suites that might have been, drawn with
replacement from its documents, are judged: that tells how much of a finding is luck.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq.gate import measure_all, measure_evidence
from llmq.gate_plan import GatePlan, gate_plan
from llmq.suites import Suite
from llmq.suites.items import spread_over
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.figures import FIGURES
from llmq_eval.gate.judgement import Judgement, Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.lock import Lock, lock_of
from llmq_eval.gate.policy_file import read_policy
from llmq_peer.faults import FAULTS, Fault, Pair
from llmq_peer.gate_evidence import resampled
from tests.conftest import converted

pytestmark = pytest.mark.slow

SUITES, FOUND = 100, 95
SAME = 200
FOUR, EIGHT = read_policy("4-bit"), read_policy("8-bit")
# Of what the gate takes by default: half of the dialogues, in which all of the faults show, and a
# few of everything else, so that it takes minutes.
HALF = {"dialogues": 100, "choices": 40, "problems": 12, "n_replies": 12, "n_conversations": 6}
# As many as limits need that are shares: where few were asked, nobody can say that they are kept.
ENOUGH = {"dialogues": 100, "choices": 600, "problems": 60, "n_replies": 48, "n_conversations": 32}
BIT = {"dialogues": 4, "choices": 4, "problems": 2, "n_replies": 3, "n_conversations": 2}


@pytest.fixture(scope="module")
def sound(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The bundled tutor and its Q4_K_M file."""
    folder, tutor = tmp_path_factory.mktemp("sound"), repository / "eval" / "tutor"
    return Pair(converted(tutor, "BF16", folder), converted(tutor, "Q4_K_M", folder))


@pytest.fixture(scope="module")
def faulty(sound: Pair, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Pair]:
    """A pair with each fault."""
    return {
        fault.name: fault.make(sound, tmp_path_factory.mktemp(f"fault-{number}"))
        for number, fault in enumerate(FAULTS)
    }


@pytest.fixture(scope="module")
def measured(sound: Pair, faulty: Mapping[str, Pair]) -> Mapping[str, Evidence]:
    """The evidence of each file with a fault, and of the sound one under its name."""
    plan = part_of(gate_plan(), **HALF)
    beside = {name: pair.quant for name, pair in faulty.items() if pair.base == sound.base}
    together = measure_all(sound.base, [sound.quant, *beside.values()], plan)
    others = {
        name: measure_evidence(*pair, plan) for name, pair in faulty.items() if name not in beside
    }
    return dict(zip(["sound", *beside], together, strict=True)) | others


@pytest.fixture(scope="module")
def lock(measured: Mapping[str, Evidence]) -> Lock:
    """The sound file, accepted."""
    return lock_of(measured["sound"], judge(measured["sound"], FOUR), reason="measured")


def part_of(plan: GatePlan, n_replies: int, n_conversations: int, **n: int) -> GatePlan:
    """The plan with `n` of each kind of item, spread over its suites."""
    kinds = {kind: spread_over(getattr(plan.suite, kind), size) for kind, size in n.items()}
    suite: Suite = replace(plan.suite, **kinds)  # type: ignore[arg-type]  # of each kind its own
    return replace(
        plan, suite=suite, n_replies=n_replies, n_conversations=n_conversations, threads=1
    )


def judged(evidence: Evidence, lock: Lock | None, n: int) -> list[Judgement]:
    """The verdicts on so many suites that might have been."""
    rng = np.random.default_rng(14)
    return [judge(drawn, FOUR, kept) for drawn, kept in (
        resampled(evidence, rng, lock) for _ in range(n)
    )]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault, measured: Mapping[str, Evidence], lock: Lock) -> None:
    """By exit code 1: a check, a limit, or a change for the worse that no chance explains."""
    evidence = measured[fault.name]
    codes = [judgement.exit_code for judgement in judged(evidence, lock, SUITES)]
    assert codes.count(1) >= FOUND
    status = {axis.name: axis.status for axis in judge(evidence, FOUR).axes}
    whole = Status.FAIL if fault.found_by == "integrity" else Status.PASS
    assert status["integrity"] is whole
    if fault.found_by == "limits":
        alone = [judgement.exit_code for judgement in judged(evidence, None, SUITES)]
        assert alone.count(1) >= FOUND


def test_what_mean_kl_does_not_see(measured: Mapping[str, Evidence]) -> None:
    """Replies that run on: within the limit of mean KL, and found by behaviour in most suites."""
    evidence = measured["replies that run on"]
    figure = FIGURES["mean_kl_nats"]
    limit = FOUR.limits["mean_kl_nats"].at_most
    assert limit is not None
    assert figure.measure.estimate(evidence.tables["tokens"]).value < limit
    found = judged(evidence, None, SUITES)
    status = [axis.status for each in found for axis in each.axes if axis.name == "behaviour"]
    assert status.count(Status.FAIL) >= FOUND


def test_nothing_is_found_where_nothing_changed(sound: Pair, tmp_path: Path) -> None:
    """The original against itself, and a file that was made once more, byte for byte the same."""
    again = converted(Path(__file__).parents[3] / "eval" / "tutor", "Q4_K_M", tmp_path)
    assert again.read_bytes() == sound.quant.read_bytes()
    plan = part_of(gate_plan(), **ENOUGH)
    itself, quant, same = measure_all(sound.base, [sound.base, sound.quant, again], plan)
    assert all(row["kl_nats"] == 0 for row in itself.tables["tokens"])
    assert quant.tables == same.tables
    assert quant.digest == same.digest
    rng, accepted = np.random.default_rng(0), lock_of(quant, judge(quant, FOUR), reason="measured")
    for _ in range(SAME):
        drawn, _ = resampled(itself, rng)
        assert judge(drawn, EIGHT).status is Status.PASS
        drawn, kept = resampled(same, rng, accepted)
        worse = [
            row.title
            for axis in judge(drawn, FOUR, kept).axes
            for row in axis.rows
            if "accepted" in row.title and row.status is not Status.PASS
        ]
        assert worse == []


def test_a_second_run_finds_the_same(sound: Pair) -> None:
    plan = part_of(gate_plan(), **BIT)
    first, second = (measure_evidence(*sound, plan) for _ in range(2))
    assert first.as_json() == second.as_json()
