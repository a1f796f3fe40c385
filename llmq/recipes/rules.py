"""Mixes: which tensors get another format than most. Ordered rules, the first that matches wins.

The rules restate, as data, what llama-quantize does (`llama_tensor_get_type_impl` and `use_more_bits` in
llama.cpp's src/llama-quant.cpp). Left out are its special cases for architectures that llmq does not
convert, falcon's among them, and for types below Q2_K.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the choice of formats depends on besides a tensor's name and shape."""

    architecture: str
    n_layer: int
    n_head: int
    n_head_kv: int
    n_expert: int = 0
    tied: bool
    """The output matrix is the token embedding: there is no output.weight."""


@dataclass(frozen=True)
class Place:
    """A tensor as the rules see it: number `index` of `count` of its kind, in llama.cpp's order."""

    shape: tuple[int, ...]
    index: int
    count: int
    facts: Facts
    guided: bool = False
    """There is an importance matrix."""


Condition = Callable[[Place], bool]


def always(_: Place) -> bool:
    """Every tensor."""
    return True


def more(place: Place) -> bool:
    """The first and last eighth of the layers, and every third in between."""
    eighth = place.count // 8
    outside = place.index < eighth or place.index >= 7 * place.count // 8
    return outside or (place.index - eighth) % 3 == 2


def first_eighth(place: Place) -> bool:
    """The first eighth of the layers."""
    return place.index < place.count // 8


def first_sixteenth(place: Place) -> bool:
    """The first sixteenth of the layers."""
    return place.index < place.count // 16


def first_two(place: Place) -> bool:
    """The first two layers."""
    return place.index < 2


def first_four(place: Place) -> bool:
    """The first four layers."""
    return place.index < 4


def four_share(place: Place) -> bool:
    """Four heads or more share their keys and values."""
    return place.facts.n_head // place.facts.n_head_kv >= 4


def eight_experts(place: Place) -> bool:
    """The model is a mixture of eight experts, as Mixtral."""
    return place.facts.n_expert == 8


def seventy_billion(place: Place) -> bool:
    """Models of 80 layers that llama.cpp calls 70B (`load_arch_hparams` of llama and qwen2)."""
    facts = place.facts
    shared = facts.n_head != facts.n_head_kv and facts.n_expert != 8
    known = {"llama": shared, "qwen2": True}
    return facts.n_layer == 80 and known.get(facts.architecture, False)


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
    """Tensors whose GGUF name holds `pattern` get `format`, or the recipe's base, in places `when`."""

    pattern: str
    format: str | None
    when: Condition = always

    def matches(self, name: str, place: Place) -> bool:
        """Whether this rule decides for the tensor."""
        return re.search(self.pattern, name) is not None and self.when(place)


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
