"""A GGUF file as a source: llama-quantize's bytes and keys, from whole and split files."""

import hashlib
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from llmq import convert
from llmq.cli import main
from llmq.errors import (
    OutputError,
    WeightError,
)
from llmq.files.gguf import encode_header, open_gguf
from llmq.files.imatrix import read_importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq_eval.model_file import described
from llmq_kernels import Encoder
from llmq_peer.imatrix_files import random_importance, save_importance, save_legacy
from llmq_peer.llama_quantize import quantize
from tests.oracles import gguf_models
from tests.oracles.gguf_models import TENSORS, differences, metadata, random_weights, shapes

WIDTHS = {"superblocks": 256, "small blocks": 96}
COMPARED = ("Q4_K_M", "Q4_0", "IQ4_XS", "Q8_0")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str, str], Path]:
    """A file of each architecture, width and type."""
    folder = tmp_path_factory.mktemp("models")
    return {
        (name, width, dtype): gguf_models.save(
            folder / f"{name} {width}-{dtype}.gguf",
            metadata(name, WIDTHS[width]),
            random_weights(shapes(name, WIDTHS[width])),
            dtype,
        )
        for name in TENSORS
        for width in WIDTHS
        for dtype in ("F16", "BF16")
    }


@pytest.mark.parametrize("guided", [False, True], ids=["plain", "guided"])
@pytest.mark.parametrize("recipe", COMPARED)
@pytest.mark.parametrize("dtype", ["F16", "BF16"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", TENSORS)
def test_llama_quantizes_bytes_and_keys(
    name: str,
    width: str,
    dtype: str,
    recipe: str,
    guided: bool,
    files: Mapping[tuple[str, str, str], Path],
    tmp_path: Path,
) -> None:
    source = files[name, width, dtype]
    rows = random_importance(shapes(name, WIDTHS[width])) if guided else None
    importance = save_importance(tmp_path / "importance.gguf", rows) if rows else None
    plan = make_plan(
        open_source(source), recipe=recipe, importance=importance, encoder=Encoder.GGML
    )
    ours = execute(plan, tmp_path / "ours.gguf", load_check=False)
    theirs = quantize(source, tmp_path / "theirs.gguf", RECIPES[recipe].file_type, rows)
    # What the tool writes of importance, the call does not.
    written = set(importance.metadata) if importance else set()
    assert set(differences(ours, theirs)) == written


def test_what_is_in_its_format_already_is_copied(tiny: Callable[..., Path], tmp_path: Path) -> None:
    """Each byte as it is, a NaN's payload aside: that is refused."""
    source = open_source(tiny("BF16"))
    plan = make_plan(source, recipe="BF16")
    assert {tensor.encoding.encoder for tensor in plan.tensors} == {"stored"}
    output = execute(plan, tmp_path / "out.gguf", load_check=False)
    assert differences(output, open_gguf(source.path)) == ["general.file_type"]
    assert pickle.loads(pickle.dumps(source.tensors[0])) == source.tensors[0]


@pytest.mark.parametrize("stored", ["Q8_0", "Q4_K", "MXFP4"])
@pytest.mark.parametrize("recipe", ["Q4_K_M", "Q8_0", "F16"])
def test_blocks_encoded_again(stored: str, recipe: str, tmp_path: Path) -> None:
    weights = random_weights(shapes("llama", 256))
    path = gguf_models.save(tmp_path / "a.gguf", metadata("llama", 256), weights, stored)
    source = open_source(path, allow_requantize=True)
    plan = make_plan(source, recipe=recipe, encoder=Encoder.GGML)
    ours = execute(plan, tmp_path / "ours.gguf", load_check=False)
    theirs = quantize(path, tmp_path / "theirs.gguf", RECIPES[recipe].file_type)
    assert differences(ours, theirs) == []


def test_importance_of_experts_from_a_legacy_file(
    files: Mapping[tuple[str, str, str], Path], tmp_path: Path
) -> None:
    """It holds the values of all experts in one row."""
    rows = random_importance(shapes("qwen3moe", WIDTHS["superblocks"]))
    legacy = save_legacy(tmp_path / "importance.dat", rows)
    source = open_source(files["qwen3moe", "superblocks", "F16"])
    made: list[Path] = []
    for importance in (
        read_importance(legacy, exact=True),
        save_importance(tmp_path / "a.gguf", rows),
    ):
        output = tmp_path / f"out-{len(made)}.gguf"
        plan = make_plan(source, importance=importance)
        made.append(execute(plan, output, load_check=False))
    assert all(key.startswith("quantize.") for key in differences(made[0], open_gguf(made[1])))


@pytest.mark.parametrize("recipe", ["F16", "Q4_0"])
def test_a_weight_that_is_not_finite(
    recipe: str, tiny: Callable[..., Path], tmp_path: Path
) -> None:
    damaged = random_weights({"a": (12, 64)})["a"]
    damaged[5, 33] = np.nan
    source = tiny(**{"blk.1.attn_q.weight": damaged})
    with pytest.raises(
        WeightError, match=r"blk\.1\.attn_q\.weight: the weight at \[5, 33\] is nan"
    ):
        convert(source, tmp_path / "out.gguf", recipe=recipe)


def test_tensors_that_a_recipe_leaves_alone_keep_their_type(
    files: Mapping[tuple[str, str, str], Path],
) -> None:
    plan = make_plan(open_source(files["gpt2", "superblocks", "F16"]), recipe="Q4_0")
    kept = {tensor.name: tensor.format.name for tensor in plan.tensors}
    assert (kept["position_embd.weight"], kept["output_norm.weight"]) == ("F16", "F32")


# --- the name and the facts ---


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("tiny-F16.gguf", "tiny"),
        ("Tiny.Model-1B-bf16.gguf", "Tiny.Model-1B"),
        ("tiny.Q8_0.gguf", "tiny"),
        ("tiny-q4_k_m.gguf", "tiny"),
        ("F16.gguf", "F16"),
        ("tiny.gguf", "tiny"),
    ],
)
def test_the_models_name(file: str, name: str, tiny: Callable[..., Path]) -> None:
    assert open_source(tiny(name=file)).name == name


