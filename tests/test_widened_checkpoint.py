"""A model with zeros added to its rows is another file, and the same model."""

from dataclasses import replace
from pathlib import Path

import pytest

from llmq.drift import measure_drift
from llmq.errors import CheckpointError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_eval.drift import builtin_suite
from llmq_peer.random_checkpoint import write_checkpoint
from llmq_peer.widened_checkpoint import write_widened


def test_heads_that_do_not_grow_in_whole_numbers(tmp_path: Path) -> None:
    """One key head in rows of 96 would become 2 2/3."""
    write_checkpoint(tmp_path / "random", size="0.5M", shards=1)
    with pytest.raises(CheckpointError, match="num_key_value_heads 1 does not grow"):
        write_widened(tmp_path / "random", tmp_path / "wide")


def test_a_widened_tutor_computes_the_same(repository: Path, tmp_path: Path) -> None:
    """In rows of 512 weights instead of 256."""
    tutor = repository / "eval" / "tutor"
    write_widened(tutor, tmp_path / "wide", multiple=512)
    plans = [make_plan(open_source(folder), recipe="F32") for folder in (tutor, tmp_path / "wide")]
    assert plans[1].tensors[0].shape == (1792, 512)
    files = [execute(plan, tmp_path / f"{number}.gguf") for number, plan in enumerate(plans)]
    suite = builtin_suite("tutoring")
    few = replace(suite, dialogues=suite.dialogues[:4])
    assert measure_drift(*files, suite=few, threads=1).mean_kl_nats.value < 1e-8
