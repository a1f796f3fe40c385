"""A finished file is tried before it gets its name, in a process that may die or hang."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import llmq.load_check
from llmq import convert
from llmq.children import environment, last_words
from llmq.errors import LlmqError, ModelError, TokenizerError
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_peer.random_checkpoint import write_checkpoint
from llmq_peer.tokenizer_folders import train_byte_level
from tests.conftest import change_config, run

MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def f32(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> Path:
    """A small model as a GGUF file."""
    return convert(make_checkpoint(), tmp_path / "f32.gguf", recipe="F32", load_check=False)


def spoil(path: Path, old: bytes, new: bytes) -> None:
    """Change bytes of a file; as many come as go."""
    data = path.read_bytes()
    assert data.count(old) >= 1
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))


def refused(source: Path, kind: type[LlmqError], message: str) -> None:
    """The conversion fails with one line, and only without the check there is a file."""
    output = source.parent / "out.gguf"
    before = sorted(source.parent.iterdir())
    with pytest.raises(kind, match=message) as caught:
        convert(source, output, recipe="F32")
    assert "--no-load-check" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ".partial" not in str(caught.value)
    assert sorted(source.parent.iterdir()) == before
    assert convert(source, output, recipe="F32", load_check=False) == output


def test_a_file_that_llama_cpp_opens(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = make_checkpoint(), tmp_path / "out.gguf"
    assert run("convert", folder, "-o", output) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith(", read back, compared and opened by llama.cpp")
    assert run("convert", folder, "-o", output, "--force", "--no-load-check") == 0
    assert capsys.readouterr().err.splitlines()[-1].endswith(", read back and compared")


def test_a_file_that_llama_cpp_refuses(f32: Path) -> None:
    spoil(f32, b"blk.1.ffn_norm.weight", b"blk.1.ffn_norn.weight")
    refused(f32, ModelError, r"out\.gguf: llama\.cpp cannot open it: .*blk\.1\.ffn_norm\.weight")


@pytest.mark.skipif(sys.platform == "win32", reason="there a process does not die by a signal")
def test_a_file_that_ends_the_process(f32: Path) -> None:
    spoil(f32, b"<|end|>", b"A\0|end|")  # to llama.cpp a second A
    refused(f32, ModelError, r"out\.gguf: llama\.cpp's process died \(SIGABRT\) while opening it: ")


def test_a_file_that_takes_too_long(f32: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llmq.load_check, "LEAST_SECONDS", 0.01)
    refused(f32, ModelError, r"out\.gguf: llama\.cpp did not finish \w+ it within 0 s")


def test_weights_that_give_no_number(make_checkpoint: MakeCheckpoint) -> None:
    """Each is finite, but not what a layer makes of them."""

    def blow_up(tensors: dict[str, Any]) -> None:
        tensors["model.layers.0.mlp.down_proj.weight"][:] = 3e38

    refused(make_checkpoint("F32", blow_up), ModelError, "is no number; are its weights damaged")


@pytest.fixture
def with_words(make_checkpoint: MakeCheckpoint) -> Path:
    """A model folder whose tokenizer knows words, cut as Llama 3 does."""
    row = next(row for row in STRUCTURES if row.name == "llama-bpe")
    tokenizer = train_byte_level(row, vocab_size=600)
    folder = make_checkpoint(vocab_size=tokenizer.get_vocab_size())
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|eos|>"}))
    return folder


def test_text_that_is_cut_otherwise(with_words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = with_words.parent / "out.gguf"
    assert run("convert", with_words, "-o", output) == 0
    output.unlink()
    assert run("convert", with_words, "-o", output, "--pre", "gpt-2") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "tokenizer.json: llama.cpp would cut '" in last
    assert "--pre NAME, or with --no-load-check" in last
    assert not output.exists()


def test_a_tokenizer_json_that_is_not_in_use(with_words: Path) -> None:
    """Its tokens are more than the file's: the vocabulary came from elsewhere."""
    output = convert(with_words, with_words.parent / "small.gguf", load_check=False)
    tokenizer = with_words / "tokenizer.json"
    llmq.load_check.check_loads(output, name="small", folder=with_words)
    content = json.loads(tokenizer.read_text(encoding="utf-8"))
    content["model"]["merges"] = []
    tokenizer.write_text(json.dumps(content))
    with pytest.raises(TokenizerError, match="would cut 'the'"):
        llmq.load_check.check_loads(output, name="small", folder=with_words)
    content["model"]["vocab"]["more"] = 100_000
    tokenizer.write_text(json.dumps(content))
    llmq.load_check.check_loads(output, name="small", folder=with_words)


