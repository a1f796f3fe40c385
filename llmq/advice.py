"""Which recipe for a model: three of them marked by measured drift and size, and words for all.

Small, balanced and close to the original are the smallest files whose measured drift stays below a
limit, each mark with its own. Where up to a tenth more bytes at least halve the drift, the larger
file is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from llmq.errors import RecipeError
from llmq.plan import Plan
from llmq.recipes.choose import formats_for
from llmq.recipes.known_drift import Measured, known_drift
from llmq.recipes.table import RECIPES

LITTLE_MORE = 1.10  # times the bytes
MUCH_CLOSER = 0.5  # times the drift


@dataclass(frozen=True)
class Mark:
    """A kind of choice: its limit of drift in nats a token, and for whom it is."""

    name: str
    most_kl_nats: float
    words: str


# Balanced is the smallest that drift's verdict would call close; the limits lie in gaps between the
# recipes that were measured (recipes/known_drift.toml).
MARKS = (
    Mark("small", 0.18, "for a phone or an old laptop that has no room for more"),
    Mark(
        "balanced",
        0.1,
        "near enough where measured, in less than half the size, and the one to start with",
    ),
    Mark("close to the original", 0.01, "hardly to be told from the original, where there is room"),
)
BALANCED = MARKS[1]

Sizes = Mapping[str, float]
"""Of one model's files, in whatever unit, by recipe."""


def marked(sizes: Sizes, measured: Measured) -> dict[str, Mark]:
    """The recipes that stand for a mark; of two marks a recipe has the closer.

    >>> from llmq.recipes.known_drift import KnownDrift, Measured
    >>> drifts = {"Q8_0": KnownDrift(0.003, 0.98), "Q4_K_M": KnownDrift(0.09, 0.87)}
    >>> found = marked({"Q8_0": 200, "Q4_K_M": 120}, Measured("a tutor", drifts))
    >>> [(recipe, mark.name) for recipe, mark in found.items()]
    [('Q4_K_M', 'balanced'), ('Q8_0', 'close to the original')]
    """
    known = {name: drift.kl_nats for name, drift in measured.by_recipe.items() if name in sizes}
    known = {name: kl for name, kl in known.items() if RECIPES[name].follows_rules}
    found: dict[str, Mark] = {}
    for mark in MARKS:
        below = [name for name, kl in known.items() if kl <= mark.most_kl_nats]
        if not below:
            continue
        smallest = min(below, key=lambda name: (sizes[name], known[name]))
        near = [name for name in known if sizes[name] <= sizes[smallest] * LITTLE_MORE]
        closest = min(near, key=lambda name: (known[name], sizes[name]))
        much = known[closest] <= known[smallest] * MUCH_CLOSER
        found[closest if much else smallest] = mark
    return found


def in_words(recipe: str, sizes: Sizes, measured: Measured) -> str:
    """One sentence on a recipe for the model of these sizes; nothing where nothing is known."""
    marks, drift = marked(sizes, measured), measured.by_recipe.get(recipe)
    if recipe in marks:
        mark = marks[recipe]
        label = mark.name if mark is MARKS[-1] else f"the {mark.name} choice"
        return f"{recipe} is {label} for this model: {mark.words}"
    other = next((name for name, mark in marks.items() if mark is BALANCED), None)
    if drift is None or other is None or not RECIPES[recipe].follows_rules:
        return ""
    size, distance = beside(recipe, other, sizes, measured)
    return (
        f"{recipe} is {size}, the balanced choice, and was {distance} the original where measured"
    )


def beside(recipe: str, other: str, sizes: Sizes, measured: Measured) -> tuple[str, str]:
    """How a recipe's size and its measured distance compare with another's, in words.

    >>> from llmq.recipes.known_drift import KnownDrift, Measured
    >>> drifts = {"Q4_K_M": KnownDrift(0.04, 0.9), "IQ4_XS": KnownDrift(0.15, 0.8)}
    >>> beside("IQ4_XS", "Q4_K_M", {"Q4_K_M": 100, "IQ4_XS": 87}, Measured("a tutor", drifts))
    ('13 % smaller than Q4_K_M', '3.8 times as far from')
    """
    share = sizes[recipe] / sizes[other] - 1
    size = f"{abs(share):.0%} {'larger' if share > 0 else 'smaller'} than".replace("%", " %")
    if abs(share) < 0.005:
        size = "as large as"
    drifts = measured.by_recipe
    ratio = drifts[recipe].kl_nats / drifts[other].kl_nats
    how = f"{ratio:.2g} times as far from" if ratio >= 1 else f"{1 / ratio:.2g} times closer to"
    return f"{size} {other}", how


def advice_on(plan: Plan) -> str:
    """What `in_words` says of a plan's recipe; nothing where that was measured on other blocks.

    That is where options change the formats, where codes are refined, and where they are kept.
    """
    if plan.quality.refine or plan.source.codes is not None:
        return ""
    shapes = {tensor.name: tensor.shape for tensor in plan.tensors}
    kept = {tensor.name: tensor.source.kept_as for tensor in plan.tensors}
    facts, guided = plan.source.facts, plan.quality.importance
    measured = known_drift(shapes)
    try:
        choices = {
            name: formats_for(RECIPES[name], shapes, facts, guided=guided, kept=kept)
            for name in {*measured.by_recipe, plan.recipe.name}
        }
    except RecipeError:  # an architecture whose rules are not known
        return ""
    usual = choices[plan.recipe.name]
    if any(usual[tensor.name].format != tensor.format for tensor in plan.tensors):
        return ""
    # As large as the whole file: what is said of it shall agree with the table of `llmq recipes`.
    besides = plan.n_bytes - sum(tensor.n_bytes for tensor in plan.tensors)
    sizes = {
        name: besides + sum(chosen[tensor].format.nbytes(shape) for tensor, shape in shapes.items())
        for name, chosen in choices.items()
    }
    return in_words(plan.recipe.name, sizes, measured)
