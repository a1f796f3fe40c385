"""read_tokenizer: keys, order and types; special tokens."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, processors

from llmq_peer.tokenizer_folders import (
    BOS,
    EOS,
    NAMED,
    PAD,
    TOOL,
    read,
    read_noted,
    save,
    save_sentencepiece,
    train_sentencepiece,
    write,
)
from tests.oracles.both_tokenizers import cut_differently

PREFIX = "tokenizer.ggml."


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edit one JSON file."""
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    write(path, value)


def test_keys_order_and_types(folder: Path) -> None:
    metadata = read(folder)
    kinds = {key.removeprefix(PREFIX): type(value) for key, value in metadata.items()}
    assert list(kinds.items()) == [
        ("model", str),
        ("pre", str),
        ("tokens", list),
        ("token_type", np.ndarray),
        ("merges", list),
        ("bos_token_id", np.uint32),
        ("eos_token_id", np.uint32),
        ("padding_token_id", np.uint32),
        ("add_bos_token", bool),
        ("add_sep_token", bool),
    ]
    tokens, types = metadata[PREFIX + "tokens"], metadata[PREFIX + "token_type"]
    assert types.dtype == np.int32
    assert len(tokens) == len(types) == 320
    assert [tokens[0], types[0]] == [BOS, 3]
    assert [tokens[300], types[300]] == [TOOL, 4]
    assert [tokens[319], types[319]] == ["[PAD319]", 5]
    assert metadata[PREFIX + "add_bos_token"] is True
    assert metadata[PREFIX + "bos_token_id"] == tokens.index(BOS)
    assert all(merge.count(" ") == 1 for merge in metadata[PREFIX + "merges"])


def test_add_space_prefix_comes_first_and_only_for_llama(folder: Path) -> None:
    change(folder / "tokenizer_config.json", lambda c: c.update(add_prefix_space=False))
    assert next(iter(read(folder).items())) == (PREFIX + "add_space_prefix", False)
    assert PREFIX + "add_space_prefix" not in read(folder, architectures=["Qwen2ForCausalLM"])


TEMPLATE = processors.TemplateProcessing
TOKENS = [(BOS, 0), (EOS, 1)]


@pytest.mark.parametrize(
    ("processor", "settings", "expected"),
    [
        (None, {}, {"bos": False}),  # said, because llama.cpp would add one for llama-bpe
        (None, {"add_bos_token": True, "add_eos_token": False}, {"bos": False, "eos": False}),
        (processors.ByteLevel(trim_offsets=False), {}, {"bos": False, "eos": False}),
        (
            processors.ByteLevel(trim_offsets=False),
            {"add_bos_token": True},  # the post-processor is what runs
            {"bos": False, "eos": False},
        ),
        (
            TEMPLATE(f"{BOS} $A {EOS}", f"{BOS} $A {EOS} $B {EOS}", TOKENS),
            {},
            {"bos": True, "eos": True, "sep": False},
        ),
        (
            TEMPLATE(f"{BOS} $A", f"{BOS} $A {EOS} $B", TOKENS),
            {},
            {"bos": True, "sep": True},
        ),
        (
            processors.RobertaProcessing((EOS, 1), (BOS, 0)),
            {},
            {"bos": True, "eos": True, "sep": True},
        ),
        (
            processors.Sequence(
                [processors.ByteLevel(trim_offsets=False), TEMPLATE(f"{BOS} $A", None, TOKENS)]
            ),
            {},
            {"bos": True, "eos": False},
        ),
    ],
)
def test_what_is_added_to_a_text(
    trained: str, tmp_path: Path, processor: Any, settings: Any, expected: dict[str, bool]
) -> None:
    tokenizer = Tokenizer.from_str(trained)
    if processor is not None:
        tokenizer.post_processor = processor
    save(tmp_path, tokenizer, **NAMED, **settings)
    if processor is None:
        change(tmp_path / "tokenizer.json", lambda t: t.update(post_processor=None))
    metadata = read(tmp_path)
    flags = {kind: f"{PREFIX}add_{kind}_token" for kind in ("bos", "eos", "sep")}
    assert {kind: metadata[key] for kind, key in flags.items() if key in metadata} == expected


