"""The command line as a user meets it: help, success, and strange names."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq.files.gguf import Metadata, encode_header, open_gguf
from llmq.verbs import VERBS
from llmq.verbs.arguments import size_argument
from llmq_peer.imatrix_files import save_gguf, sums_and_counts
from tests.conftest import change_config, run

Tensors = dict[str, NDArray[np.float32]]
MakeCheckpoint = Callable[..., Path]


def test_convert_and_inspect(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = make_checkpoint()
    monkeypatch.chdir(tmp_path)
    assert run("convert", folder, "--json") == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    output = tmp_path / "tiny-Q4_K_M.gguf"
    assert report["output"] == "tiny-Q4_K_M.gguf"
    assert (report["encoder"], report["imatrix"]) == ("search", None)
    assert report["bytes"] == output.stat().st_size
    assert "blk.*.ffn_up.weight (2)" in shown.err
    assert "20 tensors, 78,208 weights" in shown.err
    assert shown.err.startswith("tiny -> Q4_K_M, encoder search\n")
    assert "note: rows of 64 and 96 weights are not whole blocks of 256" in shown.err
    assert run("inspect", output, "--json") == 0
    seen = json.loads(capsys.readouterr().out)
    assert [t["name"] for t in seen["tensors"]] == [t["name"] for t in report["tensors"]]
    assert [t["type"] for t in seen["tensors"]] == [t["to"] for t in report["tensors"]]
    assert seen["metadata"]["llama.block_count"] == 2
    assert run("inspect", output) == 0
    assert 'general.architecture = "llama"' in capsys.readouterr().out
    assert run("inspect", folder) == 0
    assert "model.embed_tokens.weight" in capsys.readouterr().out


def test_types_importance_and_encoder(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = make_checkpoint(), tmp_path / "out.gguf"
    ones = np.ones((1, 64), np.float32)
    matrix = save_gguf(tmp_path / "m.gguf", sums_and_counts("blk.0.attn_q.weight", ones, [1]))
    options = ["--imatrix", matrix, "--encoder", "ggml", "--tensor", "attn_v=q8_0", "--pure"]
    options += ["--tensor", "attn_=q5-0", "--embedding-type", "bf16"]
    assert run("convert", folder, "-o", output, "--recipe", "Q4_0", *options, "--json") == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert report["encoder"] == "ggml"
    assert report["imatrix"]["entries"] == 1
    assert report["imatrix"]["chunks"] == 7
    found = {tensor["name"]: tensor["to"] for tensor in report["tensors"]}
    assert found["token_embd.weight"] == "BF16"
    assert found["blk.1.attn_v.weight"] == "Q8_0"
    assert found["blk.1.attn_q.weight"] == "Q5_0"
    assert found["blk.1.ffn_up.weight"] == "Q4_0"
    assert f"encoder ggml, imatrix {matrix} (1 matrices, 7 chunks)" in shown.err
    assert "says nothing of 13 of 14 matrices" in shown.err
    metadata = open_gguf(output).metadata
    assert metadata["llmq.encoder"] == "ggml"
    assert metadata["quantize.imatrix.file"] == str(matrix)[:127]


def test_a_dry_run_writes_nothing(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint()
    monkeypatch.chdir(tmp_path)
    assert run("convert", folder, "--dry-run") == 0
    assert list(tmp_path.iterdir()) == [folder]


def test_files_that_are_no_gguf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.gguf").write_text("hello")
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\3\0\0\0")
    for name, message in (
        ("text.gguf", "text.gguf: it starts with b'hell' instead of b'GGUF'"),
        ("cut.gguf", "cut.gguf: the header wants 20 more bytes where 4 are left"),
        ("none.gguf", "none.gguf; name the folder that holds config.json, a GGUF file, or"),
    ):
        assert run("inspect", tmp_path / name) == 1
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_usage(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb, "--help") == 0
    assert f"llmq {verb}" in capsys.readouterr().out
    assert run(verb) == (0 if verb in ("recipes", "architectures") else 2)  # they show all
    assert run(verb, "a", "--no-such-option") == 2
    assert "Traceback" not in capsys.readouterr().err


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convrt") == 2
    assert run("convert", "a", "--jobs", "0") == 2
    assert run("convert", "a", "--max-memory", "much") == 2
    assert "'much' is not a size such as 500M or 2GB" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "size"), [("500M", 500_000_000), ("1.5 GiB", 3 << 29), ("7", 7), ("2gb", 2 * 10**9)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_argument(text) == size


def test_a_size_without_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "a", "--max-memory", "9" * 400) == 2
    assert "is not a size" in capsys.readouterr().err


ESCAPE = "\x1b]0;owned\x07\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no such names of files")
def test_names_of_strangers_do_nothing_to_the_terminal(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of folders, of fields of config.json, of shards, of metadata and of tensors."""
    folder = make_checkpoint().rename(tmp_path / f"evil{ESCAPE}")
    change_config(folder, **{f"key{ESCAPE}": ESCAPE})
    monkeypatch.chdir(tmp_path)
    hostile = tmp_path / "hostile.gguf"
    records = [(f"t{ESCAPE}", (0,), 0, 0)]
    hostile.write_bytes(encode_header({f"k{ESCAPE}": ESCAPE, "l": [ESCAPE] * 9}, records))
    commands: list[tuple[int, list[object]]] = [
        (0, ["convert", folder]),
        (1, ["convert", folder]),
        (0, ["inspect", folder]),
        (0, ["inspect", hostile]),
        (1, ["inspect", f"none{ESCAPE}"]),
        (1, ["chat", f"none{ESCAPE}"]),
        (1, ["drift", folder, f"none{ESCAPE}"]),
    ]
    for code, command in commands:
        assert run(*command) == code
        shown = capsys.readouterr()
        assert "owned" in shown.out + shown.err, command
        assert not {c for c in shown.out + shown.err if ord(c) < 32} - {"\n"}, command
        assert code == 0 or shown.err.splitlines()[-1].startswith("llmq: "), command


