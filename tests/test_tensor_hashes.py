"""The hash of each tensor: right for any number of processes, and what it finds afterwards."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

import llmq.quantize
from llmq import execute, make_plan, open_gguf, open_source
from llmq.errors import GgufError, OutputError
from llmq.tensor_hashes import TENSORS_SHA256, check_hashes, check_undamaged
from llmq_kernels import Encoder
from tests.conftest import converted, run

MakeCheckpoint = Callable[..., Path]


def entries(path: Path) -> list[str]:
    """What the header says."""
    found = open_gguf(path).metadata[TENSORS_SHA256]
    assert isinstance(found, list)
    return [str(entry) for entry in found]


def recomputed(*paths: Path) -> list[str]:
    """What the bytes say, by way of another reader than ours."""
    tensors = [tensor for path in paths for tensor in gguf.GGUFReader(path).tensors]
    return [f"{hashlib.sha256(t.data.tobytes()).hexdigest()} {t.tensor_type.name}" for t in tensors]


def flipped(path: Path, tensor: int, output: Path) -> str:
    """A copy in which one bit of this tensor is another; the tensor's name."""
    data, info = bytearray(path.read_bytes()), open_gguf(path).tensors[tensor]
    data[info.offset + info.n_bytes // 2] ^= 16
    output.write_bytes(data)
    return info.name


@pytest.mark.parametrize("encoder", [Encoder.SEARCH, Encoder.GGML])
def test_the_header_holds_the_hash_of_each_tensor(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoder: Encoder,
) -> None:
    plan = make_plan(open_source(make_checkpoint()), recipe="Q4_0", encoder=encoder)
    whole = execute(plan, tmp_path / "1.gguf", load_check=False)
    assert entries(whole) == recomputed(whole)
    assert whole.stat().st_size == plan.n_bytes
    monkeypatch.setattr(llmq.quantize, "CHUNK_WEIGHTS", 1000)  # several chunks of each tensor
    cut = execute(plan, tmp_path / "2.gguf", jobs=2, load_check=False)
    assert cut.read_bytes() == whole.read_bytes()


def test_the_first_part_has_those_of_all(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    """So that llama-gguf-split joins the parts to a file whose hashes are right."""
    plan = make_plan(open_source(make_checkpoint()), recipe="Q8_0")
    whole = execute(plan, tmp_path / "whole.gguf", load_check=False)
    first = execute(plan, tmp_path / "cut.gguf", split_max_size=30_000, load_check=False)
    parts = sorted(tmp_path.glob("cut-*"))
    assert len(parts) > 2
    assert entries(first) == entries(whole) == recomputed(*parts)
    assert all(TENSORS_SHA256 not in open_gguf(part).metadata for part in parts[1:])
    assert check_undamaged(first) == check_undamaged(parts[1]) == len(plan.tensors)
    name = flipped(parts[1], 0, parts[1])
    assert check_hashes(first).damaged == (name,)
    parts[1].unlink()
    with pytest.raises(GgufError, match=parts[1].name):
        check_hashes(first)


def test_one_bit_is_found_and_named(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = converted(make_checkpoint(), "Q4_0", tmp_path)
    n_tensors = len(open_gguf(file).tensors)
    assert run("inspect", file, "--verify") == 0
    assert f"all {n_tensors} tensors are as they were written" in capsys.readouterr().err
    bad = tmp_path / "bad.gguf"
    for tensor in (0, 5, n_tensors - 1):
        name = flipped(file, tensor, bad)
        assert check_hashes(bad).damaged == (name,)
        assert run("inspect", bad) == 0
        assert run("inspect", bad, "--verify") == 1
        said = capsys.readouterr().err
        assert f"'{name}' of {n_tensors} tensors are not what was written" in said
        assert said.count("\n") == 1


def test_keys_change_and_hashes_stay_right(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    file = converted(make_checkpoint(), "Q4_0", tmp_path)
    assert run("metadata", file, "set", "general.name=Another", "--no-load-check") == 0
    assert check_undamaged(file) == len(open_gguf(file).tensors)
    assert run("metadata", file, "set", f"{TENSORS_SHA256}=x") == 1


@pytest.mark.parametrize("recipe", ["Q4_0", "Q8_0"])
def test_what_is_made_of_a_file_has_hashes_of_its_own(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, recipe: str
) -> None:
    """In the same format, where the blocks are copied and the records kept, and in another."""
    file = converted(make_checkpoint(), "Q4_0", tmp_path)
    again = make_plan(open_source(file, allow_requantize=True), recipe=recipe)
    made = execute(again, tmp_path / "again.gguf", load_check=False)
    assert entries(made) == recomputed(made)
    assert (made.read_bytes() == file.read_bytes()) == (recipe == "Q4_0")


def test_hashes_that_other_programs_passed_on_are_unknown(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As llama-quantize does with keys that it does not know."""
    file = open_gguf(converted(make_checkpoint(), "F16", tmp_path))
    writer = gguf.GGUFWriter(other := tmp_path / "other.gguf", "llama")
    writer.add_array(TENSORS_SHA256, entries(file.path))
    for tensor in file.tensors:
        writer.add_tensor(tensor.name, np.zeros(tensor.shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "is that of another file" in check_hashes(other).unknown
    assert check_hashes(other).n_tensors == 0
    assert run("inspect", other, "--verify") == 1
    assert (
        "cannot be verified: its llmq.tensors.sha256 is that of another" in capsys.readouterr().err
    )


def test_a_file_without_hashes_cannot_be_verified(tmp_path: Path) -> None:
    from tests.oracles.gguf_models import metadata, random_weights, save, shapes

    keys, weights = metadata("llama", 64), random_weights(shapes("llama", 64))
    other = save(tmp_path / "other.gguf", keys, weights, "F16")
    with pytest.raises(GgufError, match=r"cannot be verified: it has no llmq\.tensors\.sha256"):
        check_undamaged(other)


def test_a_folder_has_nothing_to_verify(
    make_checkpoint: MakeCheckpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("inspect", make_checkpoint(), "--verify") == 1
    assert "llmq inspect --verify" in capsys.readouterr().err


def test_a_disk_that_reads_back_something_else(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tensor, and the header; the disk is stood in for by what happens after the writing."""
    plan = make_plan(open_source(make_checkpoint()), recipe="Q8_0")
    flush = llmq.quantize._flush
    for position, what in ((-100, "'.*' reads back differently"), (0, "the header reads back")):

        def spoiled(path: Path, at: int = position) -> None:
            flush(path)
            data = bytearray(path.read_bytes())
            if data[at] or at < 0:
                data[at] ^= 1
                path.write_bytes(data)

        monkeypatch.setattr(llmq.quantize, "_flush", spoiled)
        with pytest.raises(OutputError, match=what):
            execute(plan, tmp_path / "out.gguf", load_check=False)
        assert [*tmp_path.glob("*out*")] == []
