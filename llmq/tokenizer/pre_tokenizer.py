"""From the structure of a tokenizer.json to llama.cpp's name for how it cuts text into words.

llama.cpp's converter hashes the tokens of a test string, so that it knows a tokenizer only if it
has seen that very vocabulary. We describe the pipeline itself, normalizer and pre-tokenizer, and
look the description up in one table: a tokenizer trained yesterday is known if its pipeline is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llmq.errors import TokenizerError, one_line
from llmq.spelling import did_you_mean
from llmq.tokenizer.json_values import as_list, as_object, as_text
from llmq.tokenizer.pre_tokenizer_names import PRE_NAMES
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES, byte_level, split

MAX_STEPS = 64  # nested sequences of a hostile file
SHOWN_CHARACTERS = 160


def pre_tokenizer_name(tokenizer: Mapping[str, Any], *, pre: str | None = None, where: Path) -> str:
    """The `tokenizer.ggml.pre` of a tokenizer.json; `pre` is a name that the user insists on.

    Raises `TokenizerError` for an unknown structure (the message shows it) or an unknown name.
    """
    if pre is not None:
        return checked_name(pre)
    normalizer = described(tokenizer, "normalizer", where)
    steps = described(tokenizer, "pre_tokenizer", where)
    ignores = as_object(tokenizer.get("model"), f"{where}: model").get("ignore_merges") is True
    # llama.cpp applies no normalizer, so NFC is a known defect and not part of a name; but where
    # NFC has a row of its own, it is that one.
    for wanted in (normalizer, () if normalizer == ("NFC",) else normalizer):
        for row in STRUCTURES:
            same = (row.steps, row.normalizer) == (steps, wanted)
            if same and row.ignore_merges in (None, ignores):
                return row.name
    raise TokenizerError(
        f"{where}: how it cuts text is not known to this version ({_shown(normalizer, steps)}); "
        "if you know llama.cpp's name for it, give it with --pre NAME"
    )


def described(tokenizer: Mapping[str, Any], part: str, where: Path) -> tuple[str, ...]:
    """The steps of `part` ("normalizer" or "pre_tokenizer") as the table spells them."""
    place = f"{where}: {part}"
    list_name = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers"}[part]
    steps = flat_steps(tokenizer.get(part), list_name, place)
    return tuple(describe_step(step, place) for step in steps)


def checked_name(pre: str) -> str:
    """`pre` if llama.cpp knows it."""
    if pre in PRE_NAMES:
        return pre
    hint = did_you_mean(pre, PRE_NAMES, otherwise=f"it knows {', '.join(PRE_NAMES)}", n=3)
    raise TokenizerError(f"llama.cpp knows no pre-tokenizer {pre[:40]!r}; {hint}")


def flat_steps(pipeline: object, list_name: str, where: str) -> list[dict[str, Any]]:
    """The steps of a normalizer or pre-tokenizer, sequences within sequences laid flat."""
    waiting = [] if pipeline is None else [pipeline]
    steps: list[dict[str, Any]] = []
    while waiting:
        step = as_object(waiting.pop(0), where)
        if step.get("type") == "Sequence":
            waiting = as_list(step.get(list_name), f"{where}.{list_name}") + waiting
        else:
            steps.append(step)
        if len(steps) + len(waiting) > MAX_STEPS:
            raise TokenizerError(f"{where} has more than {MAX_STEPS} steps")
    return steps


def describe_step(step: Mapping[str, Any], where: str) -> str:
    """One step as the table spells it: what changes tokens, without what only changes offsets."""
    kind = as_text(step.get("type"), f"{where}.type")
    if kind == "Split":
        pattern = as_object(step.get("pattern"), f"{where}.pattern")
        text = as_text(pattern.get("Regex", pattern.get("String")), f"{where}.pattern")
        behavior = as_text(step.get("behavior"), f"{where}.behavior")
        described = split(text, behavior, invert=step.get("invert") is True)
        return described if "Regex" in pattern else f"Literal{described}"
    if kind == "ByteLevel" and step.get("add_prefix_space") is False:
        return byte_level(use_regex=step.get("use_regex", True) is True)
    if kind == "Digits":
        return f"Digits(individual={step.get('individual_digits') is True})"
    if kind == "Punctuation":
        return f"Punctuation({step.get('behavior', 'Isolated')})"
    details = ", ".join(
        f"{name}={value!r}" for name, value in step.items() if name not in ("type", "trim_offsets")
    )
    return f"{kind}({details})" if details else kind


def _shown(normalizer: tuple[str, ...], steps: tuple[str, ...]) -> str:
    """A structure in one short line."""
    texts = []
    for name, parts in (("normalizer", normalizer), ("pre-tokenizer", steps)):
        text = " > ".join(parts) or "none"
        short = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
        texts.append(f"{name} {short}")
    return one_line("; ".join(texts), 3 * SHOWN_CHARACTERS)
