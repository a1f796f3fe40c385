"""Refined blocks: llama.cpp computes with them what torch did, whatever the way there."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from llmq.calibration.file import Calibration
from llmq.calibration.text import CalibrationTokens
from llmq.errors import CalibrationError
from llmq.importance import Importance
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.overrides import Overrides, tensor_type
from llmq.refine.journal import Journal
from llmq.refine.layerwise import SETTINGS, Settings, places, refine
from llmq.runtime import EXACT, open_model
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from tests.architectures.logits import log_softmax

N_TOKENS = 200
Refine = Callable[..., Plan]


@pytest.fixture(scope="module")
def refined(
    tutor: Source, calibration: Calibration, tmp_path_factory: pytest.TempPathFactory
) -> Refine:
    """A function that refines the tutor in a recipe, once, or anew with a journal of its own."""
    folder = tmp_path_factory.mktemp("journals")

    def make(recipe: str, journal: Path, jobs: int) -> Plan:
        plan = make_plan(tutor, recipe=recipe, importance=calibration.importance, quality="best")
        journal.mkdir(exist_ok=True)
        return refine(plan, calibration, Journal(journal), jobs=jobs)

    once = cache(make)

    def plan(recipe: str, journal: Path | None = None, *, jobs: int = 1) -> Plan:
        return make(recipe, journal, jobs) if journal else once(recipe, folder / recipe, jobs)

    return plan


def blocks(plan: Plan) -> dict[str, bytes]:
    """The bytes of a plan's refined tensors."""
    found = {}
    for tensor in plan.tensors:
        if tensor.encoding.encoder == "refined":
            found[tensor.name] = tensor.source.weights.raw(0, tensor.source.n_rows).tobytes()
    return found


@pytest.mark.parametrize("recipe", ["Q4_0", "Q3_K_M"])
def test_llama_cpp_computes_what_torch_did(
    refined: Refine, tutor: Source, tmp_path: Path, recipe: str
) -> None:
    packed = execute(refined(recipe), tmp_path / "packed.gguf", load_check=False)
    decoded_plan = make_plan(open_source(packed, allow_requantize=True), recipe="F32")
    decoded = execute(decoded_plan, tmp_path / "decoded.gguf", load_check=False)
    model = AutoModelForCausalLM.from_pretrained(tutor.path, dtype=torch.float32)
    weights = dict(model.named_parameters())
    by_name = {tensor.name: tensor for tensor in decoded_plan.tensors}
    with torch.no_grad():
        for tensor in tutor.tensors:
            source = by_name[tensor.name].source
            rows = np.empty((tensor.n_rows, tensor.shape[-1]), np.float32)
            order = places(tensor) if len(tensor.shape) > 1 else np.arange(tensor.n_rows)
            rows[order] = source.weights.read(0, source.n_rows)
            weights[tensor.weights.name].copy_(torch.from_numpy(rows.reshape(tensor.shape)))
        tokens = np.random.default_rng(0).integers(0, 1700, N_TOKENS).tolist()
        expected = log_softmax(model(torch.tensor([tokens])).logits[0].numpy())
    with open_model(decoded, how=EXACT) as opened:
        found = log_softmax(opened.logits(tokens))
    kl_nats = (np.exp(expected) * (expected - found)).sum(axis=1).mean()
    assert kl_nats <= 2e-5


def test_blocks_do_not_depend_on_processes_nor_on_interruptions(
    refined: Refine, tmp_path: Path
) -> None:
    alone = blocks(refined("Q4_0"))
    assert len(alone) == 42  # seven matrices in six layers
    assert blocks(refined("Q4_0", tmp_path, jobs=3)) == alone
    for file in sorted(tmp_path.glob("blk.[3-5].*")):
        file.unlink()  # as if it had been stopped in layer 3
    (tmp_path / "blk.2.ffn_up.weight.blocks").unlink()
    assert blocks(refined("Q4_0", tmp_path)) == alone


def test_what_depends_on_no_input_stays(refined: Refine) -> None:
    plan = refined("Q4_0")
    kept = {t.name for t in plan.tensors if t.encoding.encoder != "refined"}
    assert "token_embd.weight" in kept
    assert all("norm" in name or name == "token_embd.weight" for name in kept)


