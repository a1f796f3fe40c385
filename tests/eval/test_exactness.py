"""Drift on a real model beside float64 throughout: what its numbers are worth to the last digit."""

import math
from pathlib import Path

import numpy as np
import pytest

from llmq import convert, execute, make_plan, open_source
from llmq.suites import Suite
from llmq_eval.drift import Drift, builtin_suite, measure_drifts
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened, read_alike
from tests.oracles.llama_float64 import Llama64

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def f32_files(smoltutor: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The real tutor, and what four bits leave of its weights, both stored in F32.

    So llama.cpp computes in float32 throughout: for quantized weights it also rounds activations.
    """
    folder = tmp_path_factory.mktemp("exact")
    base = convert(smoltutor, folder / "base.gguf", recipe="F32")
    small = convert(smoltutor, folder / "small.gguf", recipe="Q4_K_M")
    plan = make_plan(open_source(small, allow_requantize=True), recipe="F32")
    return [base, execute(plan, folder / "small-F32.gguf")]


def test_perplexity_and_kl_are_those_of_float64(smoltutor: Path, f32_files: list[Path]) -> None:
    suite = builtin_suite()
    material = suite_material(Suite("few", "", suite.dialogues[:: len(suite.dialogues) // 10]))
    with opened(f32_files, n_ctx=material.n_ctx, threads=None) as models:
        documents = read_alike(models, material)
        (drift,) = measure_drifts(models, material)
    assert isinstance(drift, Drift)
    base = Llama64(smoltutor)
    quant = base.with_weights_of(f32_files[1])
    rows: list[tuple[float, float, float]] = []
    for passage in (passage for document in documents for passage in document.passages):
        p, q = (model.log_probabilities(passage.tokens) for model in (base, quant))
        for index in passage.scored:
            ln_p, ln_q, token = p[index - 1], q[index - 1], passage.tokens[index]
            kl = (np.exp(ln_p) * (ln_p - ln_q)).sum().item()
            rows.append((-ln_p[token].item(), -ln_q[token].item(), kl))
    nll_base, nll_quant, kl_nats = (
        math.fsum(column) / len(rows) for column in zip(*rows, strict=True)
    )
    assert drift.n_tokens == len(rows) > 300
    assert drift.base_perplexity.value == pytest.approx(math.exp(nll_base), rel=1e-5)
    assert drift.quant_perplexity.value == pytest.approx(math.exp(nll_quant), rel=1e-5)
    assert drift.mean_kl_nats.value == pytest.approx(kl_nats, abs=1e-5)
    assert kl_nats > 0.01  # far enough from 0 for the bound to say something
