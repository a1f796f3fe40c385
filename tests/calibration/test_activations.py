"""Second moments, held against transformers' own model; and a run that was stopped."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.architectures import ARCHITECTURES
from llmq.calibration import checkpoints
from llmq.calibration.activations import second_moments
from llmq.calibration.text import CalibrationTokens
from llmq.errors import CalibrationError, OutputError
from llmq.sources.opening import open_source
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from llmq_peer.variants.ropes import YARN

MakeCheckpoint = Callable[..., Path]

RANDOM = np.random.default_rng(3)
IDS = RANDOM.integers(0, 257, (11, 48)).astype(np.int32)  # more windows than are computed at once
TOKENS = CalibrationTokens(IDS, RANDOM.random(IDS.shape).astype(np.float32), ())


@pytest.fixture
def always_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little time has passed."""
    monkeypatch.setattr(checkpoints, "SAVE_SECONDS", 0.0)


CASES: list[tuple[str, Mapping[str, Any]]] = [
    (name, variant.settings)
    for name, variants in VARIANTS.items()
    for variant in variants
    if ARCHITECTURES[name].walked
]
CASES += [
    ("LlamaForCausalLM", {"rope_parameters": YARN, "mlp_bias": True}),
    ("LlamaForCausalLM", {"head_dim": 32, "pad_token_id": 200}),
    ("MistralForCausalLM", {"sliding_window": 8}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_they_are_those_of_transformers(
    name: str, settings: Mapping[str, Any], tmp_path: Path, byte_tokenizer: dict[str, Any]
) -> None:
    import torch

    model = save_random_model(tmp_path / "model", name, settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    wanted: dict[str, Any] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(_module: Any, inputs: tuple[Any, ...]) -> None:
            squares = inputs[0].double().numpy() ** 2 * TOKENS.weights[..., None]
            wanted[name] = squares.sum((0, 1))

        return hook

    for part, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and "_tower." not in part:
            module.register_forward_pre_hook(note(part.replace(".language_model.", ".")))
    with torch.no_grad():
        model(torch.from_numpy(IDS.astype(np.int64)))
    source = open_source(tmp_path / "model")
    found = second_moments(source, TOKENS)
    stored = {tensor.name: tensor.called.removesuffix(".weight") for tensor in source.tensors}
    if "lm_head" not in stored.values():  # they are tied: one matrix, which may be there twice
        stored |= dict.fromkeys(("token_embd.weight", "output.weight"), "lm_head")
    assert {stored[name] for name in found} == wanted.keys()
    for name, (sums, count) in found.items():
        assert sums.shape == (1, wanted[stored[name]].size)
        np.testing.assert_allclose(sums[0], wanted[stored[name]], rtol=2e-5)
        assert count == pytest.approx(TOKENS.weights.sum())


@pytest.mark.usefixtures("always_saved")
def test_a_stopped_run_continues_to_the_same_numbers(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    source, resume = open_source(make_checkpoint()), tmp_path / "resume"
    whole = second_moments(source, TOKENS)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        second_moments(source, TOKENS, progress=stop, resume=resume)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["resume"]
    layers: list[int] = []
    found = second_moments(
        source, TOKENS, progress=lambda done, _: layers.append(done), resume=resume
    )
    assert layers == [2], "the first of two layers was not computed again"
    assert {n: (s.tobytes(), c) for n, (s, c) in found.items()} == {
        n: (s.tobytes(), c) for n, (s, c) in whole.items()
    }


@pytest.mark.usefixtures("always_saved")
def test_what_is_no_state_of_this_run_is_passed_over(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    source, resume = open_source(make_checkpoint()), tmp_path / "resume"
    second_moments(source, TOKENS, resume=resume)
    left = resume.read_bytes()

    def layers_computed(tokens: CalibrationTokens) -> int:
        layers: list[int] = []
        second_moments(source, tokens, progress=lambda n, _: layers.append(n), resume=resume)
        return len(layers)

    assert layers_computed(TOKENS) == 0
    assert layers_computed(replace(TOKENS, weights=TOKENS.weights * 2)) == 2
    assert layers_computed(TOKENS) == 2
    config = source.path / "config.json"
    config.write_text(config.read_text().replace("10000.0", "20000.0"))
    assert layers_computed(TOKENS) == 2
    for damaged in (left[:-100], left[:200] + b"\0" * 50 + left[250:], b"", b"text"):
        resume.write_bytes(damaged)
        assert layers_computed(TOKENS) == 2
    with pytest.raises(OutputError, match="none/resume: what a killed run would continue from"):
        second_moments(source, TOKENS, resume=tmp_path / "none" / "resume")


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_weights_of_any_width(make_checkpoint: MakeCheckpoint, dtype: str) -> None:
    source = open_source(make_checkpoint(dtype=dtype))
    found = second_moments(source, TOKENS)
    assert len(found) == 15  # seven matrices in two layers, and the tied embedding
    assert all(np.isfinite(sums).all() and sums.any() for sums, _ in found.values())


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}, ""),
    ({"attn_implementation": "somebody/kernels", "model_type": "bert"}, ""),
    ({"pad_token_id": 5}, ""),
    ({"pad_token_id": -1, "gradient_checkpointing": True}, ""),
    ({"is_causal": False}, ""),
    ({"use_cache": "yes"}, "cannot build LlamaForCausalLM of its config.json .*'use_cache'"),
    ({"layer_types": ["none"]}, "cannot build LlamaForCausalLM of its config.json .*`layer_types`"),
    ({"text_config": {"hidden_size": 8}}, "cannot build LlamaForCausalLM of its config.json"),
]


@pytest.mark.parametrize(("settings", "message"), SETTINGS)
def test_settings_that_change_nothing_or_are_one_line(
    make_checkpoint: MakeCheckpoint, settings: dict[str, Any], message: str
) -> None:
    """Whatever stands in config.json: code of the folder's own is never run."""
    folder = make_checkpoint()
    (folder / "own.py").write_text("raise SystemExit('the code of the folder was run')")
    usual = second_moments(open_source(folder), TOKENS)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | settings))
    if message:
        with pytest.raises(CalibrationError, match=message) as caught:
            second_moments(open_source(folder), TOKENS)
        assert "\n" not in str(caught.value)
    else:
        found = second_moments(open_source(folder), TOKENS)
        assert [s.tobytes() for s, _ in found.values()] == [s.tobytes() for s, _ in usual.values()]


def test_numbers_that_are_none(make_checkpoint: MakeCheckpoint) -> None:
    def damage(tensors: dict[str, Any]) -> None:
        tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = np.nan

    folder = make_checkpoint(change=damage)
    with pytest.raises(CalibrationError, match=r"tiny: model\.layers\.1 computes something"):
        second_moments(open_source(folder), TOKENS)
