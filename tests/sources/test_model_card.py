"""general.* metadata: names, cards, sampling defaults, and cards that cannot be understood."""

import json
from pathlib import Path

import numpy as np
import pytest

from llmq.sources.counts import Counts
from llmq.sources.model_card import MAX_CARD_BYTES, general_metadata

CARD = """---
license: [mit, apache-2.0]
language:
- en
- no
base_model: Qwen/Qwen2.5-0.5B
tags: [tutor]
datasets:
- foo/bar
pipeline_tag: text-generation
version: 1.5
---
# A tutor
"""


def folder_of(path: Path, card: str | None = None, name: str = "tiny-tutor-1B-chat") -> Path:
    folder = path / name
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    if card is not None:
        (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


def test_a_full_card_in_the_order_of_the_converter(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, CARD)
    defaults = {"temperature": 0.6, "top_k": 20, "top_p": 0.95, "repetition_penalty": 1.1}
    (folder / "generation_config.json").write_text(json.dumps({**defaults, "min_p": None}))
    found, notes = general_metadata(folder, counts=Counts(1_000_000_000, 1_000_000_000))
    assert notes == ()
    assert list(found.items()) == [
        ("general.type", "model"),
        ("general.sampling.top_k", np.int32(20)),
        ("general.sampling.top_p", np.float32(0.95)),
        ("general.sampling.temp", np.float32(0.6)),
        ("general.sampling.penalty_repeat", np.float32(1.1)),
        ("general.name", "Tiny Tutor 1B Chat"),
        ("general.version", "1.5"),
        ("general.finetune", "chat"),
        ("general.basename", "tiny-tutor"),
        ("general.size_label", "1B"),
        ("general.license", "mit,apache-2.0"),
        ("general.base_model.count", np.uint32(1)),
        ("general.base_model.0.name", "Qwen2.5 0.5B"),
        ("general.base_model.0.organization", "Qwen"),
        ("general.base_model.0.repo_url", "https://huggingface.co/Qwen/Qwen2.5-0.5B"),
        ("general.dataset.count", np.uint32(1)),
        ("general.dataset.0.name", "Bar"),
        ("general.dataset.0.organization", "Foo"),
        ("general.dataset.0.repo_url", "https://huggingface.co/foo/bar"),
        ("general.tags", ["tutor", "text-generation"]),
        ("general.languages", ["en", "no"]),
    ]


def test_types_are_gguf_types(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, CARD)
    (folder / "generation_config.json").write_text('{"temperature": 1, "top_k": 5}')
    found, _ = general_metadata(folder, counts=Counts(1, 1))
    kinds = {key: type(value) for key, value in found.items()}
    assert kinds["general.sampling.temp"] is np.float32
    assert kinds["general.sampling.top_k"] is np.int32
    assert kinds["general.base_model.count"] is np.uint32


def test_no_card_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, name="tutor")
    expected = {"general.type": "model", "general.name": "Tutor", "general.size_label": "1.1B"}
    assert general_metadata(folder, counts=Counts(1_100_048_384, 1_100_048_384)) == (expected, ())
    monkeypatch.chdir(folder)
    assert general_metadata(Path(), counts=Counts(1_100_048_384, 1_100_048_384)) == (expected, ())


@pytest.mark.parametrize(
    "front_matter",
    [
        "license: [unclosed",
        "tags:\n- {a: b}\n- 7: [",
        "name: {nested: text}",
        "tags: [{nested: text}]",
        "license: [1, 2]",
        "model_name: [a, b]",
        "base_model: {name: [1]}\nbase_models: 5\nname: [x]",
        "base_model: [{name: {a: 1}}]",
        "license: !!python/object/apply:os.getcwd []",
        "name: true",
        "a: &a [x]\nb: &b [*a, *a]\nname: *b",
        'name: "\\ud800"',
        "[" * 5000,
        "name: \x07",
    ],
)
def test_what_cannot_be_understood_is_left_out(tmp_path: Path, front_matter: str) -> None:
    folder = folder_of(tmp_path, f"---\n{front_matter}\n---\n", name="tutor")
    found, notes = general_metadata(folder, counts=Counts(0, 0))
    assert {**found, "general.tags": [], "general.base_model.count": 0} == {
        "general.type": "model",
        "general.name": "Tutor",
        "general.tags": [],
        "general.base_model.count": 0,
    }
    assert len(notes) == 1
    assert notes[0].startswith("README.md")
    assert "\n" not in notes[0]


def test_the_rest_of_a_file_counts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "---\nlicense: mit\nname: {a: b}\n---\n", name="tutor")
    (folder / "generation_config.json").write_text('{"top_k": "many", "top_p": 0.5}')
    found, notes = general_metadata(folder, counts=Counts(1, 1))
    assert found["general.license"] == "mit"
    assert found["general.sampling.top_p"] == np.float32(0.5)
    assert notes == (
        "README.md: name cannot be understood and is left out",
        "generation_config.json: top_k cannot be understood and is left out",
    )


def test_files_that_cannot_be_understood(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "---\n---\n", name="tutor")
    for data in (b"---\nname: \xff\n---\n", b" " * (MAX_CARD_BYTES + 1)):
        (folder / "README.md").write_bytes(data)
        found, (note,) = general_metadata(folder, counts=Counts(1, 1))
        assert found["general.name"] == "Tutor"
        assert note.startswith("README.md cannot be understood")
    (folder / "README.md").unlink()
    for value in ('{"top_k": "many"}', "[]", '{"temperature": [1]}', "[" * 100_000):
        (folder / "generation_config.json").write_text(value)
        found, (note,) = general_metadata(folder, counts=Counts(1, 1))
        assert found["general.name"] == "Tutor"
        assert note.startswith("generation_config.json")