def test_wrong_usage_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        [f"none{ESCAPE}"],
        ["convert", "a", f"b{ESCAPE}"],
        ["convert", "a", f"--none{ESCAPE}"],
        ["convert", "a", "--encoder", f"none{ESCAPE}"],
        ["chat", "a", "--max-tokens", f"none{ESCAPE}"],
    ):
        assert run(*command) == 2
        shown = capsys.readouterr().err
        assert "owned" in shown
        assert not {c for c in shown if ord(c) < 32} - {"\n"}, command


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes on Windows")
def test_a_pipe_is_refused_and_not_waited_for(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the place of every file that a command reads; nobody writes into it."""
    pipe, folder = tmp_path / "pipe.gguf", make_checkpoint()
    os.mkfifo(pipe)
    commands: list[list[object]] = [
        ["convert", pipe],
        ["inspect", pipe],
        ["chat", pipe],
        ["drift", pipe, pipe],
        ["convert", folder, "--imatrix", pipe],
    ]
    for command in commands:
        assert run(*command) == 1
        assert "pipe.gguf: is not a file but a pipe or a device" in capsys.readouterr().err
    for name in ("model-00001-of-00002.safetensors", "tokenizer.json", "config.json"):
        (folder / name).unlink()
        os.mkfifo(folder / name)
        assert run("convert", folder, "--dry-run") == 1
        assert capsys.readouterr().err.startswith("llmq: "), name


def test_json_is_strict(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python would write NaN and Infinity, which is no JSON."""
    path = tmp_path / "a.gguf"
    values: Metadata = {"a": np.float32("nan"), "b": np.array([np.inf, 1], np.float32)}
    path.write_bytes(encode_header(values, []))
    folder = make_checkpoint(some_limit=[0.0, float("inf")])
    for source, expected in ((path, ["nan", "inf"]), (folder, ["inf"])):
        assert run("inspect", source, "--json") == 0
        text = capsys.readouterr().out
        json.loads(text, parse_constant=pytest.fail)
        assert all(f'"{value}"' in text for value in expected)


def test_lists_in_lists_in_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text('{"a": ' + "[" * 900 + "]" * 900 + "}")
    (tmp_path / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    assert run("inspect", tmp_path, "--json") == 1
    assert "nested too deeply" in capsys.readouterr().err
