"""The model families that can be converted: one file of data per family, one row each here."""

import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from llmq.architectures.exaone import EXAONE4
from llmq.architectures.gemma import GEMMA, GEMMA2
from llmq.architectures.gemma3 import GEMMA3, GEMMA3_SEEING
from llmq.architectures.gemma4 import GEMMA4, GEMMA4_SEEING
from llmq.architectures.granite import GRANITE
from llmq.architectures.granite4 import GRANITE4
from llmq.architectures.granite_moe import GRANITE_MOE
from llmq.architectures.lfm import LFM2
from llmq.architectures.llama import LLAMA
from llmq.architectures.ministral import MINISTRAL3, MISTRAL3_SEEING
from llmq.architectures.mistral import MINISTRAL, MISTRAL
from llmq.architectures.olmo import OLMO2, OLMO3
from llmq.architectures.phi import PHI3
from llmq.architectures.qwen import QWEN2, QWEN3
from llmq.architectures.qwen3vl import QWEN3VL_TOWER
from llmq.architectures.qwen35 import QWEN35, QWEN35_TOWER
from llmq.architectures.qwen35_moe import QWEN35_MOE, QWEN35_MOE_TOWER
from llmq.architectures.qwen_moe import QWEN2_MOE, QWEN3_MOE
from llmq.architectures.smollm3 import SMOLLM3
from llmq.architectures.table import Architecture, Config
from llmq.errors import ArchitectureError
from llmq.spelling import did_you_mean

ARCHITECTURES: Mapping[str, Architecture] = {
    architecture.hf_name: architecture
    for architecture in (
        LLAMA,
        MISTRAL,
        MINISTRAL,
        MINISTRAL3,
        MISTRAL3_SEEING,
        QWEN2,
        QWEN3,
        QWEN3VL_TOWER,
        SMOLLM3,
        PHI3,
        GRANITE,
        OLMO2,
        EXAONE4,
        QWEN35,
        QWEN35_TOWER,
        QWEN35_MOE,
        QWEN35_MOE_TOWER,
        QWEN2_MOE,
        QWEN3_MOE,
        LFM2,
        GRANITE_MOE,
        GRANITE4,
        OLMO3,
        GEMMA,
        GEMMA2,
        GEMMA3,
        GEMMA3_SEEING,
        GEMMA4,
        GEMMA4_SEEING,
    )
}


# LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS in llama.cpp's src/llama-hparams.h; beyond them, a setting
# would decide how long the lists of layers and experts grow before a tensor is looked for.
LIMITS = {"num_hidden_layers": 512, "num_experts": 1024, "num_local_experts": 1024}


def architecture_for(config: Config) -> Architecture:
    """The table of the model that `config` (a config.json) describes.

    Raises `ArchitectureError` for a family without a table and for settings that it refuses.
    """
    names = config.get("architectures")
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        raise ArchitectureError(
            f"config.json: 'architectures' is {names!r} instead of a list of one name;"
            " llmq architectures lists the names"
        )
    name = names[0]
    if name not in ARCHITECTURES:  # AutoModel saves a model without its output matrix so
        name = re.sub("Model$", "ForCausalLM", name)
    if name not in ARCHITECTURES:
        near = did_you_mean(name, ARCHITECTURES, found="the nearest is {}; ", cutoff=0.8)
        raise ArchitectureError(
            f"config.json: the architecture {names[0]!r:.80} is not supported; {near}llmq architectures"
            " lists those that are"
        )
    architecture = ARCHITECTURES[name]
    settings = architecture.settings(config)
    _check_limits(settings)
    architecture = architecture.instead(settings) or architecture
    for refusal in architecture.refusals:
        reason = refusal(settings)
        if reason is not None:
            raise ArchitectureError(f"config.json: {reason}{_looked_at(reason)}")
    return architecture


def _looked_at(reason: str) -> str:
    """Of which version a refusal speaks that has to do with llama.cpp."""
    if "llama.cpp" in reason:
        with suppress(PackageNotFoundError):
            return f" (that of llama-cpp-python {version('llama-cpp-python')})"
    return ""


def _check_limits(settings: Config) -> None:
    """Raise `ArchitectureError` for more layers or experts than llama.cpp has room for."""
    for name, most in LIMITS.items():
        found = settings.get(name)
        if type(found) is int and found > most:
            raise ArchitectureError(
                f"config.json: {name} is {found!r:.40}, and llama.cpp takes {most} at most"
            )
