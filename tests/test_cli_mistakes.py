"""`llmq convert` answers each mistake with one line, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import change_config, run

Tensors = dict[str, NDArray[np.float32]]
MakeCheckpoint = Callable[..., Path]


def truncate(folder: Path) -> None:
    shard = folder / "model-00002-of-00002.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1])


MISTAKES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json: the file is missing"),
    "no shard": (
        lambda f: (f / "model-00001-of-00002.safetensors").unlink(),
        "model-00001-of-00002.safetensors: the shard is missing",
    ),
    "a shard cut short": (truncate, "model-00002-of-00002.safetensors: its tensors take"),
    "a layer missing": (
        lambda f: change_config(f, num_hidden_layers=3),
        "'model.layers.2.input_layernorm.weight' is missing",
    ),
    "a layer too many": (
        lambda f: change_config(f, num_hidden_layers=1),
        "'model.layers.1.self_attn.q_proj.weight' has no place",
    ),
    "a shape": (
        lambda f: change_config(f, intermediate_size=128),
        "has the shape [96, 64] where config.json gives [128, 64]",
    ),
    "an unknown architecture": (
        lambda f: change_config(f, architectures=["MambaForCausalLM"]),
        "'MambaForCausalLM' is not supported",
    ),
    "a number that is none": (
        lambda f: change_config(f, hidden_size="64"),
        "hidden_size is '64' instead of a positive whole number",
    ),
    "layers without end": (
        lambda f: change_config(f, num_hidden_layers=1 << 60),
        "num_hidden_layers is 1152921504606846976, and llama.cpp takes 512 at most",
    ),
    "more layers than tensors": (
        lambda f: change_config(f, num_hidden_layers=99),
        "but the checkpoint has 20 tensors",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer"),
}


def refused(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    message: str,
    *arguments: object,
    code: int = 1,
) -> None:
    """`llmq convert` fails with one line that holds `message`, and leaves nothing behind."""
    before = sorted(folder.parent.iterdir())
    assert run("convert", folder, "-o", folder.parent / "out.gguf", *arguments) == code
    lines = capsys.readouterr().err.splitlines()
    if code == 2:
        usage, *lines, more = lines
        assert (usage, more) == (
            "usage: llmq convert [options] SRC",
            "every option: llmq help convert",
        )
    assert [line for line in lines if line.startswith("llmq")] == lines[-1:]
    assert message in lines[-1]
    assert sorted(folder.parent.iterdir()) == before


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(
    make_checkpoint: MakeCheckpoint, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    folder = make_checkpoint()
    spoil, message = MISTAKES[mistake]
    spoil(folder)
    refused(capsys, folder, message)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite(
    make_checkpoint: MakeCheckpoint, capsys: pytest.CaptureFixture[str], value: float
) -> None:
    def spoil(tensors: Tensors) -> None:
        tensors["model.layers.0.self_attn.q_proj.weight"][5, 3] = value

    message = f"model.layers.0.self_attn.q_proj.weight: the weight at [5, 3] is {value}"
    refused(capsys, make_checkpoint(change=spoil), message)


def test_an_extra_tensor(
    make_checkpoint: MakeCheckpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    def add(tensors: Tensors) -> None:
        tensors["model.layers.0.mlp.up_prj.weight"] = np.zeros((2, 2), np.float32)

    refused(
        capsys,
        make_checkpoint(change=add),
        "'model.layers.0.mlp.up_prj.weight' has no place in LlamaForCausalLM with 2 layers;"
        " the nearest name known is 'model.layers.0.mlp.up_proj.weight'",
    )


def test_an_unknown_recipe(
    make_checkpoint: MakeCheckpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    message = "no recipe 'mxfp4'; did you mean MXFP4_MOE?"
    refused(capsys, make_checkpoint(), message, "--recipe", "mxfp4", code=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tensor", "attn_w=Q8_0"], "'attn_w' matches no matrix of this model; the nearest are"),
        (
            ["--imatrix", "no.gguf"],
            "there is no importance matrix no.gguf; name a file that llama-imatrix wrote",
        ),
    ],
)
def test_options_that_do_not_fit_the_model(
    make_checkpoint: MakeCheckpoint,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    refused(capsys, make_checkpoint(), message, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tensor", "attn_v"], "'attn_v' is not REGEX=TYPE, such as attn_v=Q6_K"),
        (["--tensor", "[=Q8_0"], "'[' is no regular expression: unterminated character set"),
        (["--output-type", "Q9"], "there is no type 'Q9'"),
        (["--embedding-type", "q8"], "there is no type 'q8'; did you mean Q8_0?"),
        (["--imatrix-exact"], "--imatrix-exact needs --imatrix FILE"),
    ],
)
def test_options_that_fit_no_model(
    make_checkpoint: MakeCheckpoint,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    refused(capsys, make_checkpoint(), message, *options, code=2)


def test_an_output_that_exists(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_checkpoint()
    (tmp_path / "out.gguf").write_text("precious")
    refused(capsys, folder, "out.gguf: exists already; --force overwrites it")
    assert (tmp_path / "out.gguf").read_text() == "precious"
