"""A checkpoint is read exactly, or refused with the reason."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from llmq.errors import CheckpointError, WeightError
from llmq.files.safetensors import read_header
from llmq.sources.checkpoint import open_checkpoint


def raw_file(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(begin: int, end: int, *, shape: list[int] | None = None, dtype: str = "F32") -> Any:
    return {"dtype": dtype, "shape": shape or [(end - begin) // 4], "data_offsets": [begin, end]}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_rows_equal_torchs(tmp_path: Path, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "b": torch.randn(7, 5, 3, generator=generator).to(dtype),
        "a": torch.randn(11, generator=generator).to(dtype),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    refs = read_header(tmp_path / "model.safetensors")
    assert {name: ref.shape for name, ref in refs.items()} == {"b": (7, 5, 3), "a": (11,)}
    expected = tensors["b"].float().numpy().reshape(35, 3)
    np.testing.assert_array_equal(refs["b"].read(0, 35), expected)
    np.testing.assert_array_equal(refs["b"].read(10, 20), expected[10:20])
    np.testing.assert_array_equal(refs["a"].read(0, 1)[0], tensors["a"].float().numpy())


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (b"{", b"", "not valid JSON"),
        (b"[]", b"", "instead of an object"),
        (b"[" * 100_000, b"", "nested too deeply|not valid JSON"),
        (b'{"a": {}, "a": {}}', b"", "stands twice"),
        ({"a": entry(0, 8)}, bytes(4), "cut short or damaged"),
        ({"a": entry(0, 8)}, bytes(12), "cut short or damaged"),
        ({"a": entry(4, 8)}, bytes(8), "hole of 4 bytes"),
        ({"a": entry(0, 8), "b": entry(4, 12)}, bytes(12), "'b' overlaps"),
        ({"a": entry(0, 8, shape=[3])}, bytes(8), "do not fit F32"),
        ({"a": entry(8, 0, shape=[-2])}, bytes(8), "malformed"),
        ({"a": entry(0, 8, shape=[True, 2])}, bytes(8), "malformed"),
        ({"a": [1]}, b"", "malformed"),
        ({"a": entry(0, 8, dtype="F31")}, bytes(8), "unknown type 'F31'"),
        ({"a": entry(0, 8, shape=[1 << 40, 1 << 40])}, bytes(8), "do not fit"),
        ({"a": entry(0, 8, shape=[1 << 63])}, bytes(8), "malformed"),
        ({"a": entry(0, 8, shape=[10**4000] * 5000)}, bytes(8), "malformed"),  # no product is made
        ({"a": entry(0, 8, shape=[1] * 99_999)}, bytes(8), "malformed"),
    ],
)
def test_malformed_headers(tmp_path: Path, header: Any, data: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_header(raw_file(tmp_path / "model.safetensors", header, data))


def test_header_lengths(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for data in (b"", bytes(7), (1 << 62).to_bytes(8, "little") + bytes(100)):
        path.write_bytes(data)
        with pytest.raises(CheckpointError, match="cut short or not safetensors"):
            read_header(path)
    with path.open("wb") as file:
        file.write((200_000_000).to_bytes(8, "little"))
        file.truncate(300_000_000)
    with pytest.raises(CheckpointError, match="over the limit"):
        read_header(path)


def test_fp8_is_refused_by_name(tmp_path: Path) -> None:
    header = {"w": entry(0, 8, shape=[2, 4], dtype="F8_E4M3")}
    refs = read_header(raw_file(tmp_path / "model.safetensors", header, bytes(8)))
    with pytest.raises(WeightError, match="'w' is F8_E4M3"):
        refs["w"].readable()


def test_an_index_and_its_shards(make_checkpoint: Callable[..., Path]) -> None:
    folder = make_checkpoint()
    checkpoint = open_checkpoint(folder)
    assert len({tensor.file for tensor in checkpoint.tensors.values()}) == 2
    (folder / "model.safetensors.index.json").unlink()
    assert open_checkpoint(folder).tensors.keys() == checkpoint.tensors.keys()


def change_index(folder: Path, change: Callable[[dict[str, str]], object]) -> None:
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    change(index["weight_map"])
    path.write_text(json.dumps(index))


@pytest.mark.parametrize(
    "shard", ["../tiny/a.safetensors", "/etc/passwd", "..", "a\\b.safetensors", "C:x", "", 5]
)
def test_a_shard_is_a_plain_file_name(make_checkpoint: Callable[..., Path], shard: Any) -> None:
    folder = make_checkpoint()
    change_index(folder, lambda names: names.update({"model.norm.weight": shard}))
    with pytest.raises(CheckpointError, match="not a plain file name"):
        open_checkpoint(folder)


def test_a_shard_is_no_link_out(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_checkpoint()
    shard = folder / "model-00002-of-00002.safetensors"
    shard.rename(tmp_path / "elsewhere.safetensors")
    shard.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(CheckpointError, match="outside the folder"):
        open_checkpoint(folder)


def test_the_hub_caches_links_are_followed(
    make_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_checkpoint()
    cache = tmp_path / "models--a--b"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots").mkdir()
    snapshot = folder.rename(cache / "snapshots" / "0123")
    shard = snapshot / "model-00002-of-00002.safetensors"
    shard.rename(cache / "blobs" / "abc")
    shard.symlink_to("../../blobs/abc")
    checkpoint = open_checkpoint(snapshot)
    assert len(checkpoint.tensors) == 20
    assert checkpoint.name == "b"


def test_what_the_shards_hold_counts(make_checkpoint: Callable[..., Path]) -> None:
    folder = make_checkpoint()
    change_index(folder, lambda names: names.pop("model.norm.weight"))
    checkpoint = open_checkpoint(folder)
    assert "model.norm.weight" in checkpoint.tensors
    assert "model.norm.weight" in checkpoint.notes[0]
    first = "model-00001-of-00002.safetensors"
    change_index(folder, lambda names: names.update({"model.norm.weight": first, "ghost": first}))
    assert open_checkpoint(folder).unheld == {"ghost": first}


def test_an_index_beside_a_single_file(make_checkpoint: Callable[..., Path]) -> None:
    folder = make_checkpoint()
    shutil.copy(folder / "model-00001-of-00002.safetensors", folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"holds model\.safetensors and an index"):
        open_checkpoint(folder)


def test_a_shard_name_that_no_disk_takes(make_checkpoint: Callable[..., Path]) -> None:
    folder = make_checkpoint()
    change_index(folder, lambda names: names.update(dict.fromkeys(names, "x" * 5000)))
    with pytest.raises(CheckpointError, match=r"the shard (cannot be read|is missing)"):
        open_checkpoint(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no device files")
def test_a_config_without_end(make_checkpoint: Callable[..., Path]) -> None:
    folder = make_checkpoint()
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to("/dev/zero")
    with pytest.raises(CheckpointError, match=r"config\.json: is not a file"):
        open_checkpoint(folder)


def test_a_shard_that_goes_away(make_checkpoint: Callable[..., Path]) -> None:
    stored = open_checkpoint(make_checkpoint()).stored
    tensor = next(tensor for tensor in stored if tensor.name == "model.norm.weight")
    tensor.file.unlink()
    with pytest.raises(CheckpointError, match=rf"{tensor.file.name}: cannot be read"):
        tensor.read(0, 1)


def test_what_is_missing(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        open_checkpoint(tmp_path / "nowhere")
    folder = make_checkpoint()
    with pytest.raises(CheckpointError, match="is a file, not a folder"):
        open_checkpoint(folder / "config.json")
    (folder / "model-00001-of-00002.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"00001-of-00002.*the shard is missing"):
        open_checkpoint(folder)
    (folder / "model.safetensors.index.json").unlink()
    with pytest.raises(CheckpointError, match="shard 1 of 2 is missing"):
        open_checkpoint(folder)
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"config\.json: the file is missing"):
        open_checkpoint(folder)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("left", "remedy"),
    [
        ("pytorch_model-00001-of-00002.bin", "save the model with save_pretrained"),
        (
            "pytorch_model_fsdp_0/__0_0.distcp",
            "FSDP leaves are joined by: accelerate merge-weights",
        ),
        (
            "global_step10/rank_0_states.pt",
            "DeepSpeed leaves are joined by: python zero_to_fp32.py",
        ),
        ("training_args.bin", "other weight formats are not read"),
    ],
)
def test_weights_of_another_form(tmp_path: Path, left: str, remedy: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).touch()
    with pytest.raises(CheckpointError, match=remedy):
        open_checkpoint(tmp_path)
