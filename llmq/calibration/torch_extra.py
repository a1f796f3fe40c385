"""torch and transformers, of the extra `calibrate`, which load when they are first used."""

import importlib
import importlib.util
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


def check_installed() -> None:
    """Raise `CalibrationError` where one of them is missing, without the seconds of loading it."""
    for name in ("torch", "transformers"):
        if importlib.util.find_spec(name) is None:
            raise _missing(name, "is not installed")


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _missing(name, f"cannot be imported ({error})") from None


def _missing(name: str, what: str) -> CalibrationError:
    return CalibrationError(
        f"{name} is needed to compute with the checkpoint and {what}; run scripts/install calibrate in"
        " the folder of llmq"
    )
