"""How long a text may go on without a break before llama.cpp's tokenizer ends the process.

Before it merges bytes, llama.cpp cuts a text into words by regular expressions. For some kinds of
vocabularies the C++ library does it, and there each character of a word takes room on the stack:
327 bytes in libstdc++ on x86-64, so that 28,000 equal characters overflow a stack of 8 MB. Nothing
catches that. Measured in child processes with a stack of 1 MB, for every name that
llama-vocab.cpp knows, on runs of letters, digits, punctuation, marks, spaces and mixtures of them.
"""

import re
from typing import Any
from unicodedata import category

STACK_PER_CHARACTER = (
    1024  # bytes: two words, as punctuation and line ends, may stand on it at once
)
LARGEST_STACK = 8 << 20  # bytes; a larger one is not counted on
SMALLEST_STACK = 1 << 20  # bytes: where there is no word about it, as on Windows

# Names in tokenizer.ggml.pre for which 20,000 characters of each kind passed: there llama.cpp cuts
# words with loops of its own.
SAFE = {
    "a.x-4.0", "chameleon", "chatglm-bpe", "codeshell", "command-r", "dbrx", "deepseek-r1-qwen",
    "exaone", "exaone4", "f2llmv2", "falcon-h1", "falcon3", "gemma4", "gigachat", "glm4", "glm5",
    "gpt-2", "granite-docling", "granite-embed-multi-311m", "grok-2", "hunyuan", "jais", "jina-de",
    "jina-es", "jina-v1-en", "jina-v2-code", "jina-v2-de", "jina-v2-es", "jina-v5-nano", "kimi-k2",
    "kormo", "laguna", "lfm2", "llama-bpe", "llama-v3", "llama3", "megrez", "mellum", "mellum2",
    "midm-2.0", "minerva-7b", "modern-bert", "mpt", "olmo", "phi-2", "pixtral", "qwen2", "qwen35",
    "refact", "roberta-bpe", "sarvam-moe", "smaug-bpe", "smollm", "solar-open", "stablelm2",
    "starcoder", "trillion",
}  # fmt: skip
# Words of everything that is no white space, except some punctuation at most.
ALL_IN_ONE = {"bloom", "gpt3-finnish", "poro-chat", "viking", "whitespace"}
RUNS = re.compile(r"\S+|\s+")
# Words by class: L letters, M combining marks, N digits, S spaces, O all others.
WORDS = [re.compile(word) for word in ("[LM]+", "[OM]+", "N+", "S+")]


def longest_allowed(pre: str) -> int | None:
    """Characters that may follow each other without a break; None: as many as there are."""
    return None if pre in SAFE else _stack_bytes() // STACK_PER_CHARACTER


def longest_run(text: str, pre: str, *, allowed: int) -> int:
    """The length of the longest run without a break, where it is beyond `allowed`, or 0.

    >>> longest_run("a" * 30 + "!" * 40, "tekken", allowed=35)
    40
    >>> longest_run("a" * 30 + "!" * 40, "bloom", allowed=35)
    70
    >>> longest_run("word " * 30, "bloom", allowed=35)
    0
    """
    candidates = [run for run in RUNS.findall(text) if len(run) > allowed]
    if pre in ALL_IN_ONE:
        return max(map(len, candidates), default=0)
    shapes = map(_classes, candidates)
    words = (found for shape in shapes for word in WORDS for found in word.findall(shape))
    return max((n for n in map(len, words) if n > allowed), default=0)


def _classes(run: str) -> str:
    return "".join("S" if c.isspace() else _class(category(c)[0]) for c in run)


def _class(major: str) -> str:
    return major if major in "LMN" else "O"


def _stack_bytes() -> int:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return SMALLEST_STACK
    limits: Any = resource
    soft = limits.getrlimit(limits.RLIMIT_STACK)[0]
    return LARGEST_STACK if soft == limits.RLIM_INFINITY else min(soft, LARGEST_STACK)