@pytest.mark.parametrize(
    "processor",
    [
        None,
        processors.ByteLevel(trim_offsets=False),
        TEMPLATE("$A", None, []),
        TEMPLATE(f"{BOS} $A", None, TOKENS),
        TEMPLATE(f"{BOS} $A {EOS}", None, TOKENS),
        TEMPLATE(f"$A {EOS}", None, TOKENS),
        processors.RobertaProcessing((EOS, 1), (BOS, 0)),
    ],
)
@pytest.mark.parametrize("flag", [True, False, None])
def test_what_is_added_is_what_transformers_adds(
    trained: str, tmp_path: Path, processor: Any, flag: bool | None
) -> None:
    """The post-processor alone decides."""
    flags: dict[str, Any] = {"add_bos_token": flag} if flag is not None else {}
    tokenizer = Tokenizer.from_str(trained)
    if processor is not None:
        tokenizer.post_processor = processor
    save(tmp_path, tokenizer, **NAMED, **flags)
    if processor is None:
        change(tmp_path / "tokenizer.json", lambda t: t.update(post_processor=None))
    assert cut_differently(tmp_path, ["a", "two words"]) == []
    assert PREFIX + "add_bos_token" in read(tmp_path)


def test_without_a_tokenizer_config(trained: str, tmp_path: Path) -> None:
    """The post-processor names the token that it adds."""
    save(tmp_path, Tokenizer.from_str(trained))
    (tmp_path / "tokenizer_config.json").unlink()
    assert cut_differently(tmp_path, ["a", "two words"], eos_token_id=1) == []


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"add_bos_token": True},
        {"add_eos_token": True},
        {"add_bos_token": True, "bos_token": None},
    ],
)
def test_what_is_added_beside_a_tokenizer_model(tmp_path: Path, flags: Any) -> None:
    save_sentencepiece(tmp_path, train_sentencepiece())
    write(tmp_path / "tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer", **flags})
    assert cut_differently(tmp_path, ["a", "two words"]) == []
    assert PREFIX + "add_bos_token" in read(tmp_path)


def test_what_llama_cpp_cannot_add_is_said(trained: str, tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_str(trained)
    tokenizer.post_processor = TEMPLATE(f"{BOS} {PAD} $A", None, [*TOKENS, (PAD, 2)])
    save(tmp_path, tokenizer, **NAMED)
    (note,) = read_noted(tmp_path).notes
    assert f"transformers puts {BOS!r} and {PAD!r} around a text, llama.cpp can add {BOS!r}" in note


def test_a_template_may_end_with_another_token(trained: str, tmp_path: Path) -> None:
    """Then the named one ends a turn and the template's ends a text."""
    tokenizer = Tokenizer.from_str(trained)
    tokenizer.post_processor = TEMPLATE(f"$A {PAD}", None, [(PAD, 2)])
    save(tmp_path, tokenizer, **NAMED)
    metadata = read(tmp_path)
    assert metadata[PREFIX + "eos_token_id"] == 2
    assert metadata[PREFIX + "eot_token_id"] == 1


def test_ids_from_config_and_beyond(folder: Path) -> None:
    """tokenizer_config.json wins; config, special_tokens_map and generation_config help."""
    assert read(folder, eos_token_id=7)[PREFIX + "eos_token_id"] == 1
    write(folder / "tokenizer_config.json", {})
    assert read(folder, eos_token_id=7)[PREFIX + "eos_token_id"] == 7
    write(folder / "generation_config.json", {"eos_token_id": [1, 2], "bos_token_id": 0})
    listed = read(folder, eos_token_id=[1, 2], pad_token_id=-1)
    assert (listed[PREFIX + "eos_token_id"], listed[PREFIX + "eot_token_id"]) == (1, 2)
    write(folder / "special_tokens_map.json", {"eos_token": {"content": PAD}})
    metadata = read(
        folder, eos_token_id=None, unk_token_id=10**6, pad_token_id=-1, mask_token_id=True
    )
    ids = {key: int(value) for key, value in metadata.items() if key.endswith("token_id")}
    assert ids == {
        PREFIX + "bos_token_id": 0,
        PREFIX + "eos_token_id": 2,
        PREFIX + "eot_token_id": 1,
    }


def test_models_with_rules_of_their_own(folder: Path) -> None:
    assert read(folder, vocab_size=32016)[PREFIX + "eot_token_id"] == 32010
    assert read(folder, vocab_size=49152)[PREFIX + "add_bos_token"] is False
    qwen = read(folder, vocab_size=49152, architectures=["Qwen2ForCausalLM"])
    assert qwen[PREFIX + "add_bos_token"] is True


def test_control_tokens_by_their_looks(folder: Path) -> None:
    def declare(settings: dict[str, Any]) -> None:
        texts = ["<|look|>", "<mask>", "plain", "<unused7>", "a▁b"]
        settings["added_tokens_decoder"] = {
            str(301 + number): {"content": text, "special": False}
            for number, text in enumerate(texts)
        }

    change(folder / "tokenizer_config.json", declare)
    metadata = read(folder)
    assert list(metadata[PREFIX + "token_type"][301:306]) == [3, 3, 4, 3, 4]
    assert metadata[PREFIX + "tokens"][305] == "a b"
