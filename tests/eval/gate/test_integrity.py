"""What makes a file another model's or a damaged one, and what is wrong input instead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.errors import GgufError, ModelError
from llmq.tensor_hashes import TENSORS_SHA256
from llmq_eval.gate.integrity import integrity_checks
from llmq_peer.gguf_contents import Contents, contents_of
from tests.conftest import CHATML

SaveGguf = Callable[..., Path]
EVERY = (
    "base unquantized", "tensor hashes", "tensors", "settings", "vocabulary", "special tokens",
    "loads and computes", "chat template", "tokens of texts", "end tokens",
)  # fmt: skip
TOKENIZER = "tokenizer.ggml."


def unlike(base: Path, quant: Path) -> dict[str, str]:
    """The checks that are not passed, as `STATUS: WORDS`; every check is made."""
    found = integrity_checks(base, quant)
    assert tuple(check.name for check in found) == EVERY
    assert {check.axis for check in found} == {"integrity"}
    assert all("\n" not in check.words for check in found)
    return {c.name: f"{c.status}: {c.words}" for c in found if c.status != "pass"}


@pytest.fixture
def changed(tiny_gguf: dict[str, Path], tmp_path: Path) -> Callable[..., Path]:
    """A function that writes the Q4_0 file, or another, after `change(contents)`."""

    def write(change: Callable[[Contents], None], recipe: str = "Q4_0", **options: Any) -> Path:
        contents = contents_of(tiny_gguf[recipe])
        change(contents)
        return contents.write(tmp_path / "changed.gguf", **options)

    return write


def setting(key: str, value: Any) -> Callable[[Contents], None]:
    """The change of one key; None removes it."""

    def change(contents: Contents) -> None:
        assert value is not None or key in contents.metadata
        contents.metadata[key] = value
        if value is None:
            del contents.metadata[key]

    return change


def test_a_sound_file_passes(tiny_gguf: dict[str, Path]) -> None:
    for recipe in ("Q4_0", "BF16", "F32"):
        assert unlike(tiny_gguf["BF16"], tiny_gguf[recipe]) == {}


def test_a_flipped_bit(tiny_gguf: dict[str, Path], changed: Callable[..., Path]) -> None:
    def flip(contents: Contents) -> None:
        contents.tensors["blk.1.ffn_down.weight"].blocks["qs"][3] ^= 1

    found = unlike(tiny_gguf["BF16"], changed(flip, hashed=False))
    said = "fail: not as they were written: blk.1.ffn_down.weight of 20 tensors"
    assert found == {"tensor hashes": said}
    assert unlike(tiny_gguf["BF16"], changed(flip)) == {}  # with hashes that are right for it


def test_without_hashes_nothing_is_passed(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    file = changed(setting(TENSORS_SHA256, None), hashed=False)
    assert list(unlike(tiny_gguf["BF16"], file)) == ["tensor hashes"]
    assert unlike(tiny_gguf["BF16"], file)["tensor hashes"].startswith("skipped: it has no llmq.")


@pytest.mark.parametrize(
    ("key", "value", "failed"),
    [
        ("llama.context_length", np.uint32(512), {"settings"}),
        ("llama.rope.freq_base", np.float32(500000), {"settings"}),
        ("llama.rope.scaling.type", "linear", {"settings"}),
        ("llama.rope.dimension_count", None, {"settings"}),
        (f"{TOKENIZER}eos_token_id", np.uint32(65), {"special tokens", "end tokens"}),
        (f"{TOKENIZER}add_bos_token", True, {"special tokens"}),
        (
            "tokenizer.chat_template",
            CHATML.replace("<|im_end|>\n", "<|im_end|>"),
            {"chat template"},
        ),
        ("tokenizer.chat_template", None, {"chat template"}),
        ("tokenizer.chat_template", "{{ raise_exception('no') }}", {"chat template"}),
        (f"{TOKENIZER}pre", "llama-bpe", {"vocabulary"}),
    ],
)
def test_a_key_of_another_model(
    tiny_gguf: dict[str, Path],
    changed: Callable[..., Path],
    key: str,
    value: Any,
    failed: set[str],
) -> None:
    found = unlike(tiny_gguf["BF16"], changed(setting(key, value)))
    assert set(found) == failed
    assert all(words.startswith("fail: ") for words in found.values())


def test_both_sides_of_a_template_are_shown(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    file = changed(setting("tokenizer.chat_template", CHATML.replace("<|im_end|>\n", "<|im_end|>")))
    said = unlike(tiny_gguf["BF16"], file)["chat template"]
    assert "the base writes" in said
    assert r"<|im_end|>\n" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("llama.vocab_size", None),
        ("llama.rope.freq_base", None),  # 10,000, as llama.cpp takes it to be
        ("llama.attention.key_length", None),
        ("general.name", "Another"),
        (f"{TOKENIZER}padding_token_id", np.uint32(3)),
    ],
)
def test_what_other_converters_leave_out(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path], key: str, value: Any
) -> None:
    assert unlike(tiny_gguf["BF16"], changed(setting(key, value))) == {}


def test_tokens_that_changed_places(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    def swap(contents: Contents) -> None:
        tokens: Any = contents.metadata[f"{TOKENIZER}tokens"]
        tokens[70], tokens[71] = tokens[71], tokens[70]

    found = unlike(tiny_gguf["BF16"], changed(swap))
    assert set(found) == {"vocabulary", "tokens of texts"}
    assert "value 70: " in found["vocabulary"]


def test_a_tensor_of_another_shape(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    def drop(contents: Contents) -> None:
        del contents.tensors["blk.1.ffn_up.weight"]

    found = unlike(tiny_gguf["BF16"], changed(drop))
    assert (
        found["tensors"] == "fail: 'blk.1.ffn_up.weight': 96 x 64 in the base, missing in the file"
    )
    assert found["loads and computes"].startswith("fail: changed.gguf: llama.cpp cannot open it")
    assert "--no-load-check" not in found["loads and computes"]
    assert found["chat template"].startswith("skipped: ")


def test_weights_that_are_no_numbers(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    def spoil(contents: Contents) -> None:
        contents.tensors["blk.1.ffn_up.weight"].blocks["d"] = np.nan

    found = unlike(tiny_gguf["BF16"], changed(spoil))
    assert "no number" in found["loads and computes"]


def test_a_quantized_base_is_wrong_input(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    quant = tiny_gguf["Q4_0"]
    with pytest.raises(GgufError, match=r"the base is quantized itself \(holds Q4_0, Q8_0\)"):
        integrity_checks(quant, quant)
    (allowed, *_) = integrity_checks(quant, quant, allow_quantized=True)
    assert (allowed.name, allowed.status) == ("base unquantized", "skipped")
    stated = changed(setting("general.file_type", np.uint32(7)), "BF16")
    with pytest.raises(GgufError, match=r"\(says so in general\.file_type\)"):
        integrity_checks(stated, quant)


def test_codes_that_were_published_are_the_original(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    def publish(contents: Contents) -> None:
        contents.metadata.update({"llmq.source.format": "mxfp4", "llmq.encoder": "stored"})

    assert unlike(changed(publish), tiny_gguf["Q4_0"]) == {}


def test_files_of_no_common_model_are_wrong_input(
    tiny_gguf: dict[str, Path],
    save_gguf: SaveGguf,
    changed: Callable[..., Path],
    tmp_path: Path,
) -> None:
    base = tiny_gguf["BF16"]
    larger = save_gguf("larger", "Q4_0", vocab_size=300)
    other = changed(setting("general.architecture", "qwen2"))
    text = tmp_path / "text.gguf"
    text.write_text("no model")
    for quant, said in (
        (larger, r"259 and 300 tokens in the vocabulary"),
        (other, r"'llama' and 'qwen2'"),
        (text, r"not a GGUF file"),
    ):
        with pytest.raises((ModelError, GgufError), match=said):
            integrity_checks(base, quant)
    with pytest.raises(ModelError, match="has no chat template"):
        integrity_checks(
            save_gguf("plain", "BF16", template=None), save_gguf("plain", "Q4_0", template=None)
        )


def test_a_damaged_base_is_wrong_input(
    tiny_gguf: dict[str, Path], changed: Callable[..., Path]
) -> None:
    def flip(contents: Contents) -> None:
        contents.tensors["blk.0.ffn_down.weight"].blocks["value"][0, 0] *= 2

    damaged = changed(flip, "BF16", hashed=False)
    with pytest.raises(GgufError, match=r"blk\.0\.ffn_down\.weight .*damaged"):
        integrity_checks(damaged, tiny_gguf["Q4_0"])
