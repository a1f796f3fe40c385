"""The architectures of llama.cpp: which are decoders, and the few that have rules of their own.

Rules change with llama.cpp. Those here are restated from the version that constraints.txt pins,
whose architectures are all listed; one that is not listed may have others, so it gets no mixed
recipe.
"""

from collections.abc import Mapping

from llmq.recipes.rules import DOWN, PROJECTION, Rule, experts, first_sixteenth, more

# `LLM_ARCH_NAMES` in llama.cpp's src/llama-arch.cpp, without those of OTHERS.
NAMES = """
afmoe apertus arcee arctic arwkv7 baichuan bailingmoe bailingmoe2 bailingmoe3 bitnet bloom
chameleon chatglm codeshell cogvlm cohere2 cohere2moe command-r dbrx deci deepseek deepseek2
deepseek2-ocr deepseek32 deepseek4 dots1 dots3note ernie4_5 ernie4_5-moe exaone exaone-moe
exaone4 falcon falcon-h1 gemma gemma2 gemma3 gemma3n gemma4 glm-dsa glm4 glm4moe glm5-next
gpt-oss gpt2 gptj gptneox granite granite_swa granitehybrid granitemoe graniteswitch grok
grovemoe hrm_text hunyuan-dense hunyuan-moe hunyuan_vl hy_v3 hy_v4 internlm2 jais jais2
jamba kimi-k3 kimi-linear laguna lfm2 lfm2moe llama llama4 maincoder mamba mamba2 maple
mellum mimo2 minicpm minicpm3 minimax-01 minimax-m2 minimax-m3 mistral3 mistral4 mpt
muse-glimmer nanbeige nemotron nemotron_h nemotron_h_moe olmo olmo2 olmoe openelm orion
paddleocr pangu-embedded phi2 phi3 phimoe plamo plamo2 plamo3 plm qwen qwen2 qwen2moe
qwen2vl qwen3 qwen35 qwen35moe qwen3moe qwen3next qwen3vl qwen3vlmoe qwen4exp refact rwkv6
rwkv6qwen2 rwkv7 seed_oss smallthinker smollm3 spark2_5 stablelm starcoder starcoder2 step35
talkie xverse
"""
KNOWN = frozenset(NAMES.split())

ENCODER, DRAFT = "an encoder", "a helper that drafts for another model"
DIFFUSION, SOUND = "a diffusion model", "a model of sound"
# What no recipe here is made for, and why.
OTHERS: Mapping[str, str] = {
    "clip": "an encoder of images or sound",
    **dict.fromkeys(("bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert"), ENCODER),
    **dict.fromkeys(("jina-bert-v2", "jina-bert-v3", "eurobert", "t5encoder"), ENCODER),
    **dict.fromkeys(("gemma-embedding", "llama-embed"), ENCODER),
    "t5": "an encoder with a decoder",
    **dict.fromkeys(("eagle3", "dflash", "gemma4-assistant"), DRAFT),
    **dict.fromkeys(("dream", "llada", "llada-moe", "rnd1"), DIFFUSION),
    **dict.fromkeys(("wavtokenizer-dec", "qwen3tts", "pockettts"), SOUND),
}

# The output matrix of one architecture, whatever the recipe's.
OUTPUT_OF: Mapping[str, str] = {"falcon": "Q8_0"}

# Rules before those of every mix, and before those of one mix.
FIRST_OF: Mapping[str, tuple[Rule, ...]] = {
    "glm5-next": (Rule(r"attn_q_[ab]|nextn\.eh_proj", "Q8_0"),),
}
BEFORE_MIX: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("bailingmoe3", "MXFP4_MOE"): (
        Rule("ffn_(up|gate|down)", "MXFP4", experts),
        Rule("", "Q8_0"),  # its projections of attention have three dimensions too
    ),
    ("falcon", "Q4_K_M"): (
        Rule(DOWN, "Q6_K", first_sixteenth),
        Rule(DOWN, "Q5_K", more),
        Rule(DOWN, None),
    ),
    ("falcon", "Q4_K_S"): (Rule(DOWN, None),),
    ("falcon", "Q3_K_L"): (Rule(DOWN, "Q4_K"), Rule(PROJECTION, "Q4_K")),
    ("falcon", "Q3_K_M"): (
        Rule(DOWN, "Q5_K", first_sixteenth),
        Rule(DOWN, "Q4_K", more),
        Rule(DOWN, None),
        Rule(PROJECTION, None),
    ),
    ("falcon", "Q2_K"): (Rule(PROJECTION, None),),
}
