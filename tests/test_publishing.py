"""Several files of one model: cut as llama-gguf-split cuts, published whole or not at all."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from llmq import execute, make_plan, open_gguf, open_source
from llmq.errors import OutputError
from llmq.files.gguf import padded
from llmq.plan import Plan
from llmq.publishing import in_parts, unpublished
from llmq.runtime import open_model
from tests.conftest import run

MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def plan(make_checkpoint: MakeCheckpoint) -> Plan:
    return make_plan(open_source(make_checkpoint()), recipe="F16")


def tensors_of(path: Path) -> dict[str, bytes]:
    data = path.read_bytes()
    return {t.name: data[t.offset : t.offset + t.n_bytes] for t in open_gguf(path).tensors}


def write(outputs: list[Path], count: int, *, force: bool) -> None:
    """Write the first so many of these."""
    with unpublished(outputs, force=force) as partials:
        for partial in partials[:count]:
            partial.write_bytes(b"new")


def test_the_parts_are_the_whole(plan: Plan, tmp_path: Path) -> None:
    whole = execute(plan, tmp_path / "whole.gguf", load_check=False)
    first = execute(plan, tmp_path / "cut.gguf", split_max_size=40_000)
    parts = sorted(tmp_path.glob("cut-*"))
    assert first == parts[0]
    assert [part.name for part in parts] == [
        f"cut-{n:05}-of-{len(parts):05}.gguf" for n in range(1, len(parts) + 1)
    ]
    assert len(parts) > 2
    held = {name: data for part in parts for name, data in tensors_of(part).items()}
    assert list(held.items()) == list(tensors_of(whole).items())
    for number, part in enumerate(parts):
        keys = open_gguf(part).metadata
        said = {
            "split.no": np.uint16(number),
            "split.count": np.uint16(len(parts)),
            "split.tensors.count": np.int32(len(held)),
        }
        rest = {key: value for key, value in keys.items() if key not in said}
        assert {key: keys[key] for key in said} == said
        assert list(rest) == (list(plan.metadata) if number == 0 else [])
    assert [*tmp_path.glob(".*")] == []


def test_llama_cpp_and_we_take_the_first(plan: Plan, tmp_path: Path) -> None:
    whole = execute(plan, tmp_path / "whole.gguf", load_check=False)
    first = execute(plan, tmp_path / "cut.gguf", split_max_size=40_000)
    with open_model(whole, threads=1) as one, open_model(first, threads=1) as other:
        np.testing.assert_array_equal(one.logits([1, 2, 3]), other.logits([1, 2, 3]))
    again = execute(
        make_plan(open_source(first), recipe="F16"), tmp_path / "again.gguf", load_check=False
    )
    assert tensors_of(again) == tensors_of(whole)


def test_where_it_is_cut(plan: Plan) -> None:
    for size in (1, 10_000, 40_000, 10**9):
        parts = in_parts(plan, size)
        names = [tensor.name for part in parts for tensor in part.tensors]
        assert names == [tensor.name for tensor in plan.tensors]
        sizes = [[padded(tensor.n_bytes) for tensor in part.tensors] for part in parts]
        assert all(sum(held) <= size or len(held) == 1 for held in sizes)
        assert all(sum(held) + later[0] > size for held, later in pairwise(sizes))
    assert in_parts(plan, 10**9) == [plan]  # an ordinary file


def test_nothing_is_left_where_one_fails(tmp_path: Path) -> None:
    taken = tmp_path / "cut-00002-of-00003.gguf"
    outputs = [tmp_path / f"cut-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    taken.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        write(outputs, 3, force=False)
    assert sorted(tmp_path.glob("*cut*")) == [taken]
    assert taken.read_bytes() == b"mine"
    write(outputs, 3, force=True)
    assert [output.read_bytes() for output in outputs] == [b"new"] * 3


def test_the_first_goes_before_others_are_replaced(tmp_path: Path) -> None:
    """A name that cannot be taken: the old first part is gone, so that no mixture is opened."""
    outputs = [tmp_path / "a-00001-of-00002.gguf", tmp_path / "a-00002-of-00002.gguf"]
    outputs[0].write_bytes(b"old")
    with pytest.raises(OSError, match=r"a-00002"):  # noqa: SIM117
        with unpublished(outputs, force=True) as partials:
            partials[0].write_bytes(b"new")  # and no second
    assert [*tmp_path.iterdir()] == []


def test_the_command(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_checkpoint()
    command = ["convert", folder, "--recipe", "F16", "-o", tmp_path / "t.gguf"]
    assert run(*command, "--split-max-size", "40K") == 0
    said = capsys.readouterr().err
    first = min(tmp_path.glob("t-00001-of-*"))
    assert f"files, of which programs take the first: {first.name}" in said
    assert str(first) in said
    assert run(*command, "--split-max-size", "40K", "--dry-run") == 1
    assert "exists already" in capsys.readouterr().err
    assert run(*command, "--split-max-size", "40K", "--force", "--json") == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert files == sorted(str(part) for part in tmp_path.glob("t-*"))
    assert run("inspect", first) == 0
    assert "part 1 of" in capsys.readouterr().out
    assert run(*command, "--split-max-size", "1G") == 0
    assert (tmp_path / "t.gguf").exists()
