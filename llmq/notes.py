"""Notes: what a plan has to say about its file, in whole sentences with numbers."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod

from llmq.encoding import STORED
from llmq.importance import Importance
from llmq.planned_tensor import PlannedTensor
from llmq.recipes.choose import Choice, Shapes
from llmq.recipes.known_drift import known_drift
from llmq.recipes.overrides import Overrides
from llmq.recipes.table import RECIPES, Recipe
from llmq.sources.source import Source
from llmq.spelling import counted

Choose = Callable[[Recipe, Overrides], Mapping[str, Choice]]
"""The formats of one model's tensors, by recipe."""

NOTABLE = 1.05  # how much larger or smaller a file is for it to be worth a word
NEVER_MEASURED = ("token_embd.weight", "output.weight")  # llama-imatrix leaves them out
SHOWN_NAMES = 3

# By base, the recipe of about as many bits whose blocks of 32 fit rows that blocks of 256 do not.
SMALL_BLOCKS: Mapping[str, str] = {
    "Q2_K": "IQ4_NL",
    "Q3_K": "IQ4_NL",
    "Q4_K": "IQ4_NL",
    "Q5_K": "Q5_0",
    "IQ4_XS": "IQ4_NL",
}


def on_fallbacks(
    choices: Mapping[str, Choice],
    shapes: Shapes,
    recipe: Recipe,
    overrides: Overrides,
    choose: Choose,
) -> list[str]:
    """How rows that are not whole blocks change the size, and a recipe whose blocks fit them.

    `choose` gives the formats of the same model with that recipe.
    """
    fallen = {name: choice for name, choice in choices.items() if choice.format != choice.wanted}
    bits, wanted = _bits(shapes, choices), _bits(shapes, choices, wanted=True)
    if bits < wanted * NOTABLE:
        return []
    widths = _listed(sorted({shapes[name][-1] for name in fallen}))
    blocks = _listed(sorted({choice.wanted.block for choice in fallen.values()}))
    formats = _listed(dict.fromkeys(choice.format.name for choice in fallen.values()))
    fall = counted(len(fallen), "matrix falls", "matrices fall")
    text = (
        f"rows of {widths} weights are not whole blocks of {blocks}: {fall} back to"
        f" {formats}, which makes {bits:.2f} bits per weight instead of {wanted:.2f}"
    )
    other = RECIPES.get(SMALL_BLOCKS.get(recipe.base, ""))
    if other is not None:
        mixed = _bits(shapes, choose(other, overrides))
        pure = _bits(shapes, choose(other, replace(overrides, pure=True)))
        if pure * NOTABLE < bits:
            text += f"; --recipe {other.name} makes {mixed:.2f}"
            text += _on_drift(recipe.name, other.name, shapes)
            text += f"; with --pure, {pure:.2f}" if pure * NOTABLE < mixed else ""
    return [text]


def _on_drift(recipe: str, other: str, shapes: Shapes) -> str:
    """What a recipe of about as many bits costs in closeness to the original."""
    known = known_drift(shapes).by_recipe
    if recipe not in known or other not in known:
        return ""
    ratio = known[other].kl_nats / known[recipe].kl_nats
    return f", but was {ratio:.2g} times as far from the original where measured" * (
        ratio > NOTABLE
    )


def on_codes(tensors: Sequence[PlannedTensor], source: Source) -> list[str]:
    """What becomes of the codes that a checkpoint was published in."""
    codes = source.codes
    if codes is None:
        return []
    blocks = [tensor for tensor in tensors if tensor.format.block > 1]
    others = [tensor.name for tensor in blocks if tensor.source.weights.dtype != codes]
    coded = [tensor for tensor in tensors if tensor.source.weights.dtype == codes]
    kept = sum(tensor.encoding.encoder == STORED for tensor in coded)
    changed = [t.format for t in coded if t.encoding.encoder != STORED and t.format.block > 1]
    again, found = Counter(fmt.name for fmt in changed), []
    if kept:
        found.append(
            f"{kept} of {len(coded)} matrices keep the {codes} codes that the checkpoint was published in, one to"
            f" one{_besides(others)}"
        )
    if again:
        listed = ", ".join(f"{count} to {name}" for name, count in again.items())
        found.append(
            f"{again.total()} matrices were published in {codes} codes and are rounded again ({listed});"
            f" --recipe {source.usual_recipe} keeps them as they are"
        )
    return found


def _besides(names: list[str]) -> str:
    """Which matrices are rounded all the same, as they were published in more bits."""
    shown = ", ".join(names[:SHOWN_NAMES]) + ", ..." * (len(names) > SHOWN_NAMES)
    return f"; what was published in more bits is rounded ({shown})" if names else ""


def on_importance(importance: Importance | None, choices: Mapping[str, Choice]) -> list[str]:
    """What an importance matrix lacks, and what was changed in it."""
    found: list[str] = []
    if importance is None:
        return found
    quantized = [name for name, choice in choices.items() if choice.format.block > 1]
    expected = [name for name in quantized if name not in NEVER_MEASURED]
    missing = [name for name in expected if name not in importance.rows]
    if missing:
        names = ", ".join(missing[:SHOWN_NAMES]) + ", ..." * (len(missing) > SHOWN_NAMES)
        found.append(
            f"{importance.path} says nothing of {len(missing)} of {len(expected)} matrices ({names}):"
            " they are quantized without"
        )
    if importance.n_raised:
        found.append(
            f"{importance.path}: {importance.n_raised} columns have importance zero and count a millionth"
            " of their row's median; with --imatrix-exact they count nothing, as for llama-quantize"
        )
    return found


def _bits(shapes: Shapes, choices: Mapping[str, Choice], *, wanted: bool = False) -> float:
    """Bits for one weight of the whole file, as it is or as it would be if every row fitted."""
    total = n_weights = 0.0
    for name, choice in choices.items():
        weights = prod(shapes[name])
        used = choice.wanted if wanted else choice.format
        total += weights * used.bits_per_weight
        n_weights += weights
    return total / n_weights


def _listed(items: Iterable[object]) -> str:
    *most, last = [str(item) for item in items]
    return f"{', '.join(most)} and {last}" if most else last
