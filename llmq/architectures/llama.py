"""Llama 1, 2, 3, 3.1 and later dense models.

llama.cpp's graph of Llama rotates neighbours and takes Llama 3's rope scaling as a tensor.
"""

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    DEFAULTS,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    SILU,
    biases,
    with_value,
)
from llmq.architectures.rope import ROTARY_BUFFERS, llama3_factors, paired, rope_refusal
from llmq.architectures.sizes import head_size, sizes
from llmq.architectures.table import Architecture, MetadataRow, setting, switch
from llmq.tokenizer.family_rules import FamilyRules

# What conversion/llama.py does for two of the models that come as this class.
LLAMA_TOKENIZER = FamilyRules(
    space_prefix=True,
    defaults={32016: {"tokenizer.ggml.eot_token_id": np.uint32(32010)}},  # Code Llama
    overrides={49152: {"tokenizer.ggml.add_bos_token": False}},  # IBM's Granite for code
)

LLAMA = Architecture(
    name="llama",
    hf_name="LlamaForCausalLM",
    models="Llama 1 to 3.3, SmolLM2, TinyLlama, and many others",
    sizes=sizes,
    tensors=paired(
        (
            *INPUT,
            *NORMS,
            *ATTENTION,
            *MLP,
            *biases(ATTENTION, switch("attention_bias")),
            *biases(MLP, switch("mlp_bias")),
            *OUTPUT,
        )
    ),
    metadata=with_value(METADATA, head_size, "attention.key_length", "attention.value_length"),
    late_metadata=(
        MetadataRow("vocab_size", np.uint32, setting("vocab_size"), required=True),
        MetadataRow("rope.dimension_count", np.uint32, head_size),
    ),
    computed={"rope_freqs.weight": llama3_factors},
    refusals=(SILU, rope_refusal("default", "linear", "yarn", "llama3")),
    defaults={**DEFAULTS, "max_position_embeddings": 2048},
    ignored=ROTARY_BUFFERS,
    tokenizer=LLAMA_TOKENIZER,
)
