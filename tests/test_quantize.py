"""Executing a plan: the right bytes, whatever the number of processes, or no file at all."""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
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
from tests.oracles.imatrix_files import save_importance

Tensors = dict[str, NDArray[np.float32]]
MakeCheckpoint = Callable[..., Path]


def convert(folder: Path, output: Path, *, recipe: str = "Q4_0", **options: Any) -> bytes:
    execute(make_plan(open_source(folder), recipe=recipe), output, **options)
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
    folder = make_checkpoint()
    first = convert(folder, tmp_path / "1.gguf", recipe=recipe)
    assert convert(folder, tmp_path / "2.gguf", recipe=recipe) == first
    monkeypatch.setattr(llmq.quantize, "CHUNK_WEIGHTS", 1000)
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
    checkpoint = open_source(make_checkpoint())
    rng = np.random.default_rng(3)
    matrices = {t.name: t.shape for t in make_plan(checkpoint).tensors if len(t.shape) == 2}
    rows = {name: rng.random((1, s[1]), np.float32) for name, s in matrices.items()}
    plan = make_plan(
        checkpoint,
        recipe=recipe,
        importance=save_importance(tmp_path / "i.gguf", rows),
        encoder=encoder,
    )
    first = execute(plan, tmp_path / "1.gguf").read_bytes()
    monkeypatch.setattr(llmq.quantize, "CHUNK_WEIGHTS", 1000)
    assert execute(plan, tmp_path / "2.gguf").read_bytes() == first
    assert execute(plan, tmp_path / "3.gguf", jobs=3).read_bytes() == first


def test_weights_arrive_where_they_belong(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """BF16 to F32 loses nothing, and queries and keys are paired as the formula says."""
    folder = make_checkpoint()
    convert(folder, tmp_path / "f32.gguf", recipe="F32")
    found = decoded(tmp_path / "f32.gguf")
    source = open_checkpoint(folder).tensors

    def original(name: str) -> NDArray[np.float32]:
        tensor = source[name]
        return tensor.read(0, tensor.n_rows).reshape(tensor.shape)

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


def test_weights_that_cannot_be_stored(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    name = "model.layers.1.mlp.up_proj.weight"
    for index, (value, recipe, message) in enumerate(
        [
            (np.nan, "Q8_0", rf"{name}: the weight at \[90, 7\] is nan"),
            (-np.inf, "F32", rf"{name}: the weight at \[90, 7\] is -inf"),
            (1e9, "Q4_0", r"blk\.1\.ffn_up\.weight: row 90, columns from 0: a weight of 1e\+09"),
            (1e5, "F16", r"blk\.1\.ffn_up\.weight: row 90, columns from 7: a weight of 100000"),
        ]
    ):

        def spoil(tensors: Tensors, value: float = value) -> None:
            tensors[name][90, 7] = value

        folder = make_checkpoint(dtype="F32", change=spoil)
        for jobs in (1, 2):
            with pytest.raises(WeightError, match=message):
                convert(folder, tmp_path / "out.gguf", recipe=recipe, jobs=jobs)
        assert list(tmp_path.iterdir()) == [folder], "nothing is left behind"
        folder.rename(tmp_path.with_name(f"{tmp_path.name}-{index}"))


def test_outputs_that_are_refused(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    folder = make_checkpoint()
    output = tmp_path / "out.gguf"
    output.write_text("precious")
    with pytest.raises(OutputError, match=r"out\.gguf: exists already; --force"):
        convert(folder, output)
    assert output.read_text() == "precious"
    assert convert(folder, output, force=True)[:4] == b"GGUF"
    shard = next(folder.glob("*.safetensors"))
    before = shard.read_bytes()
    with pytest.raises(OutputError, match="is a file of the model itself"):
        convert(folder, shard, force=True)
    assert shard.read_bytes() == before
    with pytest.raises(OutputError, match="is a folder"):
        convert(folder, tmp_path)
    with pytest.raises(OutputError, match="there is no such folder"):
        convert(folder, tmp_path / "no" / "out.gguf")


@pytest.mark.skipif(sys.platform == "win32", reason="folders have POSIX permissions")
def test_a_folder_that_is_not_writable(make_checkpoint: MakeCheckpoint) -> None:
    """In a process of its own, which gives up being root after everything is imported."""
    folder = make_checkpoint()
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        source = Path(public) / "tiny"
        shutil.copytree(folder, source)
        code = (
            "import os, sys; from llmq.cli import main; main(['convert', sys.argv[2], '--dry-run']);"
            "os.geteuid() or os.setuid(65534); sys.exit(main(sys.argv[1:]))"
        )
        (Path(public) / "locked").mkdir(mode=0o555)
        output = Path(public) / "locked" / "out.gguf"
        command = [sys.executable, "-c", code, "convert", str(source), "-o", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "locked: the folder is not writable; choose another" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_too_small(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """A sparse file plays a checkpoint that no disk here could take."""
    folder = make_checkpoint()
    config = json.loads((folder / "config.json").read_text())
    config["intermediate_size"] = wide = 1 << 31
    (folder / "config.json").write_text(json.dumps(config))
    header, end = {}, 0
    for name, tensor in open_checkpoint(folder).tensors.items():
        shape = [wide if size == 96 else size for size in tensor.shape]
        begin, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    for old in folder.glob("*.safetensors*"):
        old.unlink()
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        try:
            file.truncate(8 + len(text) + end)
        except OSError:
            pytest.skip("this file system has no sparse files of 1.5 TiB")
    plan = make_plan(open_source(folder), recipe="F32")
    with pytest.raises(OutputError, match=r"needs \d+ bytes and the disk has \d+ free"):
        execute(plan, tmp_path / "out.gguf")


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_fills_up(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """A limit on file sizes makes a write fail in the middle, in this process and in workers."""
    folder = make_checkpoint()
    code = (
        "import resource, sys; from llmq.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); sys.exit(main(sys.argv[1:]))"
    )
    for jobs in ("1", "2"):
        command = [sys.executable, "-c", code, "convert", str(folder), "--recipe", "F32"]
        command += ["-o", str(tmp_path / "out.gguf"), "--jobs", jobs]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert "out.gguf: cannot be written (File too large)" in last, done.stderr
        assert "Traceback" not in done.stderr
        assert list(tmp_path.iterdir()) == [folder]


def test_a_disk_with_room_for_one_file_takes_one(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written before the last look at the disk is not asked for twice."""
    plan = make_plan(open_source(make_checkpoint()))

    def disk_usage(folder: Path) -> SimpleNamespace:
        used = sum(path.stat().st_size for path in Path(folder).glob(".out.gguf*"))
        return SimpleNamespace(free=plan.n_bytes + 100 - used)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    assert execute(plan, tmp_path / "out.gguf").stat().st_size == plan.n_bytes


@pytest.mark.skipif(not Path(os.devnull).exists(), reason="the null device is no path here")
def test_a_device_is_not_replaced(make_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(OutputError, match="is not a file that could be replaced"):
        convert(make_checkpoint(), Path(os.devnull), force=True)
    assert not Path(os.devnull).is_file()


def test_any_number_of_cores_keeps_to_the_memory(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default as many workers as fit; a queue shorter than the number of chunks changes nothing."""
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
