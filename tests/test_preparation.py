"""Good and best, from the command: what is computed first, stopped, gone on with, and recorded."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

import llmq
from llmq.errors import LlmqError
from llmq_peer.random_models import save_random_model
from llmq_peer.variants.gemma import GEMMA4
from tests.conftest import run

MakeCheckpoint = Callable[..., Path]
TALK = {
    "id": "a",
    "messages": [
        {"role": "user", "content": "What is 3/4 of 20?"},
        {"role": "assistant", "content": "First take a quarter of it."},
    ],
}


@pytest.fixture
def place(make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model of eight layers and a text of 40 windows."""
    make_checkpoint(num_hidden_layers=8, model_type="llama")
    words = "".join(f"{i} times {i + 1} makes {i * (i + 1)}; and then?\n" for i in range(160))
    (tmp_path / "notes.txt").write_text(words)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*options: str) -> list[str]:
    convert = ["convert", "tiny", "--recipe", "Q4_0", "--calibration", "notes.txt"]
    return [*convert, "--no-load-check", *options]


def left(place: Path) -> list[str]:
    """What stands beside the model and the text."""
    return sorted(path.name for path in place.iterdir() if path.name not in ("tiny", "notes.txt"))


def stopped_at(place: Path, n_tensors: int, number: signal.Signals) -> tuple[int, str]:
    """Stop a refinement once so many tensors are finished; its exit code and its last line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "llmq.cli", *command("--quality", "best", "--jobs", "1")],
        stderr=subprocess.PIPE,
        text=True,
        cwd=place,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        # a background job begins deaf to Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
    )
    while len(list(place.glob(".tiny-Q4_0.gguf.refine/*.blocks"))) < n_tensors:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert left(place) == [".tiny-Q4_0.gguf.refine"], "nothing under the final name"
    return process.returncode, errors.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.slow
def test_stopped_thrice_and_gone_on_with_makes_the_same_bytes(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command("--quality", "best", "--jobs", "2")) == 0
    whole = (place / "tiny-Q4_0.gguf").read_bytes()
    assert left(place) == ["tiny-Q4_0.gguf"], "the journal goes when the output is published"
    (place / "tiny-Q4_0.gguf").unlink()
    kept = "nothing was written; the same command goes on where it was"
    code, line = stopped_at(place, 5, signal.SIGTERM)
    assert (code, line) == (1, f"llmq: tiny-Q4_0.gguf: stopped by SIGTERM, {kept}")
    code, line = stopped_at(place, 20, signal.SIGINT)
    assert (code, line) == (1, f"llmq: tiny-Q4_0.gguf: stopped by Ctrl-C, {kept}")
    code, _ = stopped_at(place, 35, signal.SIGKILL)
    assert code == -signal.SIGKILL
    capsys.readouterr()
    assert run(*command("--quality", "best", "--jobs", "1")) == 0
    assert "tensors are refined already" in capsys.readouterr().err
    assert (place / "tiny-Q4_0.gguf").read_bytes() == whole
    assert left(place) == ["tiny-Q4_0.gguf"]


def test_good_and_best_record_what_they_were_made_with(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for quality, encoder in (("good", "search"), ("best", "refined")):
        capsys.readouterr()
        assert run(*command("--quality", quality, "--json", "-o", f"{quality}.gguf")) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["quality"], report["encoder"]) == (quality, encoder)
        assert [source["name"] for source in report["calibration"]["sources"]] == ["notes.txt"]
        assert report["estimate"]["tokens"] == report["calibration"]["n_tokens"] > 0
        metadata = llmq.open_gguf(f"{quality}.gguf").metadata
        assert metadata["quantize.imatrix.file"] == "calib.gguf"
        assert metadata["llmq.calibration.sha256"] == report["calibration"]["sha256"]
        assert any(key.startswith("llmq.refine.") for key in metadata) == (quality == "best")
        assert run("inspect", f"{quality}.gguf") == 0
        assert f"made: {quality}: " in capsys.readouterr().out
    assert left(place) == ["best.gguf", "good.gguf"]
    assert run("drift", "good.gguf", "best.gguf", "--text", "notes.txt", "--ctx", "64") == 0
    said = capsys.readouterr().err
    assert said.count("best.gguf was calibrated on notes.txt: measured on the same text") == 1
    assert run("drift", "good.gguf", "best.gguf", "--text", "tiny/config.json", "--ctx", "64") == 0
    assert "was calibrated on" not in capsys.readouterr().err


def test_a_quick_drift_knows_the_whole_suite(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talks = [{**TALK, "id": f"{i}"} for i in range(60)]
    (place / "talks.jsonl").write_text("".join(f"{json.dumps(talk)}\n" for talk in talks))
    config = json.loads((place / "tiny" / "tokenizer_config.json").read_text())
    config["chat_template"] = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>{% endfor %}"
    )
    (place / "tiny" / "tokenizer_config.json").write_text(json.dumps(config))
    made = ("--quality", "good", "--calibration", "talks.jsonl", "-o", "good.gguf")
    assert run("convert", "tiny", "--recipe", "Q4_0", "--no-load-check", *made) == 0
    for options in ((), ("--quick",)):
        capsys.readouterr()
        assert run("drift", "tiny", "good.gguf", "--suite", "talks.jsonl", *options) == 0
        assert capsys.readouterr().err.count("good.gguf was calibrated on talks") == 1


def test_a_dry_run_estimates_and_computes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command("--quality", "best", "--dry-run")) == 0
    said = capsys.readouterr()
    assert "tiny -> Q4_0, quality best, calibrated on 5,504 tokens of notes.txt\n" in said.out
    assert "refining 245,760 weights on 5," in said.out
    assert "when it is stopped, the same command goes on where it was" in said.out
    assert left(place) == []


def test_python_takes_the_dial_too(place: Path) -> None:
    files = [
        llmq.convert(
            "tiny", name, recipe="Q4_0", quality="good", calibration=text, load_check=False
        )
        for name, text in (("a.gguf", "notes.txt"), ("b.gguf", Path("notes.txt")))
    ]
    first, second = (file.read_bytes() for file in files)
    assert first == second
    wrong: Sequence[tuple[dict[str, object], str]] = (
        ({"calibration": "notes.txt"}, "calibration: goes with the qualities good and best"),
        ({"quality": "bst"}, "no quality 'bst'; did you mean best"),
        ({"quality": "best", "importance": "i.dat"}, "importance: not with the quality best"),
        ({"quality": "best", "encoder": llmq.Encoder.GGML}, "encoder: not with the quality best"),
        ({"quality": "good", "calibration": "none.txt"}, "none.txt: cannot be read"),
    )
    for options, message in wrong:
        with pytest.raises(LlmqError, match=message):
            llmq.convert("tiny", "c.gguf", **options)  # type: ignore[arg-type]
    whole = llmq.convert("tiny", "whole.gguf", recipe="F16", load_check=False)
    with pytest.raises(
        LlmqError, match=r"whole\.gguf: is a file; calibrating needs the checkpoint"
    ):
        llmq.convert(whole, "c.gguf", quality="best", calibration="notes.txt")
    assert left(place) == ["a.gguf", "b.gguf", "whole.gguf"]


def test_a_family_whose_layers_are_not_computed(
    tmp_path: Path,
    byte_tokenizer: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is said in one line before any work, with what does work."""
    monkeypatch.chdir(tmp_path)
    save_random_model(Path("four"), "Gemma4ForCausalLM", GEMMA4)
    Path("four/tokenizer.json").write_text(json.dumps(byte_tokenizer))
    convert = ("convert", "four", "--recipe", "Q4_0", "--no-load-check")
    for wrong in (
        (*convert, "--quality", "good"),
        (*convert, "--quality", "best"),
        ("calibrate", "four"),
    ):
        capsys.readouterr()
        assert run(*wrong) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "Gemma4ForCausalLM is not computed layer by layer" in said
        assert "--quality fast" in said
    assert [path.name for path in tmp_path.iterdir()] == ["four"]
    assert run(*convert) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_fills_up_while_blocks_are_kept(place: Path) -> None:
    """Blocks of the first tensors fit; then a file of the journal does not."""
    code = (
        "import resource, sys; from llmq.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500)); sys.exit(main(sys.argv[1:]))"
    )
    assert run("calibrate", "tiny", "--text", "notes.txt", "-o", "calib.gguf") == 0
    options = ["convert", "tiny", "--recipe", "Q4_0", "--quality", "best", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *options, "--calibration", "calib.gguf"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written (File too large)" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "tiny-Q4_0.gguf" not in left(place)


def test_what_is_refused_before_anything_is_computed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command("--quality", "best", "-o", "notes.txt", "--force")) == 1
    assert "notes.txt: is the calibration; name another" in capsys.readouterr().err
    assert run(*command("--quality", "best", "--dry-run", "--json")) == 0
    n_bytes = json.loads(capsys.readouterr().out)["bytes"]
    room = SimpleNamespace(free=n_bytes + 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    assert run(*command("--quality", "best")) == 1
    assert "bytes and the disk has" in capsys.readouterr().err
    assert run(*command("--quality", "best", "--dry-run")) == 1, (
        "the journal lies beside the output"
    )
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(*command("--quality", "good")) == 1
    said = capsys.readouterr().err
    assert "torch is needed to compute with the checkpoint and is not installed; " in said
    assert len(said.splitlines()) == 1
    assert left(place) == []
