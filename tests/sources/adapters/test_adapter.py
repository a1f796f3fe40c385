"""LoRA adapters: what a merge computes, and where the base is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import constants
from numpy.typing import NDArray

from llmq import convert
from llmq.errors import AdapterError
from llmq.files.gguf import open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.adapters.adapter import open_adapter
from llmq.sources.checkpoint import open_checkpoint
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq.weights import Rows, Weights
from tests.conftest import run
from tests.sources.adapters.saved import O_PROJ, PREFIX, Q_PROJ, matrices, save_adapter

MakeCheckpoint = Callable[..., Path]


def weights_of(source: Source, name: str) -> Weights:
    """The weights that have this name in the checkpoint."""
    return next(t.weights for t in source.tensors if t.weights.name == name)


def read(source: Source, name: str) -> Rows:
    weights = weights_of(source, f"{name}.weight")
    return weights.read(0, weights.shape[0])


def test_a_merge_is_the_base_and_a_product(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """W + scale * alpha / r * B A, of two adapters, one of them halved and rank-stabilised."""
    base, held = make_checkpoint(), (matrices(), matrices(rank=9, seed=1))
    folders = (
        save_adapter(tmp_path / "one", held[0]),
        save_adapter(tmp_path / "two", held[1], use_rslora=True, alpha_pattern={"o_proj": 6}),
    )
    source = open_source(base, adapters={folders[0]: 1.0, folders[1]: 0.5})
    original = open_source(base)
    for module, strength in ((Q_PROJ, 8 / 3), (O_PROJ, 6 / 3)):
        one, two = (
            tensors[f"{PREFIX}{module}.lora_B.weight"].astype(np.float64)
            @ tensors[f"{PREFIX}{module}.lora_A.weight"]
            for tensors in held
        )
        expected = read(original, module) + 2 * one + 0.5 * strength * two
        np.testing.assert_allclose(read(source, module), expected, rtol=2e-7, atol=1e-7)
    untouched = "model.layers.0.self_attn.k_proj"
    np.testing.assert_array_equal(read(source, untouched), read(original, untouched))
    assert source.name == source.metadata["general.name"] == "two"
    assert source.metadata["llmq.lora.names"] == ["one", "two"]
    assert source.metadata["llmq.lora.scales"].tolist() == [1.0, 0.5]  # type: ignore[union-attr]
    assert source.notes[:2] == (
        "the adapter one is merged: 2 tensors with a product added (LoRA)",
        "the adapter two is merged times 0.5: 2 tensors with a product added (LoRA)",
    )


@pytest.mark.parametrize("dora", [False, True])
def test_rows_are_the_same_in_any_chunk(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, dora: bool
) -> None:
    vocab = {
        f"{PREFIX}model.embed_tokens.lora_embedding_{p}": a.T.copy()
        for p, a in zip("BA", _ends(), strict=True)
    }
    head = {f"{PREFIX}lm_head.lora_{p}.weight": a for p, a in zip("AB", _ends(), strict=True)}
    if dora:
        head[f"{PREFIX}lm_head.lora_magnitude_vector"] = np.ones(257, np.float32)
    adapter = save_adapter(tmp_path / "lora", vocab | head)
    source = open_source(
        make_checkpoint(tie_word_embeddings=False, change=_untied), adapters={adapter: 1.0}
    )
    for name in ("model.embed_tokens", "lm_head"):
        whole, weights = read(source, name), weights_of(source, f"{name}.weight")
        for start, stop in ((0, 1), (63, 65), (64, 128), (100, 257), (256, 257)):
            np.testing.assert_array_equal(weights.read(start, stop), whole[start:stop])
    if dora:
        np.testing.assert_allclose(np.linalg.norm(read(source, "lm_head"), axis=1), 1, rtol=1e-6)


def _ends() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    random = np.random.default_rng(2)
    wide, tall = random.normal(size=(5, 64)), random.normal(size=(257, 5))
    return wide.astype(np.float32), tall.astype(np.float32)


def _untied(tensors: dict[str, Any]) -> None:
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] * 2


def test_an_adapter_in_place_of_the_model(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its base is a folder beside it, one in the working folder, or in the hub's cache."""
    base = make_checkpoint()
    merged = open_source(base, adapters={save_adapter(tmp_path / "plain"): 1.0})
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "cache" / "models--org--base"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(commit)
    (cache / "snapshots").mkdir()
    (cache / "snapshots" / commit).symlink_to(base, target_is_directory=True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(base.parent)
    for index, name in enumerate(("../../tiny", str(base), "tiny", "org/base")):
        folder = save_adapter(tmp_path / "loras" / str(index), base_model_name_or_path=name)
        source = open_source(folder)
        np.testing.assert_array_equal(read(source, Q_PROJ), read(merged, Q_PROJ))
        assert source.name == str(index)


def test_an_output_of_its_own_beside_codes_that_are_kept(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    """The embedding of a model that was trained for Q4_0 stands for both ends until then."""

    def on_the_grid(tensors: dict[str, Any]) -> None:
        for name, array in tensors.items():
            if array.ndim > 1:
                tensors[name] = ((np.arange(array.size) % 16 - 8) * 0.25).reshape(array.shape)

    parts = {"A": np.ones((4, 64), np.float32), "B": np.ones((257, 4), np.float32)}
    lm_head = {f"{PREFIX}lm_head.lora_{part}.weight": array for part, array in parts.items()}
    folder = save_adapter(tmp_path / "lora", lm_head)
    source = open_source(make_checkpoint(change=on_the_grid), adapters={folder: 1.0})
    assert weights_of(source, "model.embed_tokens.weight").dtype == "Q4_0"
    embedding, output = read(source, "model.embed_tokens"), read(source, "lm_head")
    np.testing.assert_array_equal(output, embedding + 8)  # 4 times 1, times 8 / 4


def test_a_gguf_file_takes_no_adapter(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    plan = make_plan(open_source(make_checkpoint()), recipe="F16")
    file = execute(plan, tmp_path / "out.gguf", load_check=False)
    with pytest.raises(AdapterError, match="merged into the model's folder, not into a GGUF file"):
        open_source(file, adapters={save_adapter(tmp_path / "lora"): 1.0})


def test_the_adapters_tokenizer_counts(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, byte_tokenizer: dict[str, Any]
) -> None:
    """A chat template that was trained with; the base's generation_config.json goes on counting."""
    base, folder = make_checkpoint(), save_adapter(tmp_path / "lora")
    (base / "generation_config.json").write_text(json.dumps({"eos_token_id": [256, 65]}))
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    told = {"chat_template": "{{ messages[0].content }}", "eos_token": "<|end|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    source = open_source(base, adapters={folder: 1.0})
    assert source.metadata["tokenizer.chat_template"] == told["chat_template"]
    assert source.tokenizer_path == folder
    assert source.metadata["tokenizer.ggml.eot_token_id"] == 65


def test_the_command_and_the_call_merge(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, folder = make_checkpoint(), save_adapter(tmp_path / "lora")
    output = tmp_path / "by-command.gguf"
    command = ["convert", str(base), "--lora", f"{folder}=0.5", "--recipe", "Q8_0"]
    assert run(*command, "--no-load-check", "-o", str(output)) == 0
    assert "note: the adapter lora is merged times 0.5: 2 tensors" in capsys.readouterr().err
    options: dict[str, Any] = {"recipe": "Q8_0", "load_check": False}
    called = convert(base, tmp_path / "by-call.gguf", adapters={folder: 0.5}, **options)
    assert output.read_bytes() == called.read_bytes()
    keys = open_gguf(output).metadata
    assert keys["llmq.lora.names"] == ["lora"]
    assert keys["llmq.lora.sha256"] == [open_adapter(folder).sha256()]
    plan = make_plan(open_source(output, allow_requantize=True), recipe="Q4_0")
    again = execute(plan, tmp_path / "again.gguf", load_check=False)
    assert open_gguf(again).metadata["llmq.lora.names"] == ["lora"]  # it is merged in all the same


def test_any_number_of_processes_writes_the_same(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    source = open_source(make_checkpoint(), adapters={save_adapter(tmp_path / "lora"): 1.0})
    plan = make_plan(source, recipe="Q4_0")
    files = [
        execute(plan, tmp_path / f"{jobs}.gguf", jobs=jobs, load_check=False) for jobs in (1, 2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_inspect_shows_an_adapter(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = make_checkpoint()
    folder = save_adapter(tmp_path / "lora", base_model_name_or_path=str(base))
    assert run("inspect", str(folder)) == 0
    shown = capsys.readouterr().out
    assert "self_attn.q_proj.lora_A.weight" in shown
    assert "converts: yes; llmq convert makes lora-Q4_K_M.gguf" in shown


@pytest.mark.slow
def test_smoltutors_adapter_makes_smoltutor(smolbase: Path, smoltutor: Path, shared: Path) -> None:
    """Every weight lies within half a step of BF16 for each of two roundings."""
    adapter = shared / "models" / "smoltutor" / "adapter"
    source = open_source(smolbase, adapters={adapter: 1.0})
    base, tutor = (open_checkpoint(folder).tensors for folder in (smolbase, smoltutor))
    merged = 0
    for tensor in source.tensors:
        one, two, found = (
            each.read(0, tensor.n_rows).astype(np.float64)
            for each in (base[tensor.weights.name], tutor[tensor.weights.name], tensor.weights)
        )
        assert (np.abs(found - two) <= (_step(one) + _step(two)) / 2).all(), tensor.name
        merged += not np.array_equal(found, one)
    assert merged == 210


def _step(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From a number to the next that BF16 has."""
    return np.spacing(np.abs(values).astype(np.float32)).astype(np.float64) * 2**16
