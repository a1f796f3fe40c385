"""Which pipeline transformers runs, where it is that of a class and not the one in tokenizer.json.

Some classes lay their own pipeline over the file's vocabulary and merges (each in its file
tokenization_*.py). Which class a folder gets depends on the model's type and on the class that the
folder names (AutoTokenizer.from_pretrained and TOKENIZER_MAPPING_NAMES in tokenization_auto.py of
transformers 5).
"""

from collections.abc import Mapping
from typing import Any

LLAMA = "llama"  # no normalizer, a space in front unless `add_prefix_space` is false
GEMMA = "gemma"  # spaces become pieces, none is put in front
CLASS_PIPELINES = {
    "LlamaTokenizer": LLAMA,
    "CodeLlamaTokenizer": LLAMA,
    "GemmaTokenizer": GEMMA,
    "GPT2Tokenizer": "gpt-2",
    "Qwen2Tokenizer": "qwen2",
    "Qwen3_5Tokenizer": "qwen35",
}

# The class of a model's type, where the folder names none.
REGISTERED = {
    **dict.fromkeys(("qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next"), "Qwen2Tokenizer"),
    **dict.fromkeys(("qwen3_5", "qwen3_5_text", "qwen3_5_moe"), "Qwen3_5Tokenizer"),
    **dict.fromkeys(
        ("gemma", "gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text"), "GemmaTokenizer"
    ),
}
# Types that get their registered class whatever the folder names, since many name a wrong one.
ALWAYS_REGISTERED = frozenset({"qwen2", "qwen3_5", "qwen3_5_text", "qwen3_5_moe"})
# Types that never get such a class: tokenizer.json counts, as in Phi-4-mini, Granite and OLMo 2,
# whose folders name GPT2Tokenizer and cut text in ways of their own.
FILE_COUNTS = frozenset(
    {
        *("mistral", "mistral3", "ministral", "ministral3"),
        *("granite", "granitemoe", "granitemoehybrid", "olmo2", "olmo3", "phi3"),
    }
)


def class_pipeline(config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]) -> str | None:
    """The pipeline of a folder's class; None where what tokenizer.json says counts."""
    kind = str(config.get("model_type"))
    if kind in FILE_COUNTS:
        return None
    named = tokenizer_config.get("tokenizer_class") or config.get("tokenizer_class")
    registered = REGISTERED.get(kind)
    name = registered if kind in ALWAYS_REGISTERED else named or registered
    return CLASS_PIPELINES.get(str(name).removesuffix("Fast"))
