"""Qwen 3 VL: the text tower, which is Qwen 3 with positions in time, height and width.

In a text all three are the same.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import METADATA, before
from llmq.architectures.qwen import QWEN3
from llmq.architectures.qwen35 import sections
from llmq.architectures.table import Config, MetadataRow
from llmq.architectures.towers import SEES, TEXT_TOWER

USUAL_SECTIONS = [24, 20, 20, 0]  # of Qwen3VLTextRotaryEmbedding in transformers


def three_sections(config: Config) -> list[int]:
    """How many pairs turn with each; llama.cpp asks for them."""
    return sections(config) or USUAL_SECTIONS


def deep_layers(config: Config) -> int:
    """How many layers of the part that sees reach into the text's."""
    seeing = config.get("vision_config")
    found = seeing.get("deepstack_visual_indexes") if isinstance(seeing, Mapping) else None
    return len(found) if isinstance(found, list) else 0


QWEN3VL_TOWER = replace(
    QWEN3,
    name="qwen3vl",
    hf_name="Qwen3VLForConditionalGeneration",
    walked=False,  # transformers has no class of its text alone
    metadata=before(
        METADATA,
        "rope.freq_base",
        MetadataRow("rope.dimension_sections", np.int32, three_sections),
    ),
    late_metadata=(MetadataRow("n_deepstack_layers", np.uint32, deep_layers),),
    defaults={**QWEN3.defaults, "rope_theta": 500000.0, "max_position_embeddings": 128000},
    renamed=TEXT_TOWER,
    ignored={r"(model\.)?visual\..*": SEES},
    nested="text_config",
    models="Qwen3-VL (2B, 4B, 8B), its text tower",
)
