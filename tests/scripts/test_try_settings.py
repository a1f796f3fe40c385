"""What is compared is what a file would hold: all of its matrices, in every format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq.calibration.text import CalibrationTokens
from llmq.planning import make_plan
from llmq.recipes.overrides import Overrides, tensor_type
from llmq.refine.layerwise import SETTINGS
from llmq.sources.opening import open_source
from scripts.try_settings import changed, compared

IDS = np.random.default_rng(3).integers(0, 257, (3, 24)).astype(np.int32)
TOKENS = CalibrationTokens(IDS, np.ones(IDS.shape, np.float32), ())


def test_every_matrix_of_the_file_counts(make_checkpoint: Callable[..., Path]) -> None:
    source = open_source(make_checkpoint(tie_word_embeddings=False))

    def divergence(*types: str) -> float:
        named = Overrides(tensors=tuple(tensor_type(each) for each in types))
        return compared(make_plan(source, recipe="F32", overrides=named), TOKENS).kl

    assert divergence() == pytest.approx(0, abs=1e-6)
    assert divergence("attn_q=BF16", "attn_k=BF16") == pytest.approx(0, abs=1e-6)
    for name in ("token_embd", "attn_q", "ffn_down", "output.weight"):
        assert divergence(f"{name}=Q4_0") > 1e-6


def test_settings_by_name() -> None:
    wanted = replace(SETTINGS, damping=0.3, drift=1.0)
    assert changed(SETTINGS, ["damping=0.3", "drift=1"]) == wanted
    with pytest.raises(ValueError, match="no setting 'dampng'; known are damping"):
        changed(SETTINGS, ["dampng=1"])