def test_heads_by_layer(tmp_path: Path) -> None:
    """The first layer's count, as llama-quantize takes it."""
    keys = metadata("llama", 64) | {
        "llama.attention.head_count": np.array([8, 4, 4, 4, 4], np.int32)
    }
    path = gguf_models.save(tmp_path / "a.gguf", keys, random_weights(shapes("llama", 64)), "F16")
    assert (open_source(path).facts.n_head, open_source(path).facts.n_head_kv) == (8, 2)


@pytest.mark.parametrize("alignment", [32, 64])
def test_alignment(alignment: int, tmp_path: Path) -> None:
    """The default is the output's; llama-quantize repeats another, and its file is damaged."""
    path = tmp_path / "a.gguf"
    keys = metadata("llama", 64) | {"general.alignment": np.uint32(alignment)}
    header = encode_header(keys, [("token_embd.weight", (4, 64), 0, 0)])
    values = np.arange(256, dtype="<f4")
    path.write_bytes(
        header.ljust(-(-len(header) // alignment) * alignment, b"\0") + values.tobytes()
    )
    output = open_gguf(convert(path, tmp_path / "out.gguf", recipe="F32", load_check=False))
    assert ("general.alignment" in output.metadata) == (alignment == 32)
    np.testing.assert_array_equal(
        np.fromfile(output.path, "<f4", 256, offset=output.tensors[0].offset), values
    )


def test_an_output_that_is_the_source(parts: list[Path], tiny: Callable[..., Path]) -> None:
    path = tiny()
    for source, output in ((path, path), *((parts[0], part) for part in parts)):
        before = output.read_bytes()
        with pytest.raises(OutputError, match="is a file of the model itself"):
            convert(source, output, force=True)
        assert output.read_bytes() == before


# --- several parts ---


def test_drift_and_inspect_know_of_parts(
    parts: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    size = sum(part.stat().st_size for part in parts)
    assert described(parts[0]).size_bytes == size
    digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts))
    assert described(parts[0]).sha256 == digest.hexdigest()
    assert main(["inspect", str(parts[1])]) == 0
    assert "\npart 2 of 3\n" in capsys.readouterr().out


def test_parts_are_joined(parts: list[Path], tiny: Callable[..., Path], tmp_path: Path) -> None:
    source = open_source(parts[0])
    assert source.name == "tiny"
    joined, whole = (
        execute(
            make_plan(model, recipe="Q4_0", encoder=Encoder.GGML), tmp_path / name, load_check=False
        )
        for model, name in ((source, "joined.gguf"), (open_source(tiny()), "whole.gguf"))
    )
    assert joined.read_bytes() == whole.read_bytes()
    theirs = quantize(parts[0], tmp_path / "theirs.gguf", RECIPES["Q4_0"].file_type)
    assert differences(joined, theirs) == []
