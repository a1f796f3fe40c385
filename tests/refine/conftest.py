"""What refining is tried on: the bundled tutor, calibrated on a little text."""

from pathlib import Path

import pytest

from llmq.calibration.activations import second_moments
from llmq.calibration.file import Calibration, read_calibration, write_calibration
from llmq.calibration.text import builtin_portions, calibration_tokens
from llmq.sources.opening import open_source
from llmq.sources.source import Source

WINDOW, TOKENS = 64, 1536


@pytest.fixture(scope="session")
def tutor() -> Source:
    """The bundled tutor."""
    return open_source(Path(__file__).parents[2] / "eval" / "tutor")


@pytest.fixture(scope="session")
def calibration(tutor: Source, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """Its calibration on the built-in suites."""
    tokens = calibration_tokens(tutor, builtin_portions(), n_tokens=TOKENS, window=WINDOW)
    path = tmp_path_factory.mktemp("calibration") / "calib.gguf"
    write_calibration(path, tokens, second_moments(tutor, tokens))
    return read_calibration(path)
