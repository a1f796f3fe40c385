"""Tokens that a model writes: up to an end, the same again, from what was read; and no number."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.runtime import Sampling, open_model
from llmq.suites import Message


def test_greedy_generation_takes_the_likeliest_token(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        prompt = model.prompt([Message("user", "What is 3 + 4?")])
        made = list(model.generate(prompt, max_tokens=12))
        logits = model.logits(prompt + made[:-1])
    assert made == logits[len(prompt) - 1 :].argmax(axis=1).tolist()


def test_what_was_read_before_changes_nothing(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        prompt = model.prompt([Message("user", "What is 3 + 4?")])
        first = list(model.generate(prompt, max_tokens=12))
        longer = list(model.generate(prompt + first, max_tokens=4))
        again = list(model.generate(prompt, max_tokens=16))
    assert again[: len(first)] == first
    assert again[len(first) :] == longer


def test_a_generation_left_early_does_no_harm(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        prompt = model.prompt([Message("user", "Hello")])
        whole = list(model.generate(prompt, max_tokens=10))
        part = list(islice(model.generate(prompt, max_tokens=10), 4))
        assert part == whole[:4]
        assert list(model.generate(prompt, max_tokens=10)) == whole


def test_a_seed_repeats_and_another_differs(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:

        def said(seed: int) -> list[int]:
            sampling = Sampling(temperature=2.0, top_p=1.0, seed=seed)
            return list(model.generate([1, 2, 3], max_tokens=20, sampling=sampling))

        assert said(1) == said(1)
        assert len({tuple(said(seed)) for seed in range(5)}) > 1


def test_a_full_context_ends_the_generation(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], n_ctx=256) as model:
        never_ends = Sampling(temperature=1.0, seed=3)
        made = list(model.generate([1] * (model.n_ctx - 5), max_tokens=99, sampling=never_ends))
        assert len(made) == 5 or model.is_end(made[-1])


def test_a_file_that_computes_no_number_says_so(tiny_gguf: dict[str, Path], tmp_path: Path) -> None:
    """Without a word, NaN would be an empty reply: a sampler takes some token of it."""
    file = open_gguf(tiny_gguf["F32"])
    (norm,) = (tensor for tensor in file.tensors if tensor.name == "output_norm.weight")
    data = bytearray(tiny_gguf["F32"].read_bytes())
    data[norm.offset : norm.offset + 4] = np.float32("nan").tobytes()
    bad = tmp_path / "nan.gguf"
    bad.write_bytes(data)
    for sampling in (Sampling(), Sampling(temperature=1.0)):
        with (
            open_model(bad, threads=1) as model,
            pytest.raises(ModelError, match=r"nan\.gguf computes no number: the file is damaged"),
        ):
            next(model.generate([1, 2], max_tokens=3, sampling=sampling))
