"""What people type out of habit (`habits.py`), typed in a folder as they have it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import converted, run
from tests.habits import HABITS, Habit

MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def place(make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as people have it: a checkpoint, a file made of it, others' files beside them."""
    folder = make_checkpoint()
    file = converted(folder, "Q4_0", tmp_path)
    for name in ("models", "runs", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "models" / "small.gguf").write_bytes(file.read_bytes())
    (tmp_path / "runs" / "checkpoint-20").mkdir()
    (tmp_path / "lora-runs" / "checkpoint-10").mkdir(parents=True)
    (tmp_path / "lora-runs" / "checkpoint-10" / "adapter_config.json").write_text("{}")
    for name in ("split-00001-of-00002", "split-00002-of-00002", "gap-00001-of-00002"):
        (tmp_path / f"{name}.gguf").write_bytes(file.read_bytes())
    strange = tmp_path / "strange"
    strange.mkdir()
    for part in folder.iterdir():
        (strange / part.name).write_bytes(part.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "runs" / "checkpoint-20" / "config.json").write_text(json.dumps(config))
    config["architectures"] = ["MambaForCausalLM"]
    (strange / "config.json").write_text(json.dumps(config))
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK\3\4")
    for name in ("notes.txt", "my-suite.jsonl"):
        (tmp_path / name).write_text("Some words.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.typed or "llmq")
def test_a_habit(place: Path, habit: Habit, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    assert run(*habit.typed.split()) == habit.code
    said = capsys.readouterr()
    assert [words for words in habit.err if words not in said.err] == [], said.err
    assert [words for words in habit.out if words not in said.out] == [], said.out
    if habit.code:
        assert said.out == ""
        assert "->" not in said.err, "the plan comes after what can be wrong"
    if habit.code == 1:
        assert len(said.err.splitlines()) == 1
        assert said.err.startswith("llmq: ")
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_an_output_folder_takes_the_default_name(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in ("models", "models/", "."):
        assert run("convert", "tiny", "-o", given, "--recipe", "Q8_0", "--no-load-check") == 0
        assert f"{Path(given) / 'tiny-Q8_0.gguf'}: " in capsys.readouterr().err
        assert (place / given / "tiny-Q8_0.gguf").is_file()
        (place / given / "tiny-Q8_0.gguf").unlink()


def test_quiet_says_nothing_and_json_stays(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "tiny", "--quiet") == 0
    assert tuple(capsys.readouterr()) == ("", "")
    assert (place / "tiny-Q4_K_M.gguf").is_file()
    assert run("convert", "tiny", "-q", "--json", "--force") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["output"] == "tiny-Q4_K_M.gguf"
    assert said.err == ""
    assert run("convert", "tiny", "-q") == 1
    assert "exists already" in capsys.readouterr().err


def test_a_dry_runs_plan_is_its_output(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "tiny", "--dry-run") == 0
    plan = capsys.readouterr().out
    assert run("convert", "tiny", "--dry-run", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["recipe"] == "Q4_K_M"
    assert plan in said.err
    assert not (place / "tiny-Q4_K_M.gguf").exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("-tutor", "tutor-Q4_K_M.gguf"),
        (".hidden", "hidden-Q4_K_M.gguf"),
        ("my tutor", "my-tutor-Q4_K_M.gguf"),
        ("número-7b", "número-7b-Q4_K_M.gguf"),
        ("t" * 250, "t" * 200 + "-Q4_K_M.gguf"),
        ("...", "model-Q4_K_M.gguf"),
    ],
)
def test_folders_with_odd_names(place: Path, name: str, file: str) -> None:
    (place / "tiny").rename(place / name)
    source = f"./{name}" if name.startswith("-") else name
    if name == "...":
        source = str(place / name)
    assert run("convert", source, "--quiet", "--no-load-check") == 0
    assert (place / file).is_file()