def test_a_tokenizer_json_that_the_library_cannot_read(with_words: Path) -> None:
    output = convert(with_words, with_words.parent / "out.gguf", load_check=False)
    (with_words / "tokenizer.json").write_text('{"model": {}}')
    with pytest.raises(TokenizerError, match=r"tokenizer\.json: the tokenizers package cannot"):
        llmq.load_check.check_loads(output, name="out", folder=with_words)


def test_llama_cpp_that_is_missing(
    f32: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "llama_cpp.py").write_text("raise ImportError('no llama.cpp here')\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    refused(f32, ModelError, r"out\.gguf: no llama\.cpp here")


def test_of_many_words_the_assertion_is_told() -> None:
    words = last_words("a\nllama.cpp:1: GGML_ASSERT(x) failed\n[thread 1]\n\n")
    assert words == ": llama.cpp:1: GGML_ASSERT(x) failed"
    assert last_words("a\nb\n") == ": b"


def test_the_child_looks_where_we_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the working folder, where Python was started as `python -c` in a checkout."""
    monkeypatch.setattr(sys, "path", ["", "elsewhere"])
    paths = environment()["PYTHONPATH"]
    assert paths.split(os.pathsep) == [str(Path.cwd()), "elsewhere"]


def test_what_python_says_at_its_start_is_passed_over(
    f32: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    said = "print('hello')\nprint(7)\n"
    (tmp_path / "site" / "sitecustomize.py").write_text(said)
    monkeypatch.syspath_prepend(tmp_path / "site")
    convert(f32, tmp_path / "out.gguf", recipe="F32")


def test_the_folder_of_the_user_is_not_imported_from(
    f32: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken from the working folder')\n")
    monkeypatch.chdir(tmp_path)
    convert(f32, tmp_path / "out.gguf", recipe="F32")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c(tmp_path: Path) -> None:
    """Sent to the whole group while the file is tried, as a terminal does."""
    write_checkpoint(tmp_path / "model", size="7M", shards=1)
    (tmp_path / "site").mkdir()  # a library that is slow to load
    (tmp_path / "site" / "llama_cpp.py").write_text(
        f"import pathlib, time\npathlib.Path({str(tmp_path / 'tried')!r}).touch()\ntime.sleep(60)\n"
    )
    paths = [str(tmp_path / "site"), *(path for path in sys.path if path)]
    command = [sys.executable, "-m", "llmq.cli", "convert", str(tmp_path / "model")]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.gguf"), "--recipe", "F32"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        # a background job begins deaf to Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
    )
    while not (tmp_path / "tried").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.endswith("out.gguf: stopped by Ctrl-C, nothing was written\n")
    assert "Traceback" not in errors
    assert {path.name for path in tmp_path.iterdir()} == {"model", "site", "tried"}


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("Qwen2ForCausalLM", {"head_dim": 32}, "4 heads of 32 numbers are not the hidden size 64"),
        ("Qwen2ForCausalLM", {"hidden_size": 66}, "4 heads of 16 numbers are not the hidden size"),
    ],
)
def test_heads_that_llama_cpp_cannot_have(
    make_checkpoint: MakeCheckpoint,
    capsys: pytest.CaptureFixture[str],
    name: str,
    changes: dict[str, int],
    message: str,
) -> None:
    folder = make_checkpoint()
    change_config(folder, architectures=[name], **changes)
    assert run("convert", folder, "--dry-run") == 1
    assert message in capsys.readouterr().err
