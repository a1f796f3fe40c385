"""Whatever a setting of config.json is, it is taken or refused by an error of ours."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.architectures.metadata import rows_as_metadata
from llmq.errors import ArchitectureError
from llmq_peer.random_models import SIZES
from llmq_peer.variants import VARIANTS

ODD: tuple[Any, ...] = (
    *(None, "x", "", -1, 0, 0.5, 1e300, 10**400, True, False),
    *([], [1], ["x"], [None], {}, {"x": 1}),
)


def read_whole(config: dict[str, Any]) -> None:
    """Everything that a conversion asks the settings for."""
    architecture = architecture_for(config)
    settings = architecture.settings(config)
    sizes = architecture.sizes(settings)
    for rows in (architecture.early_metadata, architecture.metadata, architecture.late_metadata):
        rows_as_metadata(architecture.name, rows, settings)
    for compute in architecture.computed.values():
        compute(settings)
    for row in architecture.rows(settings, min(sizes["layers"], 99)):
        row.present(settings)
        row.transform_for(sizes)
    architecture.window(settings)
    for remark in architecture.remarks:
        remark(settings)


def places(settings: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every setting, those inside of others too."""
    for name, value in settings.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from places(value, (*above, name))


def left_out(name: str) -> Iterator[tuple[str, ...]]:
    """The way to every setting that has a default."""
    nested = ARCHITECTURES[name].nested
    yield from ((*filter(None, [nested]), default) for default in ARCHITECTURES[name].defaults)


def config_of(name: str, number: int) -> dict[str, Any]:
    """The config.json of a variant."""
    nested, text = ARCHITECTURES[name].nested, {**SIZES, **VARIANTS[name][number].settings}
    return {"architectures": [name], **(text if nested is None else {nested: text})}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("LlamaForCausalLM", {"max_position_embeddings": [64]}),
        ("Phi3ForCausalLM", {"sliding_window": [64]}),
        ("Gemma4ForCausalLM", {"final_logit_softcapping": [30.0]}),
        ("Qwen3_5ForCausalLM", {"rope_parameters": {"partial_rotary_factor": 3.0}}),
    ],
)
def test_what_no_file_should_say(name: str, changes: dict[str, Any]) -> None:
    """Lists where a number is meant would become arrays, which llama.cpp cannot open."""
    with pytest.raises(
        ArchitectureError, match=next(iter(changes)) + "|partial_rotary_factor is 3"
    ):
        read_whole(config_of(name, 0) | changes)


@pytest.mark.parametrize("name", list(VARIANTS))
def test_no_setting_is_too_odd(name: str) -> None:
    for number in range(len(VARIANTS[name])):
        config = config_of(name, number)
        read_whole(config)
        for *above, last in {*places(config), *left_out(name)}:
            for odd in ODD:
                changed = copy.deepcopy(config)
                inner = changed
                for step in above:
                    inner = inner[step]
                inner[last] = odd
                try:
                    with suppress(ArchitectureError):
                        read_whole(changed)
                except Exception as error:
                    raise AssertionError(f"{above} {last}: {odd!r}") from error
