"""Going back in a text with a model whose layers keep states."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq import convert
from llmq.runtime import Model, open_model
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS

HYBRIDS = ("Qwen3_5ForCausalLM", "Lfm2ForCausalLM")


@pytest.fixture(params=HYBRIDS)
def file(request: pytest.FixtureRequest, tmp_path: Path, byte_tokenizer: dict[str, Any]) -> Path:
    settings = VARIANTS[request.param][0].settings
    save_random_model(tmp_path / "model", request.param, settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    return convert(tmp_path / "model", tmp_path / "f.gguf", recipe="F32", load_check=False)


def replied(model: Model, prompt: list[int]) -> tuple[list[int], int]:
    """A reply, and how many tokens of the prompt were read for it."""
    before = model.tokens_read
    reply = [*model.generate(prompt, max_tokens=4)]
    ended = model.is_end(reply[-1])
    return reply, model.tokens_read - before - len(reply) + ended


def test_a_reply_whose_opening_changed_is_not_a_new_beginning(file: Path) -> None:
    """As where a template leaves empty thoughts out of the turns before the last."""
    text = np.random.default_rng(0).integers(0, 256, 400).tolist()
    first, opening, second = text[:100], text[100:110], text[110:150]
    turns = [
        ([*first, *opening], 110),
        ([*first, *second, *opening], 32 - 10 + 50),  # from the snapshot before the opening
        ([*first, *second, *opening], 32),
        ([*first[:50], *second, *opening], 100),  # before the snapshot: from the beginning
    ]
    with open_model(file, n_ctx=256, threads=1) as model:
        for prompt, n_read in turns:
            with open_model(file, n_ctx=256, threads=1) as fresh:
                expected = [*fresh.generate(prompt, max_tokens=4)]
            assert replied(model, prompt) == (expected, n_read)


def test_nothing_is_left_of_a_snapshot_after_other_texts(file: Path) -> None:
    text = np.random.default_rng(1).integers(0, 256, 120).tolist()
    with open_model(file, n_ctx=256, threads=1) as model:
        expected = replied(model, text)
        assert expected[1] == 120
        logits = model.logits(text[60:])
        assert replied(model, text) == expected
        assert np.array_equal(model.logits(text[60:]), logits)
