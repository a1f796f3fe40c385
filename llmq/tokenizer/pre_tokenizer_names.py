"""The names that `tokenizer.ggml.pre` may have (llama-vocab.cpp, llama_vocab::impl::load)."""

_NAMES = """
default llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano minicpm5
deepseek-llm deepseek-coder deepseek-v3 deepseek-r1-qwen spark2_5 youtu falcon mpt starcoder gpt-2
phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum mellum2 modern-bert jais jais-2
gemma4 granite-embed-multi-311m granite-embed-multi-97m sarvam-moe jina-v1-en jina-v2-code
roberta-bpe refact command-r qwen2 qwen35 kormo f2llmv2 stablelm2 olmo dbrx smaug-bpe poro-chat
chatglm-bpe glm4 glm5 viking tekken smollm codeshell bloom gpt3-finnish exaone exaone4 exaone-moe
chameleon minerva-7b megrez gpt-4o llama4 kanana2 talkie tiny_aya cohere2moe superbpe trillion
granite-docling bailingmoe bailingmoe2 llada-moe seed-coder hunyuan hunyuan-dense hy_v4 joyai-llm
kimi-k2 ufakzeka grok-2 afmoe laguna minimax-m2 solar-open
"""

PRE_NAMES = tuple(_NAMES.split())
