"""A file with other metadata: the same tensors, whole or not at all."""

import sys
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

from llmq.editing import write_edited
from llmq.edits import edited, edits_of
from llmq.errors import GgufError, ModelError, OutputError
from llmq.files.gguf import open_gguf
from tests.conftest import converted, run
from tests.oracles.gguf_models import metadata, random_weights, save_parts, shapes

MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def file(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> Path:
    """A small model's file."""
    return converted(make_checkpoint(), "Q8_0", tmp_path)


def tensors_of(path: Path) -> dict[str, bytes]:
    data = path.read_bytes()
    return {t.name: data[t.offset : t.offset + t.n_bytes] for t in open_gguf(path).tensors}


def test_keys_change_and_tensors_stay(file: Path, tmp_path: Path) -> None:
    before, tensors = open_gguf(file), tensors_of(file)
    template = tmp_path / "template.jinja"
    template.write_text("{{ messages }}", encoding="utf-8")
    changes = (
        "general.name=Eine Köchin",
        "llama.context_length=64",
        "general.sampling.top_k:int32=40",
        f"tokenizer.chat_template=@{template}",
        "general.description=x=y",
    )
    assert run("metadata", file, "set", *changes) == 0
    after = open_gguf(file)
    assert after.metadata["general.name"] == "Eine Köchin"
    assert after.metadata["llama.context_length"] == np.uint32(64)
    assert type(after.metadata["general.sampling.top_k"]) is np.int32
    assert after.metadata["tokenizer.chat_template"] == "{{ messages }}"
    assert after.metadata["general.description"] == "x=y"
    assert list(after.metadata)[: len(before.metadata)] == list(before.metadata)
    assert tensors_of(file) == tensors
    assert [*file.parent.glob(".*")] == []


def test_what_is_removed_can_be_set_again(file: Path) -> None:
    whole = file.read_bytes()
    name = open_gguf(file).metadata["general.name"]
    assert run("metadata", file, "remove", "general.name") == 0
    assert "general.name" not in open_gguf(file).metadata
    assert run("metadata", file, "set", f"general.name={name}") == 0
    assert sorted(file.read_bytes()) == sorted(whole)  # another order of the keys


def test_another_output_leaves_the_file(file: Path, tmp_path: Path) -> None:
    whole, other = file.read_bytes(), tmp_path / "other.gguf"
    assert run("metadata", file, "set", "general.name=Other", "-o", other) == 0
    assert file.read_bytes() == whole
    assert open_gguf(other).metadata["general.name"] == "Other"
    assert run("metadata", file, "set", "general.name=Third", "-o", other) == 1
    assert run("metadata", file, "set", "general.name=Third", "-o", other, "--force") == 0


def test_a_file_that_llama_cpp_refuses_is_not_written(file: Path) -> None:
    whole, opened = file.read_bytes(), open_gguf(file)
    needed = "llama.attention.layer_norm_rms_epsilon"
    keys = edited(opened, edits_of(opened, [needed], remove=True))
    with pytest.raises(ModelError, match="cannot open it"):
        write_edited(opened, keys, file, force=True)
    assert file.read_bytes() == whole
    assert [*file.parent.glob(".*")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_a_link_is_no_output(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(file)
    opened = open_gguf(link)
    with pytest.raises(OutputError, match="is a link"):
        write_edited(opened, opened.metadata, link, force=True)


@pytest.mark.parametrize("alignment", [8, 64])
def test_alignments_stay(tmp_path: Path, alignment: int) -> None:
    """Those of files that others wrote."""
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_custom_alignment(alignment)
    for number in range(3):
        writer.add_tensor(f"t{number}", np.full((1, 3 + number), number, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = tmp_path / "a.gguf"
    tensors, opened = tensors_of(file), open_gguf(file)
    for length in range(64):
        keys = edited(opened, edits_of(opened, [f"general.name={'x' * length}"]))
        write_edited(opened, keys, tmp_path / "b.gguf", force=True, load_check=False)
        assert tensors_of(tmp_path / "b.gguf") == tensors


def test_a_part_is_refused(tmp_path: Path) -> None:
    weights = random_weights(shapes("llama", 64))
    parts = save_parts(tmp_path, metadata("llama", 64), weights, "F16", [20, len(weights) - 20])
    with pytest.raises(GgufError, match="one part of a split model"):
        edits_of(open_gguf(parts[0]), ["general.name=x"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["general.tags=a", "general.tags=b"], "named twice"),
        (["general.x:bool=perhaps"], "is not true or false"),
        (["general.x:float32=nan"], "no float32"),
        (["general.x:float32=1e60"], "no float32"),
        (["general.x:uint8=300"], "no uint8"),
        (["split.count=2"], "which part of a model"),
        (["llama.block_count=6"], "the shapes of the tensors follow from it"),
        (["tokenizer.ggml.tokens=a,b"], "it is the vocabulary"),
        (["=x"], "is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_set(file: Path, given: list[str], words: str) -> None:
    with pytest.raises(GgufError, match=words):
        edits_of(open_gguf(file), given)


def test_lists_of_texts(file: Path) -> None:
    opened = open_gguf(file)
    opened.metadata["general.tags"] = ["old"]
    (edit,) = edits_of(opened, ["general.tags=maths, tutor"])
    assert edit.after == ["maths", "tutor"]
