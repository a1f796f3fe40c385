"""What adapter_config.json says: which kind of adapter it is, of which base, how strong it is.

Everything that peft's LoRA can be told and that changes more than B A times a number is refused by
name: a merge that passes over it would be another model.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llmq.errors import AdapterError
from llmq.files.json import read_json_object

CONFIG_NAME = "adapter_config.json"
BASE = "base_model_name_or_path"
LARGEST = 1e30  # as lora_alpha: more is no number that weights survive
MERGE = "merge it with peft's merge_and_unload() and convert what that saves"

# Fields of LoraConfig (peft/tuners/lora/config.py) that say of a merge more than is done here.
NOT_MERGED: Mapping[str, str] = {
    "alora_invocation_tokens": "works on the tokens behind an invocation alone (aLoRA)",
    "arrow_config": "chooses between adapters (Arrow)",
    "kasa_config": "cuts the base's singular values (KaSA)",
    "layer_replication": "repeats layers of its base (layer_replication)",
    "monteclora_config": "draws its weights by chance (MonteCLoRA)",
    "target_parameters": "changes parameters that are no layers, such as experts"
    " (target_parameters)",
    "use_bdlora": "has blocks in place of matrices (BD-LoRA)",
    "use_qalora": "adds up groups of columns (QALoRA)",
    "velora_config": "has its own way of adding (VeLoRA)",
}
# Beginnings that take something off the base's weights, which the adapter then lacks; as the first
# part of `init_lora_weights`.
CHANGES_BASE: Mapping[str, str] = {
    "pissa": "PiSSA",
    "olora": "OLoRA",
    "corda": "CorDA",
    "loftq": "LoftQ",
    "lora_ga": "LoRA-GA",
}


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of a LoRA adapter. Raises `AdapterError` for every other kind, by its name."""
    path = folder / CONFIG_NAME
    settings = read_json_object(path, AdapterError)
    kind = settings.get("peft_type")
    if kind is None and "fine_tune_type" in settings:
        raise AdapterError(
            f"{path}: is an adapter of MLX; fuse it with mlx_lm.fuse and convert what that saves"
        )
    if kind != "LORA":
        raise AdapterError(
            f"{path}: is an adapter of the kind {kind!r:.40}, and only LORA is merged; {MERGE}"
        )
    for name, words in NOT_MERGED.items():
        if settings.get(name):
            raise AdapterError(f"{path}: the adapter {words}, which is not merged; {MERGE}")
    start = settings.get("init_lora_weights")
    for name, words in CHANGES_BASE.items():
        if isinstance(start, str) and start.startswith(name):
            raise AdapterError(
                f"{path}: the adapter began with a changed base ({words}, init_lora_weights is"
                f" {start!r:.40}), so that it fits no other; {MERGE}"
            )
    return settings


def scaling(settings: Mapping[str, Any], module: str, rank: int, where: Path) -> float:
    """What B A of a module is multiplied with (`LoraLayer.update_layer` in peft's layer.py)."""
    alpha = _of_module(settings, "lora_alpha", "alpha_pattern", module, where)
    alpha = 8 if alpha is None else alpha
    wanted = _of_module(settings, "r", "rank_pattern", module, where)
    if wanted not in (None, rank):
        raise AdapterError(
            f"{where / CONFIG_NAME}: {module} has the rank {wanted!r:.40}, its matrices have"
            f" {rank}; the two do not belong together"
        )
    is_number = isinstance(alpha, int | float) and not isinstance(alpha, bool)
    if not (is_number and abs(alpha) < LARGEST):
        raise AdapterError(f"{where / CONFIG_NAME}: lora_alpha is {alpha!r:.40}, not a number")
    return float(alpha) / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _of_module(
    settings: Mapping[str, Any], name: str, patterns: str, module: str, where: Path
) -> Any:
    """The setting `name`, or what a pattern says of this module."""
    found = settings.get(patterns)
    named = found.items() if isinstance(found, Mapping) else ()
    default = settings.get(name)
    return next((value for key, value in named if _is_meant(key, module, where, patterns)), default)


def _is_meant(key: str, module: str, where: Path, patterns: str) -> bool:
    """Whether a pattern names this module (`get_pattern_key` in peft/utils/other.py)."""
    try:
        return re.match(rf"(.*\.)?({key})$", module) is not None
    except (re.error, OverflowError) as error:
        raise AdapterError(
            f"{where / CONFIG_NAME}: {patterns} has {key!r:.60}, which is no pattern ({error})"
        ) from None


def trained_tokens(settings: Mapping[str, Any], module: str, where: Path) -> tuple[int, ...]:
    """The tokens whose rows of `module` the adapter replaces."""
    given = settings.get("trainable_token_indices")
    if isinstance(given, Mapping):
        given = next((ids for key, ids in given.items() if module.endswith(key)), None)
    if (
        not given
        or not isinstance(given, list)
        or not all(type(each) is int and each >= 0 for each in given)
    ):
        raise AdapterError(
            f"{where / CONFIG_NAME}: trainable_token_indices is {given!r:.60}, not a list of tokens"
        )
    return tuple(given)
