"""The dial: what its positions are, what a plan makes of them, and what the file says of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq import records
from llmq.errors import RecipeError
from llmq.planning import make_plan
from llmq.quality import ENCODERS, FAST, GOOD, QUALITIES, quality_named
from llmq.sources.opening import open_source
from llmq_kernels import FORMATS, Encoder
from llmq_peer.imatrix_files import save_gguf, sums_and_counts

MakeCheckpoint = Callable[..., Path]


def test_every_format_that_leaves_a_choice_has_its_row() -> None:
    assert set(ENCODERS) == {
        name for name, fmt in FORMATS.items() if Encoder.SEARCH in fmt.encoders
    }
    for quality in QUALITIES.values():
        for name, fmt in FORMATS.items():
            assert quality.encoder(name) in fmt.encoders


def test_each_quality_does_more_than_the_one_before() -> None:
    done = [(quality.importance, quality.refine) for quality in QUALITIES.values()]
    assert list(QUALITIES) == ["fast", "good", "best"]
    assert done == [(False, False), (True, False), (True, True)]
    assert FAST.guided_by(object()) is GOOD
    with pytest.raises(RecipeError, match="no quality 'beste'; did you mean best"):
        quality_named("beste")


def test_a_row_of_the_table_decides_for_its_format_alone(
    make_checkpoint: MakeCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(make_checkpoint())
    changed = replace(FAST, encoders={**ENCODERS, "Q4_0": Encoder.GGML})
    monkeypatch.setitem(QUALITIES, "fast", changed)
    for recipe, encoder in (("Q4_0", "ggml"), ("IQ4_NL", "search")):
        plan = make_plan(source, recipe=recipe)
        used = {t.encoding.encoder for t in plan.tensors if t.format.name == recipe}
        assert used == {encoder}
    asked = make_plan(source, recipe="Q4_0", encoder=Encoder.SEARCH)
    assert asked.encoder == "search", "what is asked for goes before the table"


def test_good_and_best_choose_formats_as_with_importance(make_checkpoint: MakeCheckpoint) -> None:
    """llama-quantize takes Q4_1 for the first ffn_down of Q4_0 where there is an imatrix."""
    source = open_source(make_checkpoint(num_hidden_layers=8))
    down = "blk.0.ffn_down.weight"
    used = {
        name: next(t.format.name for t in plan.tensors if t.name == down)
        for name in QUALITIES
        for plan in [make_plan(source, recipe="Q4_0", quality=name)]
    }
    assert used == {"fast": "Q4_0", "good": "Q4_1", "best": "Q4_1"}


def test_the_file_says_how_it_was_made(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    source = open_source(make_checkpoint())
    plan = make_plan(source, recipe="Q4_0")
    assert plan.metadata[records.QUALITY] == plan.as_json()["quality"] == "fast"
    assert records.in_words(plan.metadata) == "fast: weights rounded as they are (encoder search)"
    assert records.QUALITY not in make_plan(source, recipe="BF16").metadata
    ones = np.ones((1, 64), np.float32)
    matrix = save_gguf(tmp_path / "m.gguf", sums_and_counts("blk.0.attn_q.weight", ones, [1]))
    from llmq import read_importance

    guided = make_plan(source, recipe="Q4_0", importance=read_importance(matrix))
    assert guided.metadata[records.QUALITY] == guided.quality.name == "good"
    assert records.in_words(guided.metadata).startswith("good: errors weighed by importance of ")


def test_settings_and_texts_are_kept_in_their_own_types() -> None:
    found = records.of_settings({"alpha": 0.5, "order": "falling", "sweeps": 2, "head": True})
    assert found == {
        "llmq.refine.alpha": np.float32(0.5),
        "llmq.refine.order": "falling",
        "llmq.refine.sweeps": np.int32(2),
        "llmq.refine.head": True,
    }
    keys = {records.SOURCES: ["tutoring", "notes.txt"], records.SOURCES_SHA256: ["ab", "cd"]}
    assert records.calibrated_on(keys) == {"ab": "tutoring", "cd": "notes.txt"}
    assert records.calibrated_on({}) == {}
    assert all(records.is_record(key) for key in (*found, *keys, records.ENCODER))
    assert not records.is_record("llmq.end_token_ids")
