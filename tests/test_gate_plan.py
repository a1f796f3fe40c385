"""What the gate measures on where somebody's suites do not hold everything."""

from pathlib import Path

from llmq.gate_plan import gate_plan


def test_what_a_suite_does_not_hold_is_taken_from_the_built_in_ones(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("question,answer\n2+3?,5\n", encoding="utf-8")
    plan = gate_plan([own])
    assert plan.filled == ("dialogues", "choices")
    assert len(plan.suite.problems) == 1
    assert len(plan.suite.dialogues) > 100
    assert gate_plan().filled == ()
