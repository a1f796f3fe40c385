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
from llmq_kernels import FORMATS, Encoder


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
    encoder: Encoder | None = None
    """Who chooses all codes, where the recipe is more than a choice of formats."""

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
        Recipe("F32", "F32", 0, "F32", "every weight as it is, at twice the size; for comparisons"),
        Recipe(
            "F16", "F16", 1, "F16", "half precision: nearly the original, for programs that want it"
        ),
        Recipe(
            "BF16",
            "BF16",
            32,
            "BF16",
            "the original itself where it was trained in BF16, as most are",
        ),
        Recipe(
            "Q8_0", "Q8_0", 7, "Q8_0", "half of the original's size and hardly to be told from it"
        ),
        Recipe("Q6_K", "Q6_K", 18, "Q6_K", "close to the original, where Q8_0 is too large"),
        Recipe("Q5_1", "Q5_1", 9, "Q6_K", "like Q5_K_M, a little larger; fits models of any width"),
        Recipe("Q5_K_M", "Q5_K", 17, "Q6_K", "a little closer than Q4_K_M, a little larger"),
        Recipe("Q5_K_S", "Q5_K", 16, "Q6_K", "as Q5_K_M with less care for what matters most"),
        Recipe("Q5_0", "Q5_0", 8, "Q6_K", "like Q5_K_S; fits models of any width"),
        Recipe("Q4_1", "Q4_1", 3, "Q6_K", "larger than Q4_0 and a little closer; seldom the best"),
        Recipe("Q4_K_M", "Q4_K", 15, "Q6_K", "the usual choice: small, and still itself"),
        Recipe("Q4_K_S", "Q4_K", 14, "Q6_K", "as Q4_K_M with less care for what matters most"),
        Recipe(
            "Q4_0", "Q4_0", 2, "Q6_K", "simple and fast, even on old devices; others are closer"
        ),
        Recipe(
            "IQ4_NL", "IQ4_NL", 25, "Q6_K", "closer than Q4_0 at its size; fits models of any width"
        ),
        Recipe(
            "IQ4_XS", "IQ4_XS", 30, "Q6_K", "the smallest of the 4-bit recipes; for little memory"
        ),
        Recipe(
            "MXFP4_MOE",
            "MXFP4",
            38,
            "Q8_0",
            "for mixtures of experts alone; others come out as Q8_0",
        ),
        Recipe(
            "PORTABLE",
            "Q4_0",
            2,
            "Q8_0",
            "Q4_0 and Q8_0 whose codes other runtimes can take unchanged",
            ours=True,
            encoder=Encoder.PORTABLE,
        ),
        Recipe("Q3_K_L", "Q3_K", 13, "Q6_K", "smaller than 4 bits, and it shows"),
        Recipe("Q3_K_M", "Q3_K", 12, "Q6_K", "smaller than 4 bits, and it shows more"),
        Recipe("Q3_K_S", "Q3_K", 11, "Q6_K", "for large models (7 B and more) in little memory"),
        Recipe("Q2_K", "Q2_K", 10, "Q6_K", "the smallest; for large models (7 B and more) only"),
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
