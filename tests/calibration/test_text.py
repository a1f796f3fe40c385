"""Which tokens a model is calibrated on: shares, borders, and what is refused."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq.calibration.text import (
    Portion,
    builtin_portions,
    calibration_tokens,
    fingerprint,
    tokens_per_column,
)
from llmq.errors import CalibrationError
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq.weights import ComputedWeights
from llmq_eval.drift import builtin_suite
from llmq_eval.text import Text

MakeCheckpoint = Callable[..., Path]
PROSE = Text("prose", "1" * 64, "A half and a quarter are three quarters. " * 400)


@pytest.fixture(scope="module")
def tutor(repository: Path) -> Source:
    return open_source(repository / "eval" / "tutor")


def test_each_source_gives_its_share(tutor: Source) -> None:
    portions = Portion(builtin_suite("tutoring"), 3), Portion(PROSE)
    tokens = calibration_tokens(tutor, portions, n_tokens=4096, window=256)
    assert tokens.ids.shape == tokens.weights.shape == (16, 256)
    assert [(s.name, s.share, s.n_tokens) for s in tokens.sources] == [
        ("tutoring", 3, 12 * 256),
        ("prose", 1, 4 * 256),
    ]
    alone = calibration_tokens(tutor, portions[:1], n_tokens=12 * 256, window=256)
    assert np.array_equal(alone.ids, tokens.ids[:12])


def test_the_same_again(tutor: Source) -> None:
    first, again = (calibration_tokens(tutor, builtin_portions(), n_tokens=2048) for _ in range(2))
    assert first.sha256 == again.sha256
    assert first.tokenizer == fingerprint(tutor.metadata)
    assert replace(first, weights=first.weights * 2).sha256 != first.sha256
    halves = replace(first, ids=first.ids.reshape(-1, 256), weights=first.weights.reshape(-1, 256))
    assert halves.sha256 != first.sha256, "borders are part of it"


def test_what_is_there_is_taken_and_no_more(tutor: Source) -> None:
    tokens = calibration_tokens(tutor, builtin_portions(), n_tokens=10**6)
    assert 10_000 < tokens.ids.size < 20_000
    assert tokens_per_column(tokens.ids.size, tutor) == (tokens.ids.size / 768, 768)


def test_a_window_is_no_longer_than_the_context(make_checkpoint: MakeCheckpoint) -> None:
    source = open_source(make_checkpoint())
    assert calibration_tokens(source, [Portion(PROSE)], n_tokens=512).window == 128
    with pytest.raises(
        CalibrationError, match="longer than the 128 that tiny was trained for; take"
    ):
        calibration_tokens(source, [Portion(PROSE)], window=129)


def test_what_is_refused(tutor: Source, tmp_path: Path) -> None:
    suite = Portion(builtin_suite("tutoring"))
    with pytest.raises(CalibrationError, match="a window of 15 tokens is too short; 16"):
        calibration_tokens(tutor, [suite], window=15)
    with pytest.raises(CalibrationError, match="tutoring is given twice; a share, as in =2"):
        calibration_tokens(tutor, [suite, Portion(PROSE), suite])
    with pytest.raises(
        CalibrationError, match="600 tokens are 1 windows, of which none is left for"
    ):
        calibration_tokens(tutor, [suite, Portion(PROSE)], n_tokens=600)
    with pytest.raises(CalibrationError, match="less text than one window of 512 tokens"):
        calibration_tokens(tutor, [Portion(replace(PROSE, content="Too short."))])
    file = tmp_path / "tutor.gguf"
    file.touch()
    with pytest.raises(CalibrationError, match="calibrating needs the checkpoint folder"):
        calibration_tokens(replace(tutor, path=file), [suite])
    nine = ComputedWeights("token_embd.weight", np.zeros((9, 256), np.float32))
    small = [replace(t, weights=nine) if "embd" in t.name else t for t in tutor.tensors]
    with pytest.raises(CalibrationError, match="has only 9; the two do not belong together"):
        calibration_tokens(replace(tutor, tensors=tuple(small)), [suite])


def test_choosing_text_loads_no_torch() -> None:
    code = "import sys, llmq.calibration.file; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
