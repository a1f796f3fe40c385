"""How tokens are drawn, and what a file asks for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq.editing import write_edited
from llmq.edits import edited, edits_of
from llmq.files.gguf import open_gguf
from llmq.runtime import GREEDY, Sampling, open_model

PROMPT = [72, 101, 108, 108, 111]


def with_values(path: Path, folder: Path, settings: Sequence[str]) -> Path:
    """A copy of the file with these values of general.sampling."""
    file, copy = open_gguf(path), folder / "asks.gguf"
    edits = edits_of(file, [f"general.sampling.{setting}" for setting in settings])
    write_edited(file, edited(file, edits), copy, force=True, load_check=False)
    return copy


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ([], GREEDY),
        (
            ["temp:float32=0.5", "top_k:int32=20", "min_p:float32=0.25", "top_p:float32=0.75"],
            Sampling(0.5, 0.75, 0, 20, 0.25),
        ),
        (
            ["penalty_repeat:float32=1.25", "penalty_last_n:int32=32"],
            Sampling(repeat_penalty=1.25, repeat_last=32),
        ),
        (["temp:float32=-1", "top_p:float32=9", "top_k:string=many", "min_p:float32=7"], GREEDY),
    ],
)
def test_what_a_file_asks_for_unless_it_is_nonsense(
    tiny_gguf: dict[str, Path], tmp_path: Path, settings: list[str], asked: Sampling
) -> None:
    with open_model(with_values(tiny_gguf["BF16"], tmp_path, settings), threads=1) as model:
        assert model.sampling == asked


@pytest.mark.parametrize(
    ("sampling", "n_most"),
    [
        (Sampling(temperature=5, top_p=1), 259),
        (Sampling(temperature=5, top_p=1, top_k=3), 3),
        (Sampling(temperature=5, top_p=0.01), 1),
        (Sampling(temperature=5, top_p=1, min_p=0.99), 2),
    ],
)
def test_of_how_many_tokens_one_is_drawn(
    tiny_gguf: dict[str, Path], sampling: Sampling, n_most: int
) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        drawn = {
            next(model.generate(PROMPT, max_tokens=1, sampling=replace(sampling, seed=seed)))
            for seed in range(60)
        }
        likeliest = np.argsort(model.logits(PROMPT)[-1])[::-1][:n_most].tolist()
    assert drawn <= set(likeliest)
    assert len(drawn) > (1 if n_most > 2 else 0)


def test_a_penalty_keeps_from_saying_it_again(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        plain, fresh = (
            list(model.generate(PROMPT, max_tokens=100, sampling=Sampling(repeat_penalty=penalty)))
            for penalty in (1.0, 2.0)
        )
    assert len(set(plain)) < len(set(fresh))
    assert plain[0] == fresh[0]  # what the prompt holds may be said
