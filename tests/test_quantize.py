"""Executing a plan: the right bytes, whatever the number of processes, or no file at all."""

import os
import subprocess
import sys
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import llmq.quantize
import llmq.workers
from llmq.errors import OutputError, WeightError
from llmq.files.gguf import open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.checkpoint import open_checkpoint
from llmq.sources.opening import open_source
from llmq_kernels import FORMATS, Encoder
from llmq_peer.imatrix_files import save_importance

Tensors = dict[str, NDArray[np.float32]]
MakeCheckpoint = Callable[..., Path]
UP = "model.layers.1.mlp.up_proj.weight"
WIDE = {"hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 1}
"""Rows of whole superblocks: every recipe stores them in its own formats."""


def convert(folder: Path, output: Path, *, recipe: str = "Q4_0", **options: Any) -> bytes:
    execute(make_plan(open_source(folder), recipe=recipe), output, load_check=False, **options)
    return output.read_bytes()


def decoded(path: Path) -> Tensors:
    """The tensors of a GGUF file as float32."""
    data = path.read_bytes()
    result = {}
    for tensor in open_gguf(path).tensors:
        kind = FORMATS[tensor.type_name]
        raw = np.frombuffer(data, kind.layout, tensor.n_bytes // kind.block_bytes, tensor.offset)
        rows = kind.decode(raw.reshape(-1, tensor.shape[-1] // kind.block))
        result[tensor.name] = rows.reshape(tensor.shape)
    return result


@pytest.mark.parametrize("recipe", RECIPES)
def test_bytes_do_not_depend_on_chunks(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    folder = make_checkpoint(**WIDE)
    first = convert(folder, tmp_path / "1.gguf", recipe=recipe)
    base = "Q8_0" if recipe == "MXFP4_MOE" else RECIPES[recipe].base  # there are no experts
    assert base in {tensor.type_name for tensor in open_gguf(tmp_path / "1.gguf").tensors}
    assert convert(folder, tmp_path / "2.gguf", recipe=recipe) == first
    monkeypatch.setattr(llmq.quantize, "CHUNK_WEIGHTS", 10_000)
    assert convert(folder, tmp_path / "3.gguf", recipe=recipe) == first


@pytest.mark.parametrize("recipe", ["BF16", "Q8_0", "Q4_K_M", "IQ4_NL"])
@pytest.mark.parametrize("encoder", Encoder)
def test_bytes_do_not_depend_on_workers(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recipe: str,
    encoder: Encoder,
) -> None:
    """With an importance matrix, which travels with the chunks."""
    checkpoint = open_source(make_checkpoint(**WIDE))
    rng = np.random.default_rng(3)
    matrices = {t.name: t.shape for t in make_plan(checkpoint).tensors if len(t.shape) == 2}
    rows = {name: rng.random((1, s[1]), np.float32) for name, s in matrices.items()}
    plan = make_plan(
        checkpoint,
        recipe=recipe,
        importance=save_importance(tmp_path / "i.gguf", rows),
        encoder=encoder,
    )
    first = execute(plan, tmp_path / "1.gguf", load_check=False).read_bytes()
    monkeypatch.setattr(llmq.quantize, "CHUNK_WEIGHTS", 10_000)
    assert execute(plan, tmp_path / "2.gguf", load_check=False).read_bytes() == first
    assert execute(plan, tmp_path / "3.gguf", jobs=3, load_check=False).read_bytes() == first


def test_weights_arrive_where_they_belong(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """BF16 to F32 loses nothing, and queries and keys are paired as the formula says."""
    folder = make_checkpoint()
    convert(folder, tmp_path / "f32.gguf", recipe="F32")
    found = decoded(tmp_path / "f32.gguf")
    source = open_checkpoint(folder).tensors

    def original(name: str) -> NDArray[np.float32]:
        tensor = source[name]
        return tensor.read(0, prod(tensor.shape[:-1])).reshape(tensor.shape)

    layer = "model.layers.1."
    np.testing.assert_array_equal(found["token_embd.weight"], original("model.embed_tokens.weight"))
    np.testing.assert_array_equal(
        found["blk.1.ffn_norm.weight"], original(layer + "post_attention_layernorm.weight")
    )
    np.testing.assert_array_equal(
        found["blk.1.attn_v.weight"], original(layer + "self_attn.v_proj.weight")
    )
    for name, source_name in (("attn_q", "q_proj"), ("attn_k", "k_proj")):
        rows = original(f"{layer}self_attn.{source_name}.weight")
        head = 16
        for row in range(len(rows)):
            start, place = row // head * head, row % head
            target = start + 2 * (place % (head // 2)) + place // (head // 2)
            np.testing.assert_array_equal(found[f"blk.1.{name}.weight"][target], rows[row])


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("value", "recipe", "message"),
    [
        (np.nan, "Q8_0", rf"{UP}: the weight at \[90, 7\] is nan"),
        (-np.inf, "F32", rf"{UP}: the weight at \[90, 7\] is -inf"),
        (1e9, "Q4_0", r"blk\.1\.ffn_up\.weight: row 90, columns from 0: a weight of 1e\+09"),
        (1e5, "F16", r"blk\.1\.ffn_up\.weight: row 90, columns from 7: a weight of 100000"),
    ],
)
def test_weights_that_cannot_be_stored(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    value: float,
    recipe: str,
    message: str,
    jobs: int,
) -> None:
    def spoil(tensors: Tensors) -> None:
        tensors[UP][90, 7] = value

    folder = make_checkpoint(dtype="F32", change=spoil)
    with pytest.raises(WeightError, match=message):
        convert(folder, tmp_path / "out.gguf", recipe=recipe, jobs=jobs)
    assert list(tmp_path.iterdir()) == [folder], "nothing is left behind"


def test_any_number_of_cores_keeps_to_the_memory(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default as many workers as fit; a queue shorter than the chunks changes nothing."""
    folder = make_checkpoint()
    first = convert(folder, tmp_path / "1.gguf")
    monkeypatch.setattr(llmq.quantize, "cores", lambda: 64)
    monkeypatch.setattr(llmq.quantize, "SMALL_WEIGHTS", 0)
    monkeypatch.setattr(llmq.quantize, "CHUNK_WEIGHTS", 1000)
    monkeypatch.setattr(llmq.workers, "QUEUED", 3)
    for max_memory in (190_000_000, 70_000_000):  # of two workers, and of none
        assert convert(folder, tmp_path / "2.gguf", max_memory=max_memory, force=True) == first


def test_memory_that_is_too_little(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"1000 bytes of memory are too few for 4 jobs"):
        convert(make_checkpoint(), tmp_path / "out.gguf", max_memory=1000, jobs=4)


def test_neither_fork_nor_positioned_reads_are_needed(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    """Taken away in the main process and, by way of sitecustomize, in the workers."""
    folder = make_checkpoint()
    first = convert(folder, tmp_path / "1.gguf")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os\n"
        "for name in ('fork', 'forkpty', 'pread', 'preadv', 'pwrite', 'pwritev', 'sched_getaffinity'):\n"
        "    if hasattr(os, name):\n"
        "        delattr(os, name)\n"
    )
    code = "import os, sys; assert not hasattr(os, 'pread'); from llmq.cli import main; sys.exit(main())"
    command = [
        sys.executable,
        "-c",
        code,
        "convert",
        str(folder),
        "--jobs",
        "2",
        "--recipe",
        "Q4_0",
    ]
    paths = [str(tmp_path / "site"), *(path for path in sys.path if path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run([*command, "-o", str(tmp_path / "2.gguf")], env=environment, check=True)
    assert (tmp_path / "2.gguf").read_bytes() == first
