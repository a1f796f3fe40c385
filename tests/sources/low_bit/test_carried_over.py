"""Published 4-bit codes in the file: its decoded values are the checkpoint's, to the bit."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from llmq import Overrides, execute, make_plan, open_gguf, open_source, tensor_type
from llmq.architectures.rope import interleaved
from llmq.cli import main
from llmq.plan import Plan
from llmq.refine.estimate import refined_in
from llmq.sources.gguf_model import open_gguf_model
from llmq.weights import Weights
from llmq_kernels import FORMATS
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


def matrices(
    plan: Plan, file: Path, expected: Mapping[str, torch.Tensor]
) -> Iterator[tuple[Weights, NDArray[np.float32]]]:
    """What the file holds of each packed matrix, and its values in the order of the file."""
    found = {t.name: t.weights for t in open_gguf_model(file, allow_requantize=True).tensors}
    for tensor in plan.tensors:
        values = expected.get(tensor.source.weights.name)
        if values is not None:
            wanted = values.float().numpy()
            paired = "attn_q" in tensor.name or "attn_k" in tensor.name
            yield found[tensor.name], interleaved(wanted, HEAD) if paired else wanted


@pytest.mark.parametrize("case", CASES)
def test_values_of_the_file_are_the_checkpoints(case: str, tmp_path: Path) -> None:
    """Without a recipe named; queries and keys in the order that llama.cpp wants them in."""
    pack, config, recipe = CASES[case]
    expected = packed_tutor(tmp_path / "m", pack, config)
    plan = make_plan(open_source(tmp_path / "m"))
    assert plan.recipe.name == recipe
    assert any("42 of 42 matrices keep" in note for note in plan.notes)
    rounded = "what was published in more bits is rounded (token_embd.weight)"
    assert any(note.endswith(rounded) for note in plan.notes)
    file = execute(plan, tmp_path / "m.gguf")
    for weights, wanted in matrices(plan, file, expected):
        assert weights.dtype == plan.recipe.base
        np.testing.assert_array_equal(weights.read(0, len(wanted)), wanted)
    assert open_gguf(file).metadata["llmq.source.format"]


@pytest.mark.parametrize("bits", [4, 11])
def test_weights_on_the_grid_are_carried_over(bits: int, tmp_path: Path) -> None:
    """Scales of four bits leave weights exact in BF16; of eleven, what BF16 rounds them to."""
    expected = packed_tutor(tmp_path / "m", packers.fake_quantized(bits=bits), {})
    plan = make_plan(open_source(tmp_path / "m"))
    assert plan.recipe.name == "Q4_0"
    assert any("42 matrices lie on the grid of Q4_0" in note for note in plan.notes)
    assert any("42 of 42 matrices keep" in note for note in plan.notes)
    file = execute(plan, tmp_path / "m.gguf")
    for weights, wanted in matrices(plan, file, expected):
        rows = weights.read(0, len(wanted))
        if bits == 11:
            rows = torch.from_numpy(rows).bfloat16().float().numpy()
        np.testing.assert_array_equal(rows, wanted)


def test_a_row_beside_the_grid_is_encoded_as_any_other(tmp_path: Path) -> None:
    """The rows that are looked at when a model is opened are not all of them."""
    pack = packers.fake_quantized(bits=4)

    def damaged(weight: torch.Tensor) -> packers.Packed:
        parts, plain = pack(weight)
        plain[3, :32] += 0.01 * torch.randn(32, generator=torch.Generator().manual_seed(0))
        return parts, plain

    expected = packed_tutor(tmp_path / "m", damaged, {})
    tensors = {t.name: t for t in open_source(tmp_path / "m").tensors}
    weights = tensors["blk.0.ffn_down.weight"].weights
    assert weights.dtype == "Q4_0"
    blocks = weights.raw(0, 8).view(FORMATS["Q4_0"].layout).reshape(8, -1)
    wanted = expected[weights.name].float().numpy()[:8]
    decoded = FORMATS["Q4_0"].decode(blocks)
    assert np.abs(decoded - wanted)[3, :32].max() > 0
    np.testing.assert_allclose(decoded[3, :32], wanted[3, :32], atol=0.03)
    wanted[3, :32] = decoded[3, :32]
    np.testing.assert_array_equal(decoded, wanted)


def test_ordinary_weights_lie_on_no_grid() -> None:
    source = open_source("eval/tutor")
    assert (source.codes, source.usual_recipe) == (None, "Q4_K_M")


def test_codes_are_not_refined(tmp_path: Path) -> None:
    """There is nothing to round: the best that can be done is to keep them."""
    packed_tutor(tmp_path / "m", packers.packed_integers(), {})
    source = open_source(tmp_path / "m")
    assert refined_in(make_plan(source, quality="best")) == []
    assert len(refined_in(make_plan(source, recipe="Q4_K_M", quality="best"))) == 42


def test_the_recipe_that_keeps_codes_is_proposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed_tutor(tmp_path / "m", packers.packed_integers(), {})
    assert main(["recipes", str(tmp_path / "m"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["command"].endswith("--recipe Q4_0")
    assert main(["recipes", str(tmp_path / "m")]) == 0
    assert "Q4_0 keeps the codes that this checkpoint holds" in capsys.readouterr().out


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
