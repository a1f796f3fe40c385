"""Both streams, in every architecture: what transformers computes with the weights of each."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from llmq.calibration.streaming import EMBEDDING, HEAD, Skeleton, open_skeleton
from llmq.calibration.text import CalibrationTokens
from llmq.calibration.twin import Group, walk
from llmq.sources.opening import open_source
from llmq_kernels import FORMATS, Encoder
from llmq_peer.random_models import save_random_model

RANDOM = np.random.default_rng(5)
IDS = RANDOM.integers(0, 257, (11, 24)).astype(np.int32)  # more windows than are computed at once
TOKENS = CalibrationTokens(IDS, RANDOM.random(IDS.shape).astype(np.float32), ())
CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{name}ForCausalLM", {"tie_word_embeddings": tied})
    for name in ("Llama", "Mistral", "Qwen2", "Qwen3")  # whose norms are where ADDING has them
    for tied in (True, False)
]
CASES += [("LlamaForCausalLM", {"attention_bias": True, "mlp_bias": True, "head_dim": 32})]
ADDING = {"o_proj": "input_layernorm", "down_proj": "post_attention_layernorm"}
"""Matrices that add to the residual stream, and the norm before which that is seen."""

Floats = NDArray[np.float32]
Inputs = dict[str, torch.Tensor]


@pytest.fixture
def skeleton(
    tmp_path: Path, byte_tokenizer: dict[str, Any], request: pytest.FixtureRequest
) -> Skeleton:
    save_random_model(tmp_path / "model", *request.param)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    return open_skeleton(open_source(tmp_path / "model"))


def rounded(rows: Floats) -> Floats:
    fmt = FORMATS["Q4_0"]
    return fmt.decode(fmt.encode(rows, encoder=Encoder.GGML))


def settled(skeleton: Skeleton) -> Iterator[Group]:
    """The groups, each of which is rounded before the next."""
    for group in walk(skeleton, TOKENS, rounded):
        yield group
        for name in group.names:
            tensor = skeleton.by_name[name]
            if group.layer is not None:
                group.layer.load(name, rounded(tensor.weights.read(0, tensor.n_rows)))


def computed(skeleton: Skeleton, *, rounds: bool) -> Inputs:
    """By transformers' own model: what reaches each of its modules."""
    model = type(skeleton.model).from_pretrained(skeleton.source.path, dtype=torch.float32)
    for name, parameter in model.named_parameters():
        if rounds and parameter.dim() == 2 and name != HEAD:
            parameter.data = torch.from_numpy(rounded(parameter.detach().numpy()))
    found: Inputs = {}

    def note(name: str) -> Any:
        return lambda _module, inputs: found.__setitem__(name, inputs[0])

    for name, module in model.named_modules():
        if name.endswith(("_proj", "norm", "lm_head")):
            module.register_forward_pre_hook(note(name))
    with torch.no_grad():
        model(torch.from_numpy(IDS.astype(np.int64)))
    return found


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("skeleton", CASES, indirect=True)
def test_both_are_those_of_transformers(skeleton: Skeleton) -> None:
    base, ours = computed(skeleton, rounds=False), computed(skeleton, rounds=True)
    seen: dict[str, list[int]] = defaultdict(list)
    for group in settled(skeleton):
        for some in group.inputs():
            for name in (each.removesuffix(".weight") for each in group.names):
                seen[f"{name}.weight"].append(some.windows.start)
                close(some.base, base[name][some.windows])
                close(some.ours, ours[name][some.windows])
                layer, _, own = name.rpartition(".")
                if own in ADDING:
                    norm = f"{layer.rpartition('.')[0]}.{ADDING[own]}"
                    close(some.base_residual, base[norm][some.windows])
                    close(some.our_residual, ours[norm][some.windows])
    matrices = {name for name, tensor in skeleton.by_name.items() if len(tensor.shape) == 2}
    assert seen == {name: [0, 8] for name in matrices - {EMBEDDING}}


@pytest.mark.parametrize("skeleton", CASES[:1], indirect=True)
@pytest.mark.parametrize("n_held_out", [0, 1, 3])
def test_moments_are_sums_over_tokens(skeleton: Skeleton, n_held_out: int) -> None:
    """Held out may be no window, or windows of one batch alone."""
    held_out = np.arange(len(IDS)) < n_held_out
    group = next(settled(skeleton))
    parts = [
        torch.cat([getattr(some, name) for some in group.inputs()]).double().numpy()
        for name in ("base", "ours", "base_residual", "our_residual")
    ]
    for found, chosen in zip(group.moments(held_out), (~held_out, held_out), strict=True):
        base, x, base_residual, residual = (part[chosen].reshape(-1, 96) for part in parts)
        weighted = x * TOKENS.weights[chosen].reshape(-1, 1)
        for wanted, sums in (
            (x.T @ weighted, found.hessian),
            ((base - x).T @ weighted, found.drift),
            ((base_residual - residual).T @ weighted, found.residual),
        ):
            np.testing.assert_allclose(sums, wanted, rtol=1e-3, atol=1e-3)
        assert found.n_tokens == len(x)
        assert found.beside(3, 5).residual.shape == (2, 96)
    learned, checked = group.moments(held_out)
    assert (learned + checked).n_tokens == IDS.size


@pytest.mark.parametrize("skeleton", CASES[:1], indirect=True)
def test_no_thread_is_left_where_it_is_left_early(skeleton: Skeleton) -> None:
    before = threading.active_count()
    groups = walk(skeleton, TOKENS, rounded)
    for _ in range(2):
        next(groups)
    assert threading.active_count() > before
    groups.close()
    assert threading.active_count() == before
