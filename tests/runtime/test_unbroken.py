"""Text without breaks: what llama.cpp can take passes, what would end the process is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from llmq.errors import ModelError
from llmq.runtime import open_model
from llmq.runtime.unbroken import longest_allowed, longest_run
from tests.oracles.gguf_keys import with_keys

ALLOWED = longest_allowed("tekken")
PRE = "tokenizer.ggml.pre"
NAMES = (
    "tekken",
    "deepseek-llm",
    "deepseek-v3",
    "gpt-4o",
    "default",
    "bloom",
    "falcon",
    "llama-bpe",
)
KINDS = {
    "letters": "a", "capitals": "A", "Chinese": "漢", "digits": "1", "exclamations": "!",
    "spaces": " ", "lines": "\n", "Thai marks": "\u0e31", "emoji": "😀", "base64": "aB3/Zz9+Q",
}  # fmt: skip


@pytest.mark.parametrize("pre", NAMES)
def test_no_text_ends_the_process(tiny_gguf: dict[str, Path], tmp_path: Path, pre: str) -> None:
    """In a child process: up to the bound it passes, beyond it is refused."""
    path = with_keys(tiny_gguf["F32"], tmp_path / "named.gguf", {PRE: pre})
    code = f"""
import sys
from pathlib import Path
from llmq.errors import ModelError
from llmq.runtime import open_model
with open_model(Path({str(path)!r}), threads=1) as model:
    model.tokenize("!" * {ALLOWED} + "\\n" * {ALLOWED})  # one word to some
    for kind in {list(KINDS.values())!r}:
        for length in ({ALLOWED}, 28_000):
            text = (kind * length)[:length]
            try:
                tokens = model.tokenize(text)
            except ModelError as error:
                assert length > {ALLOWED}, (kind, length)
                assert "without a break" in str(error)
            else:
                assert b"".join(map(model.piece, tokens)).decode() == text
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (pre, done.returncode, done.stderr[-500:])


def test_the_line_says_what_to_do(tiny_gguf: dict[str, Path], tmp_path: Path) -> None:
    path = with_keys(tiny_gguf["F32"], tmp_path / "named.gguf", {PRE: "tekken"})
    complaint = (
        r"^the text holds 28000 characters without a break between words; the tokenizer of "
        rf"named.gguf \(tekken\) can take {ALLOWED}: put a space between them$"
    )
    with open_model(path) as model, pytest.raises(ModelError, match=complaint):
        model.tokenize("x" * 28_000)


@pytest.mark.parametrize(
    ("text", "pre", "length"),
    [
        ("a" * 99, "tekken", 99),
        ("a" * 9 + "1" * 9, "tekken", 0),
        ("a\u0e31" * 9, "tekken", 18),
        ("!\u0e31" * 9, "tekken", 18),
        (" \n" * 9, "tekken", 18),
        ("a1!" * 9, "bloom", 27),
        ("一" * 9 + "。" + "一" * 9, "tekken", 0),
    ],
)
def test_the_longest_run(text: str, pre: str, length: int) -> None:
    assert longest_run(text, pre, allowed=10) == length
