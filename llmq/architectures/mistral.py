"""Mistral's dense models: Llama's tables under another name, without biases."""

from dataclasses import replace

from llmq.architectures.llama import INPUT, LLAMA, MATRICES, NORMS, OUTPUT, paired

MISTRAL = replace(
    LLAMA,
    hf_name="MistralForCausalLM",
    tensors=paired(INPUT + NORMS + MATRICES + OUTPUT),
    computed={},
    defaults={**LLAMA.defaults, "max_position_embeddings": 131072, "num_key_value_heads": 8},
)
