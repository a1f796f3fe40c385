"""config.json with a value that is not what its field means: one line says so, whatever it is."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import transformers

from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.architectures.metadata import rows_as_metadata
from llmq.errors import ArchitectureError
from llmq_peer.random_models import SIZES, config_of
from llmq_peer.variants import VARIANTS

ODD: tuple[Any, ...] = (None, "x", "", -1, 0, 0.5, 1e300, 10**400, True, [], [None], ["x"], {})


def laid_out(config: dict[str, Any]) -> None:
    """All that is made of settings before a tensor is looked at, and what is made of them then."""
    architecture = architecture_for(config)
    settings = architecture.settings(config)
    sizes = architecture.sizes(settings)
    for row in architecture.rows(settings, sizes["layers"]):
        if row.present(settings):
            row.transform_for(sizes)
    for rows in (architecture.early_metadata, architecture.metadata, architecture.late_metadata):
        rows_as_metadata(architecture.name, rows, settings)
    architecture.window(settings)
    for make in (*architecture.computed.values(), *architecture.remarks):
        make(settings)


def refusal(config: dict[str, Any]) -> str:
    """What is said of a configuration that is refused; nothing of others."""
    try:
        laid_out(config)
    except ArchitectureError as error:
        return str(error)
    return ""


def objects(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The configuration and every object in it."""
    yield config
    for value in config.values():
        if isinstance(value, dict):
            yield from objects(value)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_no_value_of_any_setting_is_more_than_an_error(name: str) -> None:
    config_class = getattr(transformers, name).config_class
    whole = config_of(config_class, SIZES | dict(VARIANTS[name][0].settings))
    config = json.loads(whole.to_json_string(use_diff=False)) | {"architectures": [name]}
    laid_out(copy.deepcopy(config))
    refused = 0
    for settings in objects(config):
        for field, value in list(settings.items()):
            for odd in ODD:
                settings[field] = odd
                message = refusal(config)
                assert "\n" not in message
                refused += bool(message)
            settings[field] = value
    assert refused > len(ODD)
