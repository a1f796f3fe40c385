"""The journal: finished tensors survive whatever happens, and serve no other work."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import OutputError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.refine.journal import Journal, fingerprint_of, journal_folder
from llmq.sources.opening import open_source
from llmq_kernels import FORMATS, Encoder

Q4_0 = FORMATS["Q4_0"]
ROWS = np.random.default_rng(3).normal(0, 1, (6, 64)).astype(np.float32)
BLOCKS = Q4_0.encode(ROWS, encoder=Encoder.GGML)
NAME = "blk.0.attn_q.weight"


def test_what_is_put_is_found_again(tmp_path: Path) -> None:
    folder = journal_folder(tmp_path / "out.gguf")
    first = Journal.open(folder, {"model": 1})
    assert first.note == ""
    assert first.journal.get(NAME, Q4_0, ROWS.shape) is None
    first.journal.put(NAME, BLOCKS)
    again = Journal.open(folder, {"model": 1})
    assert again.note == "going on: 1 tensors are refined already"
    found = again.journal.get(NAME, Q4_0, ROWS.shape)
    assert found is not None
    assert found.tobytes() == BLOCKS.tobytes()
    assert (again.journal.names(), again.journal.n_bytes) == ([NAME], BLOCKS.nbytes)
    weights = again.journal.as_weights(NAME, Q4_0, ROWS.shape)
    assert weights.raw(2, 5).tobytes() == BLOCKS[2:5].tobytes()
    np.testing.assert_array_equal(weights.read(2, 5), Q4_0.decode(BLOCKS[2:5]))
    again.journal.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["model", "calibration"])
def test_another_fingerprint_begins_anew_and_says_what_has_changed(
    tmp_path: Path, part: str
) -> None:
    fingerprint = {"model": {"a.safetensors": [1, 2]}, "calibration": "ab", "settings": {"a": 0.5}}
    Journal.open(tmp_path / "j", fingerprint).journal.put(NAME, BLOCKS)
    opened = Journal.open(tmp_path / "j", {**fingerprint, part: "other"})
    assert f"work that was begun with another {part}" in opened.note
    assert opened.journal.names() == []
    (tmp_path / "j" / "fingerprint.json").write_text("{")
    assert "starting anew" in Journal.open(tmp_path / "j", fingerprint).note


def test_a_file_that_lost_its_end_counts_as_not_finished(tmp_path: Path) -> None:
    journal, _ = Journal.open(tmp_path / "j", {})
    journal.put(NAME, BLOCKS)
    (file,) = (tmp_path / "j").glob("*.blocks")
    file.write_bytes(file.read_bytes()[:-1])
    assert journal.get(NAME, Q4_0, ROWS.shape) is None


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "j"
    folder.mkdir()
    Journal.open(folder, {}).journal.remove()  # an empty one is what a kill may leave
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not llmq's; move it away"):
        Journal.open(folder, {})
    assert (folder / "thesis.txt").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_is_one_line_and_leaves_no_half_of_a_tensor(tmp_path: Path) -> None:
    code = (
        "import resource, sys, numpy as np; from pathlib import Path;"
        "from llmq.refine.journal import Journal; from llmq.errors import OutputError\n"
        "journal, _ = Journal.open(Path(sys.argv[1]), {})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "journal.put('small', np.zeros(4000, np.uint8))\n"
        "try: journal.put('large', np.zeros(9000, np.uint8))\n"
        "except OutputError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "j")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (
        "large.blocks: cannot be written (File too large); what is finished is kept" in done.stdout
    )
    assert len(done.stdout.splitlines()) == 1
    names = sorted(path.name for path in (tmp_path / "j").iterdir())
    assert names == ["fingerprint.json", "small.blocks"]


def test_the_fingerprint_knows_what_blocks_depend_on(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tutor"
    folder.mkdir()
    for file in (repository / "eval" / "tutor").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    plan = make_plan(open_source(folder), recipe="Q4_0", quality="best")
    first = fingerprint_of(plan, "ab", {"alpha": 0.5})
    assert fingerprint_of(plan, "ab", {"alpha": 0.5}) == first
    assert fingerprint_of(plan, "cd", {"alpha": 0.5}) != first
    assert fingerprint_of(plan, "ab", {"alpha": 0.25}) != first
    other = make_plan(open_source(folder), recipe="IQ4_NL", quality="best")
    assert fingerprint_of(other, "ab", {"alpha": 0.5}) != first
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert fingerprint_of(plan, "ab", {"alpha": 0.5}) != first


def test_a_plan_takes_blocks_from_the_journal(repository: Path, tmp_path: Path) -> None:
    """The blocks of another encoder, so that it shows whose they are."""
    source = open_source(repository / "eval" / "tutor")
    plan = make_plan(source, recipe="Q4_0")
    name = "blk.1.ffn_up.weight"
    tensor = next(tensor for tensor in plan.tensors if tensor.name == name)
    rows = tensor.source.weights.read(0, tensor.source.n_rows)
    blocks = tensor.format.encode(rows, encoder=Encoder.GGML)
    journal, _ = Journal.open(tmp_path / "j", {})
    journal.put(name, blocks)
    refined = plan.with_refined({name: journal.as_weights(name, tensor.format, tensor.shape)})
    assert (refined.encoder, refined.metadata["llmq.encoder"]) == ("refined", "refined")
    file = execute(refined, tmp_path / "out.gguf", load_check=False)
    (found,) = (t for t in open_source(file, allow_requantize=True).tensors if t.name == name)
    assert found.weights.raw(0, tensor.source.n_rows).tobytes() == blocks.tobytes()
