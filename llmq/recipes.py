"""Recipes: which block format each tensor gets. Ordered rules, the first that matches wins.

The rules restate what llama-quantize does (`llama_tensor_get_type_impl` in llama.cpp's
src/llama-quant.cpp), as data. A shape that does not fit a format's blocks falls back by one table.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from llmq.errors import RecipeError
from llmq_kernels import FORMATS
from llmq_kernels.format import Format


@dataclass(frozen=True)
class Rule:
    """Tensors whose GGUF name matches `pattern` (whole) get `format`, or the recipe's base."""

    pattern: str
    format: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A named mix of formats. `file_type` is llama.cpp's `llama_ftype` of such a file."""

    name: str
    base: str
    file_type: int
    output: str
    description: str

    def rules(self, *, tied: bool) -> tuple[Rule, ...]:
        """The rules for a model whose output matrix is, or is not, its token embedding."""
        head = r"(token_embd|output)\.weight" if tied else r"output\.weight"
        return (
            Rule(r".*(?<!\.weight)", "F32"),  # biases
            Rule(r".*_norm\.weight|rope_freqs\.weight", "F32"),
            Rule(head, self.output),
            Rule(r".*"),
        )


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("F32", "F32", 0, "F32", "every weight as it is, 32 bits; for comparisons"),
        Recipe("F16", "F16", 1, "F16", "16-bit half precision"),
        Recipe("BF16", "BF16", 32, "BF16", "16-bit brain floats: exact for BF16 checkpoints"),
        Recipe("Q8_0", "Q8_0", 7, "Q8_0", "8 bits in blocks of 32; nearly indistinguishable"),
        Recipe("Q4_0", "Q4_0", 2, "Q6_K", "4 bits in blocks of 32; the output matrix in 6 bits"),
    )
}

# What llama-quantize takes where a row length is no multiple of the block (`tensor_type_fallback`);
# a format without a row here falls back to F16.
FALLBACKS: Mapping[str, str] = {"Q6_K": "Q8_0"}


def recipe_named(name: str) -> Recipe:
    """The recipe of this name, in any case; `RecipeError` suggests the nearest."""
    recipe = RECIPES.get(name.upper())
    if recipe is None:
        near = difflib.get_close_matches(name.upper(), RECIPES, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(RECIPES)}"
        raise RecipeError(f"there is no recipe {name!r}; {hint}")
    return recipe


def format_for(recipe: Recipe, name: str, shape: tuple[int, ...], *, tied: bool) -> Format:
    """The format of the tensor `name` (in GGUF) of `shape` (row-major) under `recipe`."""
    if len(shape) < 2:
        return FORMATS["F32"]
    rule = next(rule for rule in recipe.rules(tied=tied) if re.fullmatch(rule.pattern, name))
    chosen = FORMATS[rule.format or recipe.base]
    # llama-quantize asks whether the rows fit the *base* format before it takes the better one.
    if rule.format == "Q6_K" and shape[-1] % FORMATS[recipe.base].block:
        chosen = FORMATS["Q8_0"]
    while shape[-1] % chosen.block:
        chosen = FORMATS[FALLBACKS.get(chosen.name, "F16")]
    return chosen