@pytest.fixture
def tiny(make_checkpoint: Callable[..., Path], tmp_path: Path) -> Refine:
    """A function that refines a tiny model in Q4_0 on so many windows, some tensors otherwise."""
    folders = count()

    def make(
        n: int, *others: str, settings: Settings = SETTINGS, dtype: str = "F16", **config: Any
    ) -> Plan:
        if not (tmp_path / "tiny").exists():
            make_checkpoint(dtype=dtype, tie_word_embeddings=False, **config)
        source = open_source(tmp_path / "tiny")
        ids = np.random.default_rng(3).integers(0, 257, (n, 24)).astype(np.int32)
        tokens = CalibrationTokens(ids, np.ones(ids.shape, np.float32), ())
        calibration = Calibration(tokens, Importance(tmp_path, {}), tmp_path)
        named = Overrides(tensors=tuple(tensor_type(other) for other in others))
        plan = make_plan(source, recipe="Q4_0", overrides=named, quality="best")
        journal = Journal(tmp_path / f"{next(folders)}")
        journal.folder.mkdir()
        return refine(plan, calibration, journal, jobs=1, settings=settings)

    return make


def test_errors_made_so_far_are_in_view(tiny: Refine) -> None:
    assert blocks(tiny(64)) != blocks(tiny(64, settings=Settings(drift=0, residual=0)))


@pytest.mark.parametrize(("scale", "corrected"), [(1.0, True), (0.5, False)])
def test_results_that_are_scaled_before_they_are_added(
    tiny: Refine, scale: float, corrected: bool
) -> None:
    """What the residual stream lacks is another amount of them, and not asked for."""
    config = {"architectures": ["GraniteForCausalLM"], "residual_multiplier": scale}
    residual = blocks(tiny(64, settings=Settings(drift=0), **config))
    assert (residual != blocks(tiny(64, settings=Settings(drift=0, residual=0)))) == corrected


def test_of_a_single_window_no_drift_is_believed(tiny: Refine) -> None:
    found = blocks(tiny(1))
    assert found == blocks(tiny(1, settings=Settings(drift=0, residual=0)))
    assert len(found) == 15


def test_few_windows_are_enough(tiny: Refine) -> None:
    assert [len(blocks(tiny(n))) for n in (2, 7, 8)] == [15, 15, 15]


@pytest.mark.parametrize("other", ["attn_v=F32", "attn_v=F16", "attn_v=MXFP4"])
def test_the_second_stream_has_what_the_file_has(tiny: Refine, other: str) -> None:
    """In formats that are not refined too."""
    usual, found = blocks(tiny(9)), blocks(tiny(9, other))
    assert usual.keys() - found.keys() == {"blk.0.attn_v.weight", "blk.1.attn_v.weight"}
    assert usual["blk.0.attn_q.weight"] == found["blk.0.attn_q.weight"]
    assert usual["blk.0.attn_output.weight"] != found["blk.0.attn_output.weight"]
    if other == "attn_v=MXFP4":
        kept = blocks(tiny(9, "attn_v=F32"))
        assert kept["blk.0.attn_output.weight"] != found["blk.0.attn_output.weight"]


@pytest.mark.parametrize("other", ["F32", "F16", "BF16", "Q8_0", "MXFP4"])
def test_the_second_stream_begins_with_what_the_file_has(tiny: Refine, other: str) -> None:
    assert len(blocks(tiny(9, f"token_embd={other}"))) == 15


def test_weights_that_are_no_numbers_are_one_line(
    tutor: Source, calibration: Calibration, tmp_path: Path
) -> None:
    tokens = replace(calibration.tokens, weights=np.full_like(calibration.tokens.weights, np.nan))
    plan = make_plan(tutor, recipe="Q4_0", quality="best", importance=calibration.importance)
    with pytest.raises(CalibrationError, match="not finite"):
        refine(plan, replace(calibration, tokens=tokens), Journal(tmp_path), jobs=1)
