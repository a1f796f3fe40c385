"""Mistral's dense models: Llama's tables under another name, without biases, with a window."""

from dataclasses import replace

from llmq.architectures.decoder import ATTENTION, INPUT, MLP, NORMS, OUTPUT
from llmq.architectures.llama import LLAMA
from llmq.architectures.rope import paired
from llmq.architectures.table import setting

MISTRAL = replace(
    LLAMA,
    hf_name="MistralForCausalLM",
    models="Mistral 7B, Nemo, Small; Ministral 8B",
    tensors=paired(INPUT + NORMS + ATTENTION + MLP + OUTPUT),
    window=setting("sliding_window"),  # converted as llama, whose graph has none
    defaults={
        **LLAMA.defaults,
        "max_position_embeddings": 131072,
        "num_key_value_heads": 8,
        "sliding_window": 4096,
    },
)

# Layers of two kinds, of which llama.cpp's graph knows one.
MINISTRAL = replace(MISTRAL, hf_name="MinistralForCausalLM", models="the same as a newer class")
