"""The name of a pre-tokenizer comes from its structure: public files, variants, unknown ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmq.errors import TokenizerError
from llmq.tokenizer.pre_tokenizer import MAX_STEPS, pre_tokenizer_name
from llmq.tokenizer.pre_tokenizer_names import PRE_NAMES
from llmq.tokenizer.pre_tokenizer_table import PRE_NOTES, STRUCTURES

WHERE = Path("tokenizer.json")
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}

# The `pre_tokenizer` of public repositories, letter by letter as their tokenizer.json has it.
LLAMA_3 = r"""{"type": "Sequence", "pretokenizers": [
  {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"""
QWEN_25 = r"""{"type": "Sequence", "pretokenizers": [
  {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]}"""
GPT_2 = '{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}'
SMOLLM = """{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]}"""
MISTRAL_NEMO = r"""{"type": "Sequence", "pretokenizers": [
  {"type": "Split", "pattern": {"Regex": "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"""
GPT_4O = r"""{"type": "Sequence", "pretokenizers": [
  {"type": "Split", "pattern": {"Regex": "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"""
DEEPSEEK_V3 = r"""{"type": "Sequence", "pretokenizers": [
  {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Isolated", "invert": false},
  {"type": "Split", "pattern": {"Regex": "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"}, "behavior": "Isolated", "invert": false},
  {"type": "Split", "pattern": {"Regex": "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"""
DEEPSEEK_CODER = r"""{"type": "Sequence", "pretokenizers": [
  {"type": "Split", "pattern": {"Regex": "[\r\n]"}, "behavior": "Isolated", "invert": false},
  {"type": "Split", "pattern": {"Regex": "\\s?\\p{L}+"}, "behavior": "Isolated", "invert": false},
  {"type": "Split", "pattern": {"Regex": "\\s?\\p{P}+"}, "behavior": "Isolated", "invert": false},
  {"type": "Split", "pattern": {"Regex": "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"}, "behavior": "Isolated", "invert": false},
  {"type": "Digits", "individual_digits": true},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"""
FALCON_3 = """{"type": "Sequence", "pretokenizers": [
  {"type": "Punctuation", "behavior": "Contiguous"},
  {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
  {"type": "Digits", "individual_digits": true}]}"""
NFC = {"type": "NFC"}


@pytest.mark.parametrize(
    ("name", "pre_tokenizer", "normalizer", "ignore_merges"),
    [
        ("llama-bpe", LLAMA_3, None, True),
        ("smaug-bpe", LLAMA_3, None, False),
        ("llama-bpe", LLAMA_3, NFC, True),
        (
            "dbrx",
            LLAMA_3.replace('Isolated", "invert": false', 'Removed", "invert": true'),
            None,
            False,
        ),
        ("qwen2", QWEN_25, NFC, False),
        ("qwen2", QWEN_25, None, False),
        ("qwen2", QWEN_25, {"type": "Sequence", "normalizers": [NFC]}, False),
        ("gpt-2", GPT_2, None, False),
        ("olmo", GPT_2, NFC, False),
        ("smollm", SMOLLM, None, False),
        ("command-r", SMOLLM, NFC, False),
        ("tekken", MISTRAL_NEMO, None, True),
        ("gpt-4o", GPT_4O, None, True),
        ("deepseek-v3", DEEPSEEK_V3, {"type": "Sequence", "normalizers": []}, False),
        ("deepseek-coder", DEEPSEEK_CODER, {"type": "Sequence", "normalizers": []}, False),
        ("falcon3", FALCON_3, None, False),
    ],
)
def test_public_structures(
    name: str, pre_tokenizer: str, normalizer: object, *, ignore_merges: bool
) -> None:
    tokenizer = {
        "normalizer": normalizer,
        "pre_tokenizer": json.loads(pre_tokenizer),
        "model": {"type": "BPE", "ignore_merges": ignore_merges},
    }
    assert pre_tokenizer_name(tokenizer, where=WHERE) == name


def test_sequences_within_sequences_are_one() -> None:
    nested = {"type": "Sequence", "pretokenizers": [json.loads(LLAMA_3)]}
    tokenizer = {"pre_tokenizer": nested, "model": {"ignore_merges": True}}
    assert pre_tokenizer_name(tokenizer, where=WHERE) == "llama-bpe"


@pytest.mark.parametrize(
    ("pre_tokenizer", "normalizer", "shown"),
    [
        (None, None, "normalizer none; pre-tokenizer none"),
        (GPT_2, {"type": "Lowercase"}, "normalizer Lowercase"),
        (GPT_2, {"type": "NFKC"}, "normalizer NFKC"),
        (GPT_2.replace("false", "true"), None, "ByteLevel\\(add_prefix_space=True\\)"),
        (LLAMA_3.replace("{1,3}", "{1,4}"), None, r"\\\\p\{N\}\{1,4\}"),
        (LLAMA_3.replace("Isolated", "MergedWithNext"), None, "MergedWithNext|\\.\\.\\."),
        ('{"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated"}', None, "Literal"),
        ('{"type": "Whitespace"}', None, "pre-tokenizer Whitespace"),
    ],
)
def test_unknown_structures_are_shown(
    pre_tokenizer: str | None, normalizer: object, shown: str
) -> None:
    tokenizer = {
        "normalizer": normalizer,
        "pre_tokenizer": json.loads(pre_tokenizer) if pre_tokenizer else None,
        "model": {},
    }
    with pytest.raises(TokenizerError, match=shown) as error:
        pre_tokenizer_name(tokenizer, where=WHERE)
    message = str(error.value)
    assert "--pre NAME" in message
    assert "\n" not in message
    assert len(message) < 600
    assert pre_tokenizer_name(tokenizer, pre="llama-bpe", where=WHERE) == "llama-bpe"


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("llama-bp", "did you mean llama-bpe"), ("qwen-2", "qwen2"), ("Ω\n" * 99, "it knows default")],
)
def test_unknown_names_get_a_hint(wrong: str, hint: str) -> None:
    with pytest.raises(TokenizerError, match=hint) as error:
        pre_tokenizer_name({}, pre=wrong, where=WHERE)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "broken",
    [
        [],
        "ByteLevel",
        {"type": 7},
        {"type": "Sequence"},
        {"type": "Sequence", "pretokenizers": {}},
        {"type": "Sequence", "pretokenizers": [BYTE_LEVEL] * (MAX_STEPS + 1)},
        {"type": "Split", "pattern": "x", "behavior": "Isolated"},
        {"type": "Split", "pattern": {}, "behavior": "Isolated"},
        {"type": "Split", "pattern": {"Regex": "x"}},
    ],
)
def test_broken_pipelines(broken: Any) -> None:
    with pytest.raises(TokenizerError, match="pre_tokenizer") as error:
        pre_tokenizer_name({"pre_tokenizer": broken, "model": {}}, where=WHERE)
    assert "\n" not in str(error.value)


def test_a_deep_pipeline_ends() -> None:
    nested: Any = BYTE_LEVEL
    for _ in range(100_000):
        nested = {"type": "Sequence", "pretokenizers": [nested]}
    assert pre_tokenizer_name({"pre_tokenizer": nested, "model": {}}, where=WHERE) == "gpt-2"


def test_the_table_is_consistent() -> None:
    keys = [(row.steps, row.normalizer, row.ignore_merges) for row in STRUCTURES]
    assert len(set(keys)) == len(keys)
    assert {row.name for row in STRUCTURES} <= set(PRE_NAMES)
    assert set(PRE_NOTES) <= {row.name for row in STRUCTURES}
    assert len(set(PRE_NAMES)) == len(PRE_NAMES)
