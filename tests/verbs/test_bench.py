"""`llmq bench` as a command."""

import json
from pathlib import Path

import pytest

from llmq import convert
from tests.conftest import run

FEW = ("--prompt-tokens", 32, "--tokens", 8, "--repeats", 1, "--threads", 1)


@pytest.fixture
def tutor_gguf(repository: Path, tmp_path: Path) -> Path:
    return convert(repository / "eval" / "tutor", tmp_path / "tutor.gguf", load_check=False)


def test_the_table_and_its_words(tutor_gguf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("bench", tutor_gguf, *FEW, "--gpu-layers", "auto") == 0
    said = capsys.readouterr()
    head, row = said.out.splitlines()
    assert head.split()[:2] == ["file", "size"]
    assert row.startswith("tutor.gguf  ")
    assert "this machine: " in said.err
    assert "; 1 thread\n" in said.err
    assert "prompts of 32 tokens, replies of 8, 1 time each" in said.err
    assert "no more than that. memory: " in said.err


def test_json_and_a_file_that_fails(
    tutor_gguf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tutor_gguf.read_bytes()[:100_000])
    assert run("bench", broken, tutor_gguf, *FEW, "--cache-type", "Q8_0", "--json") == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report["job"]["how"]["cache_type"] == "Q8_0"
    (model,), (failed,) = report["models"], report["failed"]
    assert (model["file"], failed["file"]) == ("tutor.gguf", "broken.gguf")
    assert len(model["trials"][0]["token_s"]) == 8
    assert model["figures"]["load_s"] == model["trials"][0]["load_s"]
    assert said.err.splitlines()[-1].startswith("llmq: llama.cpp cannot open ")
