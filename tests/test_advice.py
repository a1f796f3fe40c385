"""Which recipes are marked, and what is said of the others."""

from pathlib import Path

import pytest

from llmq import make_plan, open_source
from llmq.advice import MARKS, Sizes, advice_on, in_words, marked
from llmq.recipes.known_drift import Measured, known_drift
from llmq.recipes.overrides import Overrides
from llmq.recipes.table import RECIPES

WHOLE, ODD = known_drift({"m": (8, 512)}), known_drift({"m": (8, 576)})
# Megabytes of a random model of 1.1 B weights (whole superblocks), and of smoltutor's files (odd).
SIZES_WHOLE = {"Q8_0": 1169, "Q6_K": 903, "Q5_1": 831, "Q5_K_M": 782, "Q5_K_S": 766, "Q5_0": 766,
               "Q4_1": 701, "Q4_K_M": 668, "IQ4_NL": 641, "Q4_K_S": 640, "Q4_0": 637, "IQ4_XS": 610,
               "Q3_K_L": 592, "Q3_K_M": 548, "Q3_K_S": 499, "Q2_K": 432, "F16": 2200, "MXFP4_MOE": 1169}  # fmt: skip
SIZES_ODD = {"Q8_0": 144.8, "Q6_K": 138.4, "Q5_K_M": 112.1, "Q5_1": 111.6, "Q5_K_S": 110.0,
             "Q4_K_M": 105.5, "Q5_0": 105.0, "Q4_K_S": 102.0, "Q4_1": 98.4, "Q3_K_L": 97.5,
             "Q3_K_M": 93.5, "IQ4_NL": 92.1, "Q4_0": 91.7, "IQ4_XS": 91.3, "Q3_K_S": 88.2,
             "Q2_K": 88.2, "F16": 270.9, "MXFP4_MOE": 144.8}  # fmt: skip


@pytest.mark.parametrize(("sizes", "measured"), [(SIZES_WHOLE, WHOLE), (SIZES_ODD, ODD)])
def test_the_marks(sizes: Sizes, measured: Measured) -> None:
    found = marked(sizes, measured)
    expected = {"IQ4_XS": "small", "Q4_K_M": "balanced", "Q8_0": "close to the original"}
    assert {recipe: mark.name for recipe, mark in found.items()} == expected


def test_marked_files_are_within_their_limits() -> None:
    for sizes, measured in ((SIZES_WHOLE, WHOLE), (SIZES_ODD, ODD)):
        for recipe, mark in marked(sizes, measured).items():
            assert measured.by_recipe[recipe].kl_nats <= mark.most_kl_nats


def test_every_block_recipe_has_been_measured() -> None:
    """But for mixtures of experts, and for the recipe that is chosen for another runtime's sake."""
    for measured in (WHOLE, ODD):
        missing = set(RECIPES) - set(measured.by_recipe)
        assert missing <= {"F32", "F16", "BF16", "MXFP4_MOE", "PORTABLE"}


def test_a_tenth_less_is_not_worth_three_times_the_drift() -> None:
    """On rows of 576 weights IQ4_NL is smaller than Q4_K_M and much further from the original."""
    text = in_words("IQ4_NL", SIZES_ODD, ODD)
    assert text.startswith("IQ4_NL is 13 % smaller than Q4_K_M, the balanced choice, and was 3")
    assert text.endswith("times as far from the original where measured")


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("Q4_K_M", "Q4_K_M is the balanced choice for this model"),
        ("IQ4_XS", "IQ4_XS is the small choice for this model"),
        ("Q8_0", "Q8_0 is close to the original for this model"),
        ("Q6_K", "times closer to the original where measured"),
        ("F16", ""),
        ("MXFP4_MOE", ""),
    ],
)
def test_words(recipe: str, said: str) -> None:
    text = in_words(recipe, SIZES_WHOLE, WHOLE)
    assert said in text if said else text == ""


def test_of_a_plan(repository: Path) -> None:
    source = open_source(repository / "eval" / "tutor")
    assert MARKS[1].words in advice_on(make_plan(source, recipe="Q4_K_M"))
    assert advice_on(make_plan(source, overrides=Overrides(pure=True))) == ""
