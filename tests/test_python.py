"""llmq from Python: the README's example runs as it stands; a mistake is an LlmqError."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import llmq

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_readmes_example_runs_as_it_stands(repository: Path, tmp_path: Path) -> None:
    (block,) = BLOCK.findall((repository / "README.md").read_text(encoding="utf-8"))
    (tmp_path / "my-tutor").symlink_to(repository / "eval" / "tutor")
    script = tmp_path / "example.py"  # worker processes import it
    script.write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},  # other tests may use the cores
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "my-tutor-Q4_K_M.gguf is " in done.stdout
    written = {path.name for path in tmp_path.glob("*.gguf")}
    assert written == set(re.findall(r"my-tutor-\w+\.gguf", block))


Mistake = Callable[[dict[str, Path], Path], Any]


def closed_chat(gguf: dict[str, Path], _: Path) -> Any:
    with llmq.open_chat(str(gguf["Q4_0"]), threads=1) as chat:
        pass
    return chat.say("Hello")


def tutor() -> Any:
    return llmq.open_source("eval/tutor")


# One for each mistake that a person makes: what is called, and what the error says of it.
MISTAKES: dict[str, tuple[Mistake, str]] = {
    "no source": (lambda _, t: llmq.convert("none", t / "o.gguf"), "none: there is no such"),
    "a text as the source": (lambda _, t: llmq.open_source(str(t / "bad")), "is not a GGUF file"),
    "a recipe misspelt": (
        lambda _, t: llmq.convert("eval/tutor", str(t / "o.gguf"), recipe="Q4_KM"),
        "did you mean Q4_K_M",
    ),
    "an encoder misspelt": (
        lambda _, t: llmq.convert("eval/tutor", t / "o.gguf", encoder="gml"),  # type: ignore[arg-type]
        "there is no encoder 'gml'; did you mean ggml",
    ),
    "no importance matrix": (
        lambda _, t: llmq.convert("eval/tutor", t / "o.gguf", importance="none.dat"),
        "none.dat: cannot be read",
    ),
    "an output that exists": (
        lambda f, _: llmq.convert("eval/tutor", str(f["Q4_0"])),
        "exists already",
    ),
    "an output in no folder": (
        lambda _, t: llmq.execute(llmq.make_plan(tutor()), str(t / "no" / "o.gguf")),
        "there is no such folder",
    ),
    "an output that is a folder": (lambda _, t: llmq.convert("eval/tutor", t), "is a folder"),
    "a quantized source": (lambda f, t: llmq.convert(f["Q4_0"], t / "o.gguf"), "fewer than 16"),
    "a plan by no recipe": (
        lambda _, __: llmq.make_plan(tutor(), recipe="x"),
        "there is no recipe",
    ),
    "an override of nothing": (
        lambda _, __: llmq.make_plan(
            tutor(), overrides=llmq.Overrides(tensors=(llmq.tensor_type("nowhere=Q6_K"),))
        ),
        "'nowhere' matches no matrix",
    ),
    "no override": (lambda _, __: llmq.tensor_type("nonsense"), "is not REGEX=TYPE"),
    "an unknown type": (lambda _, __: llmq.tensor_type("attn=Q9"), "there is no type 'Q9'"),
    "no GGUF file": (lambda _, __: llmq.open_gguf("none.gguf"), "none.gguf: cannot be read"),
    "a folder as GGUF": (lambda _, __: llmq.open_gguf("eval/tutor"), "eval/tutor"),
    "no importance file": (lambda _, __: llmq.read_importance("none"), "none: cannot be read"),
    "a text as importance": (lambda _, t: llmq.read_importance(str(t / "bad")), "is neither"),
    "no model to chat with": (lambda _, __: llmq.open_chat("none.gguf"), "none.gguf"),
    "a chat with a folder": (lambda _, __: llmq.open_chat("eval/tutor"), "eval/tutor"),
    "a closed chat": (closed_chat, "has been closed; open it again"),
    "too long a message": (
        lambda f, _: llmq.open_chat(f["Q4_0"], threads=1).say("a b " * 5000),
        "shorten them",
    ),
    "no base": (lambda f, _: llmq.measure_drift("none", f["Q4_0"]), "none"),
    "no quant": (lambda f, _: llmq.measure_drift(str(f["BF16"]), "none.gguf"), "none.gguf"),
    "a folder as the quant": (lambda f, _: llmq.measure_drift(f["BF16"], "eval/tutor"), "tutor"),
    "a suite misspelt": (
        lambda f, _: llmq.measure_drift(f["BF16"], f["Q4_0"], suite="tutorin"),
        "there is no suite tutorin; did you mean tutoring?",
    ),
    "a suite that is none": (
        lambda f, t: llmq.measure_drift(f["BF16"], f["Q4_0"], suite=str(t / "bad")),
        "bad, line 1",
    ),
    "no text": (lambda f, _: llmq.measure_drift(f["BF16"], f["Q4_0"], text="none"), "none"),
    "chunks of nothing": (
        lambda f, _: llmq.measure_drift(f["BF16"], f["Q4_0"], text="README.md", ctx=-2),
        "chunks of -2 tokens",
    ),
    "a context without a text": (
        lambda f, _: llmq.measure_drift(f["BF16"], f["Q4_0"], ctx=64),
        "ctx goes with text only",
    ),
    "a text and a suite": (
        lambda f, _: llmq.measure_drift(f["BF16"], f["Q4_0"], text="README.md", suite="general"),
        "leave one of them out",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_by_a_child_of_llmq_error(
    mistake: str,
    tiny_gguf: dict[str, Path],
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(repository)
    (tmp_path / "bad").write_text("hello", encoding="utf-8")
    call, says = MISTAKES[mistake]
    with pytest.raises(llmq.LlmqError) as caught:
        call(tiny_gguf, tmp_path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_every_function_has_its_mistakes() -> None:
    """A new name among the public ones needs a row above."""
    text = Path(__file__).read_text(encoding="utf-8")
    for name in llmq.__all__:
        if callable(getattr(llmq, name)) and not isinstance(getattr(llmq, name), type):
            assert f"llmq.{name}(" in text, name


def test_drift_from_python_takes_what_the_command_takes(
    tiny_gguf: dict[str, Path], make_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_checkpoint()
    quant = llmq.convert(folder, tmp_path / "quant.gguf", recipe="Q8_0", load_check=False)
    suite = tmp_path / "one.jsonl"
    suite.write_text(
        '{"id": "a", "messages": [{"role": "user", "content": "2+2?"},'
        ' {"role": "assistant", "content": "Count."}]}\n',
        encoding="utf-8",
    )
    calls: list[tuple[int, int]] = []
    drift = llmq.measure_drift(
        folder, quant, suite=str(suite), threads=1, progress=lambda *done: calls.append(done)
    )
    assert (drift.suite_name, len(drift.documents), calls) == ("one", 1, [(1, 1)])
    assert drift.base.name == "tiny-BF16.gguf"
    files = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
    assert len(llmq.measure_drift(*files, quick=True, threads=1).documents) == 20
    text = tmp_path / "text.txt"
    text.write_text("count the apples, then the pears. " * 10, encoding="utf-8")
    chunks = llmq.measure_drift(*files, text=text, ctx=32, threads=1)
    assert (chunks.unit, chunks.n_ctx) == ("chunk", 32)
