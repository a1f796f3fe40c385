"""Mistral's dense models: Llama's tables under another name, without biases, with a window."""

from dataclasses import replace

from llmq.architectures.llama import INPUT, LLAMA, MATRICES, NORMS, OUTPUT, paired
from llmq.architectures.table import field

MISTRAL = replace(
    LLAMA,
    hf_name="MistralForCausalLM",
    tensors=paired(INPUT + NORMS + MATRICES + OUTPUT),
    window=field("sliding_window"),
    defaults={
        **LLAMA.defaults,
        "max_position_embeddings": 131072,
        "num_key_value_heads": 8,
        "sliding_window": 4096,
    },
)
