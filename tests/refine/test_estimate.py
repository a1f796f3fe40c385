"""What refining is said to take follows from the sizes."""

from collections.abc import Callable
from pathlib import Path

import pytest

import llmq.refine.estimate
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.refine.estimate import START_SECONDS, estimated, refined_in
from llmq.sources.opening import open_source

MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def plan(make_checkpoint: MakeCheckpoint) -> Plan:
    return make_plan(
        open_source(make_checkpoint(tie_word_embeddings=False)), recipe="Q4_0", quality="best"
    )


def test_what_multiplies_hidden_states_is_refined(plan: Plan) -> None:
    names = {tensor.name.removeprefix("blk.0.") for tensor in refined_in(plan)}
    matrices = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    assert {f"{name}.weight" for name in (*matrices, "output")} <= names
    assert "token_embd.weight" not in names
    assert not any("norm" in name for name in names)


def test_it_is_a_sum_over_the_sizes(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llmq.refine.estimate, "cores", lambda: 2)
    found = estimated(plan, 1000, calibrates=True)
    # In two layers q, o (64 x 64), k, v (32 x 64), gate, up (96 x 64), down (64 x 96); and a head.
    layers = 2 * (2 * 64 * 64 + 2 * 32 * 64 + 2 * 96 * 64 + 64 * 96)
    squares = 2 * (3 * 64**2 + 96**2)
    pushed = 2 * (64 * (2 * 64 * 64 + 2 * 32 * 64 + 2 * 96 * 64) + 96 * 64 * 96) + 64 * 257 * 64
    expected = 3 * 2 * 1000 * (layers / 110e9 + squares / 250e9) + pushed / 2.5e9
    assert found.seconds - START_SECONDS == pytest.approx(expected)
    assert found.n_refined == layers + 257 * 64
    monkeypatch.setattr(llmq.refine.estimate, "cores", lambda: 8)
    assert estimated(plan, 1000, calibrates=True).seconds == pytest.approx(
        START_SECONDS + expected / 4
    )


def test_more_work_is_said_to_take_more(plan: Plan) -> None:
    good = make_plan(plan.source, recipe="Q4_0", quality="good")
    by_cost = [
        estimated(good, 1000, calibrates=True),
        estimated(plan, 1000, calibrates=False),
        estimated(plan, 1000, calibrates=True),
        estimated(plan, 4000, calibrates=True),
    ]
    seconds = [estimate.seconds for estimate in by_cost]
    memory = [estimate.memory_bytes for estimate in by_cost]
    assert seconds == sorted(seconds)
    assert memory == sorted(memory)
    assert by_cost[0].n_refined == 0
