"""Recipes: a base format, one for the output matrix, and a mix of rules for what lies between.

Each gives every tensor the type that llama-quantize gives it under the same name, but for those
marked as `ours`. The rules are in `llmq.recipes.rules`, and `llmq.recipes.choose` applies them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from llmq.errors import RecipeError
from llmq.recipes.decoders import BEFORE_MIX, FIRST_OF, OUTPUT_OF
from llmq.recipes.rules import EMBEDDINGS, FOR_EIGHT_EXPERTS, MIXES, OUTPUT, Rule, tied
from llmq.spelling import did_you_mean
from llmq_kernels import FORMATS


@dataclass(frozen=True)
class Recipe:
    """A named mix of formats. `file_type` is llama.cpp's `llama_ftype` of such a file."""

    name: str
    base: str
    file_type: int
    output: str
    description: str

    ours: bool = False
    """A mix of our own: only its rules apply, and none that llama-quantize adds to its recipes."""

    @property
    def follows_rules(self) -> bool:
        """Whether llama-quantize's rules apply: to block recipes, not to F32, F16 and BF16."""
        return not self.ours and FORMATS[self.base].block > 1

    def rules(self, architecture: str, output: str | None = None) -> tuple[Rule, ...]:
        """The rules in order; `output` is a format that replaces that of the output matrix."""
        theirs = architecture if self.follows_rules else ""
        head = output or OUTPUT_OF.get(theirs, self.output)
        ends = (Rule(OUTPUT, head), Rule(EMBEDDINGS, head, tied))
        eight = FOR_EIGHT_EXPERTS if self.follows_rules and self.name not in UNMIXED else ()
        special = BEFORE_MIX.get((theirs, self.name), ())
        mix = (*eight, *special, *MIXES.get(self.name, ()))
        return (*FIRST_OF.get(theirs, ()), *ends, *mix, Rule("", self.base))


# The block recipe in which llama-quantize has no rule for models of eight experts.
UNMIXED = ("MXFP4_MOE",)

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("F32", "F32", 0, "F32", "every weight as it is, 32 bits; for comparisons"),
        Recipe("F16", "F16", 1, "F16", "16-bit half precision"),
        Recipe("BF16", "BF16", 32, "BF16", "16-bit brain floats: exact for BF16 checkpoints"),
        Recipe("Q8_0", "Q8_0", 7, "Q8_0", "8 bits in blocks of 32; nearly indistinguishable"),
        Recipe("Q6_K", "Q6_K", 18, "Q6_K", "6 bits in blocks of 256"),
        Recipe("Q5_1", "Q5_1", 9, "Q6_K", "5 bits and an offset, in blocks of 32"),
        Recipe("Q5_K_M", "Q5_K", 17, "Q6_K", "5 bits in blocks of 256, and 6 where it counts"),
        Recipe("Q5_K_S", "Q5_K", 16, "Q6_K", "5 bits in blocks of 256 throughout"),
        Recipe("Q5_0", "Q5_0", 8, "Q6_K", "5 bits in blocks of 32"),
        Recipe("Q4_1", "Q4_1", 3, "Q6_K", "4 bits and an offset, in blocks of 32"),
        Recipe("Q4_K_M", "Q4_K", 15, "Q6_K", "4 bits in blocks of 256, and 6 where it counts"),
        Recipe("Q4_K_S", "Q4_K", 14, "Q6_K", "4 bits in blocks of 256, and 5 in a few"),
        Recipe("Q4_0", "Q4_0", 2, "Q6_K", "4 bits in blocks of 32; the output matrix in 6 bits"),
        Recipe("IQ4_NL", "IQ4_NL", 25, "Q6_K", "4-bit non-linear codebook, in blocks of 32"),
        Recipe("IQ4_XS", "IQ4_XS", 30, "Q6_K", "4-bit non-linear codebook, in blocks of 256"),
        Recipe("MXFP4_MOE", "MXFP4", 38, "Q8_0", "experts in 4-bit floats, all else in 8 bits"),
        Recipe("Q3_K_L", "Q3_K", 13, "Q6_K", "3 bits in blocks of 256, and 5 where it counts"),
        Recipe("Q3_K_M", "Q3_K", 12, "Q6_K", "3 bits in blocks of 256, and 4 where it counts"),
        Recipe("Q3_K_S", "Q3_K", 11, "Q6_K", "3 bits in blocks of 256 throughout"),
        Recipe("Q2_K", "Q2_K", 10, "Q6_K", "2 bits in blocks of 256, and 3 where it counts"),
    )
}

# What people write for the middle size, as llama-quantize takes it.
ALIASES: Mapping[str, str] = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}


def recipe_named(name: str) -> Recipe:
    """The recipe of this name, in any case, `-` like `_`; `RecipeError` suggests the nearest."""
    plain = name.upper().replace("-", "_")
    recipe = RECIPES.get(ALIASES.get(plain, plain))
    if recipe is None:
        known = f"known are {', '.join(RECIPES)}"
        hint = did_you_mean(plain, [*RECIPES, *ALIASES], otherwise=known, cutoff=0.3)
        raise RecipeError(f"there is no recipe {name!r}; {hint}")
    return recipe
