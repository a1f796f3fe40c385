"""The dial of a conversion: how much work it does so that the file comes closer to the original.

A quality is a value over three choices, a row each. A further way (such as training) is a further
column and a row that asks for it.

    encoders     who chooses scales and codes where --encoder names nobody, a row a format
    importance   whether the columns' errors are weighed, by what they are multiplied with in a text
    refine       whether codes are chosen layer by layer, so that each makes up for errors before it
"""

from collections.abc import Mapping
from dataclasses import dataclass

from llmq.errors import RecipeError
from llmq.spelling import did_you_mean
from llmq_kernels import Encoder

# Formats that are not here have ggml's encoder alone. A row changes when files come closer to the
# original by it on two models; kernels/README.md gives the measurements behind those that stand.
ENCODERS: Mapping[str, Encoder] = {
    "Q6_K": Encoder.SEARCH,
    "Q5_1": Encoder.SEARCH,
    "Q5_0": Encoder.SEARCH,
    "Q5_K": Encoder.SEARCH,
    "Q4_1": Encoder.SEARCH,
    "Q4_0": Encoder.SEARCH,
    "Q4_K": Encoder.SEARCH,
    "IQ4_NL": Encoder.SEARCH,
    "IQ4_XS": Encoder.SEARCH,
    "Q3_K": Encoder.SEARCH,
    "Q2_K": Encoder.SEARCH,
}


@dataclass(frozen=True, eq=False)
class Quality:
    """One position of the dial: `words` say what it does, `made` what was done to its files."""

    name: str
    words: str
    made: str
    encoders: Mapping[str, Encoder]
    importance: bool = False
    refine: bool = False

    def encoder(self, name: str) -> Encoder:
        """Who chooses the codes of the format of this name."""
        return self.encoders.get(name, Encoder.GGML)

    def guided_by(self, importance: object | None) -> "Quality":
        """The quality that is meant where an importance matrix is given: fast is then good."""
        return self if importance is None or self.importance else GOOD


FAST = Quality(
    "fast",
    "rounds the weights as they are; needs no text, and takes seconds",
    "weights rounded as they are",
    ENCODERS,
)
GOOD = Quality(
    "good",
    "weighs errors by how much a text makes use of each column; takes minutes",
    "errors weighed by importance",
    ENCODERS,
    importance=True,
)
BEST = Quality(
    "best",
    "goes on layer by layer, and lets each make up for the errors before it; closest, and slowest",
    "codes refined layer by layer against the original",
    ENCODERS,
    importance=True,
    refine=True,
)
QUALITIES: Mapping[str, Quality] = {quality.name: quality for quality in (FAST, GOOD, BEST)}


def quality_named(name: str) -> Quality:
    """The quality of this name; `RecipeError` where there is none."""
    if name not in QUALITIES:
        hint = did_you_mean(name, QUALITIES, otherwise=f"known are {', '.join(QUALITIES)}")
        raise RecipeError(f"there is no quality {name!r}; {hint}")
    return QUALITIES[name]
