"""Published 4-bit codes in the file: its decoded values are the checkpoint's, to the bit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from llmq import Overrides, execute, make_plan, open_gguf, open_source, tensor_type
from llmq.architectures.rope import interleaved
from llmq.sources.gguf_model import open_gguf_model
from tests.oracles import low_bit_packers as packers
from tests.oracles.low_bit_folders import packed_tutor
from tests.oracles.low_bit_packers import Packer

SYMMETRIC = {"quantization_config": {"quant_method": "gptq", "bits": 4, "sym": True}}
CASES: Mapping[str, tuple[Packer, Mapping[str, Any], str]] = {
    "w4a16": (packers.packed_integers(exact=True), {}, "Q4_0"),
    "w4a16, groups of 128": (packers.packed_integers(group=128, exact=True), {}, "Q4_0"),
    "GPTQ": (packers.gptq(sym=True, group=128), SYMMETRIC, "Q4_0"),
    "MXFP4": (packers.mxfp4, {}, "MXFP4_MOE"),
}
HEAD = 64


@pytest.mark.parametrize("case", CASES)
def test_values_of_the_file_are_the_checkpoints(case: str, tmp_path: Path) -> None:
    """Without a recipe named; queries and keys in the order that llama.cpp wants them in."""
    pack, config, recipe = CASES[case]
    expected = packed_tutor(tmp_path / "m", pack, config)
    plan = make_plan(open_source(tmp_path / "m"))
    assert plan.recipe.name == recipe
    assert any("42 of 42 matrices keep" in note for note in plan.notes)
    file = execute(plan, tmp_path / "m.gguf")
    found = {t.name: t.weights for t in open_gguf_model(file, allow_requantize=True).tensors}
    for tensor in plan.tensors:
        values = expected.get(tensor.source.weights.name)
        if values is None:
            continue
        wanted = values.float().numpy()
        if "attn_q" in tensor.name or "attn_k" in tensor.name:
            wanted = interleaved(wanted, HEAD)
        assert found[tensor.name].dtype == plan.recipe.base
        np.testing.assert_array_equal(found[tensor.name].read(0, len(wanted)), wanted)
    assert open_gguf(file).metadata["llmq.source.format"]


def test_other_recipes_round_again(tmp_path: Path) -> None:
    packed_tutor(tmp_path / "m", packers.packed_integers(), {})
    source = open_source(tmp_path / "m")
    notes = make_plan(source, recipe="Q4_K_M").notes
    assert any("rounded again (38 to Q4_K, 4 to Q6_K); --recipe Q4_0" in note for note in notes)
    assert not any("rounded again" in note for note in make_plan(source, recipe="F32").notes)


def test_a_type_that_is_named_is_obeyed(tmp_path: Path) -> None:
    packed_tutor(tmp_path / "m", packers.packed_integers(), {})
    named = Overrides(tensors=(tensor_type("ffn_down=Q6_K"),))
    plan = make_plan(open_source(tmp_path / "m"), overrides=named)
    found = {tensor.name: tensor.format.name for tensor in plan.tensors}
    assert found["blk.0.ffn_down.weight"] == "Q6_K"
    assert found["blk.0.ffn_up.weight"] == "Q4_0"


def test_scales_that_are_no_halves_are_decoded(tmp_path: Path) -> None:
    """A matrix of which a block would be rounded is not carried over; the others are."""
    plain = packers.packed_integers(exact=True)

    def pack(weight: torch.Tensor) -> packers.Packed:
        parts, _ = plain(weight)
        if weight.shape[0] == 768:
            parts[".weight_scale"][5, 3] = 1.0703125 * 2.0**-23
        return parts, weight

    packed_tutor(tmp_path / "m", pack, {})
    plan = make_plan(open_source(tmp_path / "m"))
    types = {t.name.split(".")[2]: t.source.weights.dtype for t in plan.tensors if "blk" in t.name}
    assert types["ffn_up"] == types["ffn_gate"] == "BF16"
    assert types["ffn_down"] == types["attn_q"] == "Q4_0"
