"""Mixes: which tensors get another format than most. Ordered rules, the first that matches wins.

The rules restate, as data, what llama-quantize does (`llama_tensor_get_type_impl` and
`use_more_bits` in llama.cpp's src/llama-quant.cpp), but for types below Q2_K. What it does for
single architectures is in `llmq.recipes.decoders`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the choice of formats depends on besides a tensor's name and shape."""

    architecture: str
    n_layer: int
    n_head: int
    """Of the first layer: llama-quantize looks at no other."""
    n_head_kv: int
    n_expert: int = 0
    tied: bool
    """The output matrix is the token embedding: there is no output.weight."""


@dataclass(frozen=True)
class Place:
    """A tensor as the rules see it: number `index` of `count` of its kind, in llama.cpp's order.

    `index` is None for a tensor in no layer, as the token embedding.
    """

    shape: tuple[int, ...]
    index: int | None
    count: int
    facts: Facts
    guided: bool = False
    """There is an importance matrix."""


Condition = Callable[[Place], bool]


def by_layer(chosen: Callable[[int, int], bool]) -> Condition:
    """A condition on a tensor's index and count, which no tensor outside the layers meets."""

    @wraps(chosen)
    def condition(place: Place) -> bool:
        return place.index is not None and chosen(place.index, place.count)

    return condition


def always(_: Place) -> bool:
    """Every tensor."""
    return True


@by_layer
def more(index: int, count: int) -> bool:
    """The first and last eighth of the layers, and every third in between."""
    eighth = count // 8
    return index < eighth or index >= 7 * count // 8 or (index - eighth) % 3 == 2


@by_layer
def first_eighth(index: int, count: int) -> bool:
    """The first eighth of the layers."""
    return index < count // 8


@by_layer
def first_sixteenth(index: int, count: int) -> bool:
    """The first sixteenth of the layers."""
    return index < count // 16


@by_layer
def first_two(index: int, _: int) -> bool:
    """The first two layers."""
    return index < 2


@by_layer
def first_four(index: int, _: int) -> bool:
    """The first four layers."""
    return index < 4


def four_share(place: Place) -> bool:
    """Grouped-query attention with four or more query heads for each head of keys and values."""
    heads, shared = place.facts.n_head, place.facts.n_head_kv
    return shared > 0 and heads // shared >= 4


def eight_experts(place: Place) -> bool:
    """The model is a mixture of eight experts, as Mixtral."""
    return place.facts.n_expert == 8


# The number of layers of models that llama.cpp calls 70B (`load_arch_hparams` in its src/models).
LAYERS_OF_70B: Mapping[str, int] = {"llama": 80, "qwen2": 80, "deci": 80, "olmo": 80, "jais2": 68}


def seventy_billion(place: Place) -> bool:
    """Models that llama.cpp calls 70B; of llamas only those with grouped-query attention."""
    facts = place.facts
    grouped = facts.n_head != facts.n_head_kv and facts.n_expert != 8
    return LAYERS_OF_70B.get(facts.architecture) == facts.n_layer and (
        grouped or facts.architecture != "llama"
    )


def tied(place: Place) -> bool:
    """The model has no output matrix of its own."""
    return place.facts.tied


def guided(place: Place) -> bool:
    """There is an importance matrix."""
    return place.guided


def unguided(place: Place) -> bool:
    """There is no importance matrix."""
    return not place.guided


def experts(place: Place) -> bool:
    """The tensor holds the matrices of several experts."""
    return len(place.shape) == 3 and place.shape[0] > 1


@dataclass(frozen=True)
class Rule:
    """Tensors whose GGUF name holds `pattern` get `format`, None for the base, in places `when`."""

    pattern: str
    format: str | None
    when: Condition = always

    def matches(self, name: str, place: Place) -> bool:
        """Whether this rule decides for the tensor."""
        return re.search(self.pattern, name) is not None and self.when(place)


OUTPUT = r"^output\.weight$"
EMBEDDINGS = r"^(per_layer_)?token_embd\.weight$"
VALUES = r"attn_(qkv|kv_b|v)\.weight"
KEYS = r"attn_k\.weight"
PROJECTION = r"attn_output\.weight"
DOWN = r"ffn_down"

FOR_EIGHT_EXPERTS = (Rule(VALUES, "Q8_0", eight_experts), Rule(KEYS, "Q8_0", eight_experts))
PROJECTION_OF_EIGHT = Rule(PROJECTION, "Q5_K", eight_experts)
NON_LINEAR = (
    Rule(VALUES, "Q5_K", four_share),
    Rule(DOWN, None, guided),
    Rule(DOWN, "Q5_K", first_eighth),
    PROJECTION_OF_EIGHT,
)

# Recipes without a row here use their base throughout.
MIXES: Mapping[str, tuple[Rule, ...]] = {
    "Q4_0": (Rule(DOWN, None, unguided), Rule(DOWN, "Q4_1", first_eighth)),
    "Q5_0": (Rule(DOWN, None, unguided), Rule(DOWN, "Q5_1", first_eighth)),
    "Q5_K_M": (Rule(VALUES, "Q6_K", more), Rule(DOWN, "Q6_K", more)),
    "Q4_K_M": (
        Rule(VALUES, "Q6_K", more),
        Rule(VALUES, "Q5_K", seventy_billion),
        Rule(DOWN, "Q6_K", more),
        PROJECTION_OF_EIGHT,
    ),
    "Q4_K_S": (
        Rule(VALUES, "Q5_K", first_four),
        Rule(VALUES, "Q5_K", seventy_billion),
        Rule(DOWN, "Q5_K", first_eighth),
        PROJECTION_OF_EIGHT,
    ),
    "PORTABLE": (Rule(EMBEDDINGS, "Q8_0"),),
    "IQ4_NL": NON_LINEAR,
    "IQ4_XS": NON_LINEAR,
    "Q3_K_L": (
        Rule(VALUES, "Q5_K"),
        Rule(DOWN, "Q5_K"),
        Rule(PROJECTION, None, eight_experts),
        Rule(PROJECTION, "Q5_K"),
    ),
    "Q3_K_M": (
        Rule(VALUES, "Q5_K", first_two),
        Rule(VALUES, "Q5_K", seventy_billion),
        Rule(VALUES, "Q4_K"),
        Rule(DOWN, "Q5_K", first_sixteenth),
        Rule(DOWN, "Q4_K"),
        PROJECTION_OF_EIGHT,
        Rule(PROJECTION, "Q4_K"),
    ),
    "Q3_K_S": (Rule(VALUES, "Q5_K", seventy_billion), PROJECTION_OF_EIGHT),
    "Q2_K": (
        Rule(VALUES, "Q5_K", seventy_billion),
        Rule(VALUES, "Q4_K", four_share),
        Rule(VALUES, "Q3_K"),
        Rule(DOWN, "Q3_K"),
        PROJECTION_OF_EIGHT,
        Rule(PROJECTION, "Q3_K"),
    ),
    "MXFP4_MOE": (Rule("", "MXFP4", experts), Rule("", "Q8_0")),
}
