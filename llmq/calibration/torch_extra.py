"""torch and transformers, which come with the extra `train` and load when they are first used."""

import importlib
from functools import cache
from typing import Any

from llmq.errors import CalibrationError


@cache
def torch() -> Any:
    """The module torch; `CalibrationError` where it is not installed."""
    return _imported("torch")


@cache
def transformers() -> Any:
    """The module transformers; `CalibrationError` where it is not installed."""
    return _imported("transformers")


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CalibrationError(
            f"{name} is needed to compute with the checkpoint and cannot be imported ({error});"
            ' install it with: pip install "llmq-tutor[train]"'
        ) from None
