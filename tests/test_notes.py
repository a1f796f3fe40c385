"""The notes of a plan: sizes that swell because rows are not whole blocks."""

from collections.abc import Mapping

import pytest

from llmq.notes import on_fallbacks
from llmq.recipes.choose import Choice, formats_for
from llmq.recipes.overrides import Overrides
from llmq.recipes.rules import Facts
from llmq.recipes.table import Recipe, recipe_named


def small_model(
    layers: int, width: int, ff: int, kv: int, vocabulary: int
) -> Mapping[str, tuple[int, ...]]:
    """The shapes of a Llama-like model whose output matrix is tied."""
    matrices = {
        "attn_q": (width, width),
        "attn_k": (kv, width),
        "attn_v": (kv, width),
        "attn_output": (width, width),
        "ffn_gate": (ff, width),
        "ffn_up": (ff, width),
        "ffn_down": (width, ff),
    }
    names = {
        f"blk.{i}.{name}.weight": shape for i in range(layers) for name, shape in matrices.items()
    }
    return {"token_embd.weight": (vocabulary, width), **names, "output_norm.weight": (width,)}


QWEN = small_model(24, 896, 4864, 128, 151936)  # Qwen2.5-0.5B
QWEN_MODEL = Facts(architecture="qwen2", n_layer=24, n_head=14, n_head_kv=2, tied=True)
SMOL = small_model(30, 576, 1536, 192, 49152)  # SmolLM-135M
SMOL_MODEL = Facts(architecture="llama", n_layer=30, n_head=9, n_head_kv=3, tied=True)
WHOLE = small_model(4, 256, 768, 128, 1792)


def notes(recipe: str, shapes: Mapping[str, tuple[int, ...]], facts: Facts) -> list[str]:
    def choose(some: Recipe, named: Overrides) -> dict[str, Choice]:
        return formats_for(some, shapes, facts, named)

    chosen, nothing = recipe_named(recipe), Overrides()
    return on_fallbacks(choose(chosen, nothing), shapes, chosen, nothing, choose)


@pytest.mark.parametrize(
    ("shapes", "model", "recipe", "said"),
    [
        (QWEN, QWEN_MODEL, "Q4_K_M", "rows of 896 weights are not whole blocks of 256: 145 matrices fall back to Q8_0 and Q5_0, which makes 6.34 bits per weight instead of 5.29; --recipe IQ4_NL makes 5.64, but was "),
        (SMOL, SMOL_MODEL, "Q4_K_M", "rows of 576 weights"),
        (QWEN, QWEN_MODEL, "Q4_K_M", " times as far from the original where measured; with --pure, 4.50"),
        (SMOL, SMOL_MODEL, "Q5_K_S", "--recipe Q5_0 makes"),
        (SMOL, SMOL_MODEL, "Q3_K_M", "--recipe IQ4_NL makes"),
        (SMOL, SMOL_MODEL, "Q6_K", "fall back to Q8_0, which makes 8.12 bits"),
    ],
)  # fmt: skip
def test_sizes_that_swell(
    shapes: Mapping[str, tuple[int, ...]], model: Facts, recipe: str, said: str
) -> None:
    (note,) = notes(recipe, shapes, model)
    assert said in note


@pytest.mark.parametrize("recipe", ["Q4_K_M", "Q4_0", "Q8_0", "BF16"])
def test_sizes_that_do_not(recipe: str) -> None:
    assert not notes(recipe, WHOLE, SMOL_MODEL)
