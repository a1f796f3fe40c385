"""Where an output cannot go: the file is refused, or nothing is left behind."""

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

import numpy as np
import pytest

from llmq import convert, read_importance
from llmq.errors import OutputError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.checkpoint import open_checkpoint
from llmq.sources.opening import open_source
from llmq_peer.imatrix_files import save_gguf, sums_and_counts

MakeCheckpoint = Callable[..., Path]


def test_outputs_that_are_refused(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    folder = make_checkpoint()
    output = tmp_path / "out.gguf"
    output.write_text("precious")
    with pytest.raises(OutputError, match=r"out\.gguf: exists already; --force"):
        convert(folder, output)
    assert output.read_text() == "precious"
    assert convert(folder, output, force=True).read_bytes()[:4] == b"GGUF"
    shard = next(folder.glob("*.safetensors"))
    before = shard.read_bytes()
    with pytest.raises(OutputError, match="is a file of the model itself"):
        convert(folder, shard, force=True)
    assert shard.read_bytes() == before
    for own in (folder / "config.json", folder / "tokenizer.json", folder / "notes.txt"):
        own.touch()
        before = own.read_bytes()
        with pytest.raises(OutputError, match=rf"{own.name}: is a file of the model itself"):
            convert(folder, own, force=True)
        assert own.read_bytes() == before
    with pytest.raises(OutputError, match="is a folder"):
        convert(folder, tmp_path)
    with pytest.raises(OutputError, match="there is no such folder"):
        convert(folder, tmp_path / "no" / "out.gguf")


def test_an_earlier_output_in_the_folder_itself(make_checkpoint: MakeCheckpoint) -> None:
    folder = make_checkpoint()
    first = convert(folder, folder / "out.gguf", load_check=False).read_bytes()
    assert convert(folder, folder / "out.gguf", load_check=False, force=True).read_bytes() == first


def test_the_importance_matrix_is_not_overwritten(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    ones = np.ones((1, 64), np.float32)
    matrix = save_gguf(tmp_path / "m.gguf", sums_and_counts("blk.0.attn_q.weight", ones, [1]))
    before = matrix.read_bytes()
    with pytest.raises(OutputError, match=r"m\.gguf: is the importance matrix; name another"):
        convert(make_checkpoint(), matrix, importance=read_importance(matrix), force=True)
    assert matrix.read_bytes() == before


def test_what_a_folder_links_to_is_its_own(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """As in the cache of Hugging Face's hub."""
    folder, blob = make_checkpoint(), tmp_path / "blob"
    (folder / "config.json").rename(blob)
    (folder / "config.json").symlink_to(blob)
    with pytest.raises(OutputError, match="blob: is a file of the model itself"):
        convert(folder, blob, force=True)


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


def test_a_link_is_not_replaced(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """Such as /dev/stdout."""
    link, target = tmp_path / "link.gguf", tmp_path / "target.gguf"
    link.symlink_to(target)
    with pytest.raises(OutputError, match=r"link\.gguf: is a link to .*target\.gguf; name that"):
        convert(make_checkpoint(), link, force=True)
    assert link.is_symlink()
    assert not target.exists()


@pytest.mark.skipif(not Path(os.devnull).exists(), reason="the null device is no path here")
def test_a_device_is_not_replaced(make_checkpoint: MakeCheckpoint) -> None:
    with pytest.raises(OutputError, match="is not a file that could be replaced"):
        convert(make_checkpoint(), Path(os.devnull), force=True)
    assert not Path(os.devnull).is_file()
