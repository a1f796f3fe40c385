"""The recipe whose codes other runtimes can take unchanged."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llmq import convert, execute, make_plan, open_gguf, open_source
from llmq.errors import RecipeError
from llmq.recipes.table import recipe_named
from llmq_kernels import FORMATS, Encoder

MakeCheckpoint = Callable[..., Path]


def blocks_of(path: Path) -> dict[str, np.ndarray]:
    """The blocks of all quantized tensors."""
    found = {}
    for tensor in open_gguf(path).tensors:
        fmt = FORMATS[tensor.type_name]
        if fmt.block > 1:
            data = np.fromfile(path, np.uint8, tensor.n_bytes, offset=tensor.offset)
            found[tensor.name] = data.view(fmt.layout)
    return found


@pytest.mark.parametrize("tied", [True, False])
def test_formats_and_scales(make_checkpoint: MakeCheckpoint, tmp_path: Path, tied: bool) -> None:
    folder = make_checkpoint(tie_word_embeddings=tied)
    file = convert(folder, tmp_path / "p.gguf", recipe="portable")
    assert open_gguf(file).metadata["llmq.encoder"] == "portable"
    blocks = blocks_of(file)
    heads = {"token_embd.weight"} if tied else {"token_embd.weight", "output.weight"}
    for name, found in blocks.items():
        assert found.dtype == FORMATS["Q8_0" if name in heads else "Q4_0"].layout
        scales = found["d"].astype(np.float32)
        assert (scales > 0).all()
        assert not (scales.view(np.uint32) & 0xFFFF).any()
    assert len(blocks) == 14 + len(heads)


def test_blocks_that_will_do_are_kept(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """And those that will not are chosen anew."""
    folder = make_checkpoint()
    first = convert(folder, tmp_path / "first.gguf", recipe="portable")
    again = open_source(first, allow_requantize=True)
    plan = make_plan(again, recipe="portable")
    second = execute(plan, tmp_path / "second.gguf", load_check=False)
    for name, blocks in blocks_of(first).items():
        np.testing.assert_array_equal(blocks, blocks_of(second)[name])
    other = convert(folder, tmp_path / "other.gguf", recipe="Q4_0")
    plan = make_plan(open_source(other, allow_requantize=True), recipe="portable")
    third = execute(plan, tmp_path / "third.gguf", load_check=False)
    assert all((blocks["d"] > 0).all() for blocks in blocks_of(third).values())


def test_what_goes_with_it(make_checkpoint: MakeCheckpoint) -> None:
    source = open_source(make_checkpoint())
    with pytest.raises(RecipeError, match="chosen by the encoder portable, not ggml"):
        make_plan(source, recipe="portable", encoder=Encoder.GGML)
    with pytest.raises(RecipeError, match="the quality best would choose others"):
        make_plan(source, recipe="portable", quality="best")
    assert make_plan(source, recipe="portable", encoder=Encoder.PORTABLE).encoder == "portable"
    assert make_plan(source, recipe="portable", quality="good").encoder == "portable"


def test_the_recipe_is_found_in_any_case() -> None:
    assert recipe_named("portable") is recipe_named("PORTABLE")
