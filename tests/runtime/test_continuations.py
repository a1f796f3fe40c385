"""Continuations of one prompt: as likely as when each is read as a text of its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq import convert
from llmq.errors import ModelError
from llmq.runtime import Model, open_model
from llmq.runtime.decoder import OUTPUT_ROWS, log_p
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS

KINDS = ("LlamaForCausalLM", "Gemma3ForCausalLM", "Qwen3_5ForCausalLM", "Lfm2ForCausalLM")


@pytest.fixture(params=KINDS)
def file(request: pytest.FixtureRequest, tmp_path: Path, byte_tokenizer: dict[str, Any]) -> Path:
    """Keys and values alone, a window, and states of two kinds."""
    settings = VARIANTS[request.param][0].settings
    save_random_model(tmp_path / "model", request.param, settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    return convert(tmp_path / "model", tmp_path / "f.gguf", recipe="F32", load_check=False)


def alone(model: Model, prompt: list[int], continuation: list[int]) -> float:
    rows = model.logits([*prompt, *continuation])[len(prompt) - 1 :]
    return sum(log_p(row, token) for row, token in zip(rows, continuation, strict=False))


def test_each_is_as_likely_as_by_itself(file: Path) -> None:
    text = np.random.default_rng(0).integers(0, 256, 300).tolist()
    prompt = text[:70]
    lengths = (5, 1, 3, OUTPUT_ROWS + 1, OUTPUT_ROWS + 20)
    continuations = [text[100 : 100 + n] for n in lengths]
    with open_model(file, n_ctx=256, threads=1) as model:
        found = model.continuations(prompt, continuations)
        # The prompt once, and all of each but its last token.
        assert model.tokens_read == len(prompt) + sum(n - 1 for n in lengths)
        assert found == model.continuations(prompt, continuations)
        assert found[:1] == model.continuations(prompt, continuations[:1])
        expected = [alone(model, prompt, continuation) for continuation in continuations]
        assert found == model.continuations(prompt, continuations)
    np.testing.assert_allclose(found, expected, rtol=2e-4)


def test_what_is_common_is_read_once_and_nothing_else_changes(file: Path) -> None:
    text = np.random.default_rng(1).integers(0, 256, 300).tolist()
    common, first, second = text[:30], text[30:50], text[50:80]
    replies = [text[100:104], text[104:110]]
    with open_model(file, n_ctx=256, threads=1) as model:
        alone = [model.continuations([*common, *rest], replies, n_common=30) for rest in (second,)]
        model.continuations([*common, *first], replies, n_common=30)
        read = model.tokens_read
        found = model.continuations([*common, *second], replies, n_common=30)
        n_read = model.tokens_read - read
        assert [found] == alone
        list(model.generate([*common, *first], max_tokens=2))
        assert model.continuations([*common, *second], replies, n_common=30) == found
        other = [*text[200:230], *second]
        assert model.continuations(other, replies, n_common=30) != found
        np.testing.assert_allclose(
            model.continuations([*common, *second], replies), found, rtol=2e-4
        )
    assert n_read in (30 + 3 + 5, 30 + 30 + 3 + 5)  # states cannot go back so far


def test_what_does_not_fit_and_what_is_no_number(
    tiny_gguf: dict[str, Path], tmp_path: Path
) -> None:
    with open_model(tiny_gguf["BF16"], n_ctx=64, threads=1) as model:
        assert len(model.continuations([1] * 60, [[1] * 4])) == 1
        with pytest.raises(ModelError, match="needs 65 tokens but the context holds 64"):
            model.continuations([1] * 60, [[1], [1] * 5])
    data = bytearray(tiny_gguf["BF16"].read_bytes())
    data[-60_000:] = b"\xff\x7f" * 30_000  # BF16 NaN
    (tmp_path / "damaged.gguf").write_bytes(data)
    with (
        open_model(tmp_path / "damaged.gguf", threads=1) as model,
        pytest.raises(ModelError, match="computes no number"),
    ):
        model.continuations([1, 2, 3], [[4]])
