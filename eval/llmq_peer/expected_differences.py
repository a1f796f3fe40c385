"""Differences to llama.cpp's converter that are on purpose, with the reason of each."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from llmq.verbs.tables import aligned


class Expected(NamedTuple):
    """Differences, told as `CLASS: WHAT`, that match a pattern from their beginning."""

    pattern: str
    reason: str


class Found(NamedTuple):
    """A difference between our files of a model of this class and the others'."""

    hf_name: str
    text: str
    files: tuple[str, ...]


NOT_SAID = "the converter leaves it to llama.cpp, which takes what the tokenizer does not do"
EXPECTED = (
    Expected(
        r".*: key tokenizer\.ggml\.add_(bos_token|space_prefix): .*, theirs nothing", NOT_SAID
    ),
    Expected(
        r".*: key tokenizer\.ggml\.eot_token_id: .*, theirs nothing",
        "the second of several ends that config.json lists, of which the converter reads none",
    ),
    Expected(
        r".*: key \w+\.rope\.scaling\.attn_factor: .*, theirs nothing",
        "the converter drops a yarn attention factor that is not llama.cpp's own",
    ),
    Expected(
        r".*: tensor rope_freqs\.weight: [1-4] of \d+ bytes differ",
        "powers in float32: torch's and NumPy's differ in the last bit",
    ),
    Expected(
        r"Granite\w+: no file: .*ROPE_FREQS",
        "the converter has no name for Llama 3's rope scaling here, llama.cpp's graph has",
    ),
    Expected(
        r"MinistralForCausalLM: no file: .* is not supported",
        "the converter does not know the class",
    ),
    Expected(
        r"Olmo3\w+: key olmo2\.attention\.sliding_window(_pattern)?: ours nothing",
        "no layer has a window; llama.cpp looks for one where the key is",
    ),
    Expected(
        r"(Olmo2|Qwen2Moe)\w+: tensor output\.weight: only ours",
        "llama.cpp's graph needs it; it cannot open the converter's file of a tied model",
    ),
    Expected(
        r".*: tensor \S+: ours (\w+) \(1, (\d+)\), theirs \1 \(\2,\)",
        "llama-quantize forgets a dimension of one",
    ),
    Expected(
        r"Qwen3_5\w+: tensor blk\.\d+\.ssm_a: [1-4] of \d+ bytes differ",
        "exponentials in float32: torch's and NumPy's differ in the last bit",
    ),
    Expected(
        r"Gemma[23]For\w+: key gemma[23]\.attention\.sliding_window_pattern: .*, theirs nothing",
        "the converter takes the layers with a window to be the usual ones",
    ),
    Expected(
        r"Gemma4\w+: key gemma4\.final_logit_softcapping: ours float32 0.0, theirs nothing",
        "no cap, which llama.cpp has to be told: it has one of its own",
    ),
    Expected(
        r"Gemma4\w+: the order of the keys",
        "add_bos_token counts whatever the tokenizer says, and is written behind it",
    ),
    Expected(
        r"Gemma4\w+: tensor per_layer_model_proj\.weight: ours F32",
        "llama-quantize leaves it alone, and so does every recipe",
    ),
    Expected(
        r"(Olmo2|Qwen2Moe)\w+: key general\.size_label: ",
        "the copied output matrix of a tied model counts",
    ),
    Expected(
        r"Gemma2?For\w+: key gemma2?\.rope\.freq_base: .*, theirs nothing",
        "the converter takes the base to be the usual one",
    ),
    Expected(
        r"GemmaFor\w+: key tokenizer\.ggml\.(prefix|suffix|middle|fsep|eot)_token_id: ",
        "the converter writes CodeGemma's, whatever the model",
    ),
    Expected(
        r"Phi3\w+: key general\.name: ours str \"Phi 3",
        "llama.cpp would take the tokenizer, which is none of Phi-3's, for one",
    ),
)


def reason_for(found: Found, rows: Iterable[Expected] = EXPECTED) -> str | None:
    """Why this difference is there on purpose; None where it is not."""
    told = f"{found.hf_name}: {found.text}"
    return next((row.reason for row in rows if re.match(row.pattern, told)), None)


def reasons_table(found: Iterable[Found]) -> Iterator[str]:
    """The differences that are on purpose, counted: what, in which class, how often, why."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        reason = reason_for(one)
        if reason is not None:
            counts[one.text.split(": ")[0], one.hf_name, reason] += len(one.files)
    rows = [(what, name, str(count), why) for (what, name, why), count in sorted(counts.items())]
    return aligned([("difference", "class", "files", "why"), *rows], "<<><")
