"""Which format each tensor gets: what is named, then the recipe's rules, then what the shape allows.

The order of decisions is that of `llama_tensor_get_type` in llama.cpp's src/llama-quant.cpp. Rules count
tensors of a kind in the order in which llama-quantize visits them, and it counts only those whose type
nobody named.
"""

import re
from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from llmq.errors import RecipeError
from llmq.recipes.overrides import Overrides
from llmq.recipes.rules import DOWN, VALUES, Facts, Place
from llmq.recipes.table import Recipe
from llmq_kernels import FORMATS
from llmq_kernels.format import Format

Shapes = Mapping[str, tuple[int, ...]]
"""Row-major shapes of tensors by their GGUF names."""

# What `tensor_allows_quantization` leaves alone among the tensors of models that llmq converts.
KEPT = r"(?<!weight)$|_norm\.weight|ffn_gate_inp\.weight"

# What llama-quantize takes where a row is no multiple of the block (`tensor_type_fallback`). Where it is no
# multiple of that block either, and for formats in blocks of 32 or fewer, F16.
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

    `guided` tells whether there is an importance matrix, `kept` the formats that tensors keep where no
    recipe touches them (F32 where it does not say).
    """
    matrices = {name: shape for name, shape in shapes.items() if _quantizable(name, shape)}
    overrides.check(matrices)
    rules = recipe.rules(overrides.output)
    seats = _Seats(matrices, facts, guided=guided)
    chosen = {}
    for name in sorted(matrices, key=_visit):
        wanted = overrides.format_for(name)
        if wanted is None and not overrides.pure:
            place = seats.next(name)
            rule = next(rule for rule in rules if rule.matches(name, place))
            wanted = rule.format
        chosen[name] = _fitting(wanted or recipe.base, name, shapes[name][-1])
    plain = {name: FORMATS[kept.get(name, "F32")] for name in shapes}
    return {name: chosen.get(name, Choice(plain[name], plain[name])) for name in shapes}


class _Seats:
    """Counts the tensors of each kind as they are visited."""

    def __init__(self, matrices: Shapes, facts: Facts, *, guided: bool) -> None:
        self._matrices, self._facts, self._guided = matrices, facts, guided
        values = sum(re.search(VALUES, name) is not None for name in matrices)
        self._counts = {VALUES: values, DOWN: facts.n_layer}
        self._seen: Counter[str] = Counter()

    def next(self, name: str) -> Place:
        """The place of the tensor that is visited now."""
        for kind, count in self._counts.items():
            if re.search(kind, name):
                index = self._seen[kind]
                self._seen[kind] += 1
                if (
                    kind == DOWN and self._facts.n_expert > 1
                ):  # it may stand several times in a layer
                    index = _layer(name)
                return Place(self._matrices[name], index, count, self._facts, self._guided)
        return Place(self._matrices[name], 0, 0, self._facts, self._guided)


def _quantizable(name: str, shape: tuple[int, ...]) -> bool:
    return prod(shape[:-1]) > 1 and not re.search(KEPT, name)


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
