"""Rules ask for layers of any kind of tensor; architectures are known or not."""

import re
from collections.abc import Mapping

import gguf
import pytest

from llmq.errors import RecipeError
from llmq.recipes.choose import formats_for
from llmq.recipes.decoders import KNOWN, OTHERS
from llmq.recipes.rules import (
    DOWN,
    MIXES,
    VALUES,
    Condition,
    Facts,
    Rule,
    first_eighth,
    first_four,
    more,
)
from llmq.recipes.table import Recipe
from tests.oracles.skeletons import SKELETONS

OWN = Recipe("OWN", "Q4_K", 0, "Q6_K", "a mix of our own", ours=True)
MORE_OF_16 = {0, 1, 4, 7, 10, 13, 14, 15}


def layers(
    monkeypatch: pytest.MonkeyPatch, rule: Rule, skeleton: str = "dense"
) -> Mapping[str, set[int]]:
    """The layers in which a rule gives a tensor its format, by the tensor's kind."""
    monkeypatch.setitem(MIXES, OWN.name, (rule,))
    model = SKELETONS[skeleton]
    found: dict[str, set[int]] = {}
    for name, choice in formats_for(OWN, model.shapes, model.facts).items():
        match = re.fullmatch(r"blk\.(\d+)\.(.+)\.weight", name)
        if choice.format.name == rule.format:
            found.setdefault(match[2] if match else name, set()).add(int(match[1]) if match else -1)
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [(more, MORE_OF_16), (first_eighth, {0, 1}), (first_four, {0, 1, 2, 3})],
)
@pytest.mark.parametrize("kind", ["ffn_up", "attn_q", "attn_v", "ffn_down"])
def test_a_rule_on_layers_counts_every_kind(
    kind: str, condition: Condition, expected: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert layers(monkeypatch, Rule(kind, "Q8_0", condition)) == {kind: expected}


def test_a_rule_on_layers_does_not_hold_outside_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = layers(monkeypatch, Rule("", "Q8_0", more))
    assert found.keys() == {
        "attn_q",
        "attn_k",
        "attn_v",
        "attn_output",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
    }
    assert set.union(*found.values()) == MORE_OF_16


def test_a_recipe_of_our_own_has_none_of_llama_quantizes_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = layers(monkeypatch, Rule(f"{VALUES}|{DOWN}", "Q5_K"), "eight experts")
    assert found == {"attn_v": set(range(16)), "ffn_down_exps": set(range(16))}
    falcon = SKELETONS["falcon"]
    chosen = formats_for(OWN, falcon.shapes, falcon.facts)
    assert chosen["output.weight"].format.name == "Q6_K"


def test_every_architecture_of_the_gguf_package_is_known() -> None:
    assert not KNOWN & OTHERS.keys()
    assert {*gguf.MODEL_ARCH_NAMES.values()} <= KNOWN | OTHERS.keys()


def test_an_architecture_that_is_not_known() -> None:
    facts = Facts(architecture="newest", n_layer=1, n_head=1, n_head_kv=1, tied=True)
    shapes = {"blk.0.attn_q.weight": (4, 256)}
    with pytest.raises(RecipeError, match="rules for the architecture 'newest' are not known here"):
        formats_for(Recipe("Q4_0", "Q4_0", 2, "Q6_K", ""), shapes, facts)
    assert formats_for(OWN, shapes, facts)["blk.0.attn_q.weight"].format.name == "Q4_K"
