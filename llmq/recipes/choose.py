"""Which format each tensor gets: named types, then the recipe's rules, then what the shape allows.

The order of decisions is that of `llama_tensor_get_type` in llama.cpp's src/llama-quant.cpp.

Where a rule asks for layers, it is given a tensor's number among those of its kind. llama-quantize
numbers attention values and ffn_down in the order in which it visits them and leaves out those
whose type is named; so does this. Every other tensor has the number of its layer.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from llmq.errors import RecipeError
from llmq.recipes.decoders import KNOWN
from llmq.recipes.overrides import Overrides
from llmq.recipes.rules import DOWN, VALUES, Facts, Place
from llmq.recipes.table import Recipe
from llmq.recipes.untouched import is_quantizable
from llmq_kernels import FORMATS
from llmq_kernels.format import Format

Shapes = Mapping[str, tuple[int, ...]]
"""Row-major shapes of tensors by their GGUF names."""

# What llama-quantize takes where a row is no multiple of the block (`tensor_type_fallback`). Where
# it is no multiple of that block either, and for formats in blocks of 32 or fewer, F16.
FALLBACKS: Mapping[str, str] = {
    "Q2_K": "Q4_0",
    "Q3_K": "Q4_0",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
    "IQ4_XS": "IQ4_NL",
}

UNNAMED = Overrides()
NOTHING_KEPT: Mapping[str, str] = {}


class Choice(NamedTuple):
    """The format of a tensor, and the one it would have if its rows were whole blocks."""

    format: Format
    wanted: Format


def formats_for(
    recipe: Recipe,
    shapes: Shapes,
    facts: Facts,
    overrides: Overrides = UNNAMED,
    *,
    guided: bool = False,
    kept: Mapping[str, str] = NOTHING_KEPT,
) -> dict[str, Choice]:
    """The format of every tensor of a model, by name, in the order of `shapes`.

    `guided` tells whether there is an importance matrix, `kept` the formats that tensors keep where
    no recipe touches them (F32 where it does not say). Raises `RecipeError` for an architecture
    whose rules are not known, a type that no fallback fits, and a pattern that matches nothing.
    """
    _check_known(recipe, facts, overrides)
    matrices = [
        name for name, shape in shapes.items() if is_quantizable(name, shape, facts.architecture)
    ]
    overrides.check(matrices)
    rules = recipe.rules(facts.architecture, overrides.output)
    places = _Places(shapes, facts, guided=guided)
    chosen = {}
    for name in sorted(matrices, key=_visit):
        wanted = overrides.format_for(name)
        if wanted is None and not overrides.pure:
            place = places.next(name)
            rule = next(rule for rule in rules if rule.matches(name, place))
            wanted = rule.format
        chosen[name] = _fitting(wanted or recipe.base, name, shapes[name][-1])
    plain = {name: FORMATS[kept.get(name, "F32")] for name in shapes}
    return {name: chosen.get(name, Choice(plain[name], plain[name])) for name in shapes}


def _check_known(recipe: Recipe, facts: Facts, overrides: Overrides) -> None:
    """Raise `RecipeError` where llama-quantize may have rules that are not restated here."""
    if recipe.follows_rules and not overrides.pure and facts.architecture not in KNOWN:
        raise RecipeError(
            f"{recipe.name}: llama-quantize's rules for the architecture {facts.architecture!r} are not"
            " known here; without rules are F16, BF16, F32, and any recipe with --pure"
        )


class _Places:
    """Numbers the tensors of each kind as they are visited."""

    def __init__(self, shapes: Shapes, facts: Facts, *, guided: bool) -> None:
        self._shapes, self._facts, self._guided = shapes, facts, guided
        values = sum(re.search(VALUES, name) is not None for name in shapes)
        self._counts = {VALUES: values, DOWN: facts.n_layer}
        self._seen: Counter[str] = Counter()

    def next(self, name: str) -> Place:
        """The place of the tensor that is visited now."""
        index, count = self._number(name)
        return Place(self._shapes[name], index, count, self._facts, self._guided)

    def _number(self, name: str) -> tuple[int | None, int]:
        """The tensor's number among those of its kind, and how many llama.cpp takes them to be."""
        layer = _layer(name)
        for kind, count in self._counts.items():
            if re.search(kind, name):
                index = self._seen[kind]
                self._seen[kind] += 1
                mixture = kind == DOWN and self._facts.n_expert > 1  # several in a layer, perhaps
                return (layer if mixture else index), count
        return (None if layer < 0 else layer), self._facts.n_layer


def _layer(name: str) -> int:
    match = re.match(r"blk\.(\d+)\.", name)
    return int(match[1]) if match else -1


def _visit(name: str) -> tuple[int, str]:
    """`weight_name_comparer` in llama.cpp's llama-model-loader.h."""
    return _layer(name), name


def _fitting(wanted: str, name: str, n_cols: int) -> Choice:
    used = wanted
    while n_cols % FORMATS[used].block:
        if used not in FALLBACKS and FORMATS[used].block > 32:
            raise RecipeError(
                f"{name}: {used} stores blocks of {FORMATS[used].block} weights, rows of {n_cols} are not"
                " whole blocks, and nothing is like it in smaller ones; name another type"
            )
        used = FALLBACKS.get(used, "F16")
    return Choice(FORMATS[used], FORMATS[wanted])
