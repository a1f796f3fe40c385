"""Texts written several at once: each as it would be alone, in order, the same again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq import convert
from llmq.errors import ModelError
from llmq.runtime import EXACT, GREEDY, Ask, Model, Sampling, Writer, open_model
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS

RNG = np.random.default_rng(0)
PROMPTS = [RNG.integers(0, 256, n).tolist() for n in (3, 40, 1, 300, 17, 2, 90, 5, 5, 33, 64)]


def never(_: object) -> bool:
    return False


def twice(
    prompt: list[int], n: int, sampling: Sampling = GREEDY
) -> Writer[tuple[list[int], list[int]]]:
    """A text of `n` tokens, and what it goes on with where its second half is left out."""
    first = yield Ask(prompt, n, sampling, never)
    second = yield Ask([*prompt, *first[: n // 2], 7, 8], n, sampling, never)
    return first, second


def alone(model: Model, prompt: list[int], n: int) -> tuple[list[int], list[int]]:
    first = list(model.generate(prompt, max_tokens=n, beyond_ends=True))
    prompt = [*prompt, *first[: n // 2], 7, 8]
    return first, list(model.generate(prompt, max_tokens=n, beyond_ends=True))


def test_texts_are_those_that_are_written_alone(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["F32"], threads=1, how=EXACT) as model:
        found = model.write_together([twice(p, 12) for p in PROMPTS], room=330)
        assert found == [alone(model, prompt, 12) for prompt in PROMPTS]


def test_chance_repeats_itself_in_company(tiny_gguf: dict[str, Path]) -> None:
    wild = [Sampling(temperature=2.0, top_p=1.0, seed=seed) for seed in range(9)]
    with open_model(tiny_gguf["Q4_0"], threads=1, how=EXACT) as model:
        runs = [
            model.write_together([twice([1, 2, 3], 10, sampling) for sampling in wild], room=40)
            for _ in range(2)
        ]
    assert runs[0] == runs[1]
    assert len({tuple(first) for first, _ in runs[0]}) > 1


def test_a_writer_that_stops_between_two_texts_frees_nothing_twice(
    tiny_gguf: dict[str, Path],
) -> None:
    """As Ctrl-C does there: whatever is freed twice ends the process, now or a little later."""

    def stopped(n: int) -> Writer[None]:
        yield Ask([1, 2, 3], n, Sampling(temperature=1.0, seed=n), never)
        raise KeyboardInterrupt

    with open_model(tiny_gguf["Q4_0"], threads=1, how=EXACT) as model:
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                model.write_together([stopped(n) for n in (3, 3, 5)], room=40)
        assert model.write_together([twice([1, 2, 3], 4)], room=40)


@pytest.mark.parametrize("name", ["Qwen3_5ForCausalLM", "Lfm2ForCausalLM"])
def test_states_are_read_anew(name: str, tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    save_random_model(tmp_path / "model", name, VARIANTS[name][0].settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    file = convert(tmp_path / "model", tmp_path / "f.gguf", recipe="F32", load_check=False)
    prompts = [prompt[:40] for prompt in PROMPTS]
    with open_model(file, n_ctx=256, threads=1, how=EXACT) as model:
        found = model.write_together([twice(p, 6) for p in prompts], room=64)
        assert found == [alone(model, prompt, 6) for prompt in prompts]


def test_a_text_ends_where_its_writer_says_and_where_there_is_no_room(
    tiny_gguf: dict[str, Path],
) -> None:
    def asks(n: int, most: int) -> Writer[list[int]]:
        made = yield Ask([5] * n, most, GREEDY, lambda tokens: len(tokens) == 4)
        return made

    def asks_nothing() -> Writer[list[int]]:
        return []
        yield

    with open_model(tiny_gguf["BF16"], threads=1) as model:
        writers = [asks(3, 99), asks_nothing(), asks(3, 2), asks(253, 99)]
        assert [len(made) for made in model.write_together(writers, room=10)] == [4, 0, 2, 3]
        with pytest.raises(ModelError, match="a prompt of 256 tokens leaves no room in 256"):
            model.write_together([asks(256, 9)], room=10)
        assert model.write_together([], room=10) == []
