"""Which tokens of a plain text are read and scored: those that llama-perplexity takes."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from llmq.cli import main
from llmq.errors import SuiteError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.runtime import EXACT, Model, open_model
from llmq.sources.opening import open_source
from llmq_eval.text import chunks, read_text

WORDS = "Two fifths of 35, and é.\r\nA \tgap  <|im_end|> <s>\n\n".encode()


@pytest.fixture
def model(tiny_gguf: dict[str, Path]) -> Iterator[Model]:
    with open_model(tiny_gguf["BF16"], n_ctx=64, threads=1) as opened:
        yield opened


@pytest.fixture
def save_text(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(data: bytes) -> Path:
        path = tmp_path / "text.txt"
        path.write_bytes(data)
        return path

    return save


@pytest.mark.parametrize("n_ctx", [4, 31, 64])
def test_the_chunks_are_the_text_but_for_its_last_newline_and_a_rest(
    model: Model, save_text: Callable[[bytes], Path], n_ctx: int
) -> None:
    data = WORDS * 8
    found = chunks(model, read_text(save_text(data)), n_ctx)
    assert len(found) == (len(data) - 1) // n_ctx  # every token of this model is a byte
    read = b"".join(model.piece(token) for passage in found for token in passage.tokens)
    assert read == data[: len(found) * n_ctx]  # marks and line ends are text like any other
    for passage in found:
        assert len(passage.tokens) == n_ctx
        # `first = n_ctx / 2`, and the logits from there to the last but one are judged.
        assert passage.scored == tuple(1 + i for i in range(n_ctx // 2, n_ctx - 1))


def test_a_beginning_of_text_stands_in_the_place_of_each_first_token(
    repository: Path, tmp_path: Path, save_text: Callable[[bytes], Path]
) -> None:
    folder = Path(shutil.copytree(repository / "eval" / "tutor", tmp_path / "tutor"))
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    first = {"SpecialToken": {"id": "<|end|>", "type_id": 0}}
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [first, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [],
        "special_tokens": {"<|end|>": {"id": "<|end|>", "ids": [0], "tokens": ["<|end|>"]}},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    text = read_text(save_text(WORDS * 8))
    path = execute(make_plan(open_source(folder), recipe="Q8_0"), tmp_path / "bos.gguf")
    with open_model(path, n_ctx=32, threads=1) as asking:
        assert asking.bos >= 0
        tokens = asking.tokenize(text.content)
        whole = [asking.bos, *tokens]
        found = chunks(asking, text, 32)
    assert len(found) == len(whole) // 32
    for i, passage in enumerate(found):
        assert passage.tokens[0] == asking.bos
        assert list(passage.tokens[1:]) == whole[32 * i + 1 : 32 * (i + 1)]


def test_the_hash_is_that_of_the_file(save_text: Callable[[bytes], Path]) -> None:
    assert read_text(save_text(WORDS)).sha256 == hashlib.sha256(WORDS).hexdigest()


def test_a_text_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, save_text: Callable[[bytes], Path]
) -> None:
    for path, reason in (
        (tmp_path / "none.txt", "cannot read the text"),
        (tmp_path, "cannot read the text"),
        (save_text(b""), "holds no text"),
    ):
        with pytest.raises(SuiteError, match=reason) as caught:
            read_text(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(SuiteError, match="holds no text"):
        read_text(save_text(b" \r\n\n"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(SuiteError, match="is not a file but a pipe"):
            read_text(tmp_path / "pipe")
    with pytest.raises(SuiteError, match=r"is not UTF-8 text: byte 3 does not fit"):
        read_text(save_text(b"abc\xff\xfe"))


def test_less_than_two_chunks_is_too_little(
    model: Model, save_text: Callable[[bytes], Path]
) -> None:
    text = read_text(save_text(b"x" * 127))
    with pytest.raises(
        SuiteError, match=r"text\.txt has 127 tokens, but two chunks of 64 need 128"
    ):
        chunks(model, text, 64)
    assert len(chunks(model, read_text(save_text(b"x" * 128)), 64)) == 2


def test_a_chunk_is_no_longer_than_the_context(
    model: Model, save_text: Callable[[bytes], Path]
) -> None:
    with pytest.raises(SuiteError, match=r"trained for 64 tokens.*--ctx 64 is the longest"):
        chunks(model, read_text(save_text(WORDS * 8)), 65)


# The command line


def test_drift_on_a_text_is_what_a_computation_by_hand_says(
    tiny_gguf: dict[str, Path],
    save_text: Callable[[bytes], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    base, quant, data = tiny_gguf["F32"], tiny_gguf["Q4_0"], WORDS * 5
    arguments = [str(base), str(quant), "--text", str(save_text(data)), "--ctx", "64"]
    assert main(["drift", *arguments, "--threads", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "\ntext.txt: 3 chunks, 93 tokens in their second halves; " in err
    (drift,) = json.loads(out)["drifts"]
    assert (drift["n_ctx"], drift["n_tokens"], drift["n_dropped"]) == (64, 93, 0)
    assert drift["suite"] == {"name": "text.txt", "sha256": hashlib.sha256(data).hexdigest()}
    assert [document["id"] for document in drift["documents"]] == ["1", "2", "3"]
    for name, path in (("base", base), ("quant", quant)):
        losses = []
        with open_model(path, n_ctx=64, threads=1, how=EXACT) as model:
            tokens = model.tokenize(data.decode())
            for start in (0, 64, 128):
                chunk = tokens[start : start + 64]
                logits = model.logits(chunk).astype(np.float64)
                log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
                losses += [-log_p[i, chunk[i + 1]] for i in range(32, 63)]
        perplexity = np.exp(np.mean(losses))
        assert drift["totals"][f"{name}_perplexity"]["value"] == pytest.approx(perplexity, rel=1e-9)


def test_without_a_number_a_chunk_has_512_tokens(
    tiny_gguf: dict[str, Path],
    save_text: Callable[[bytes], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    base = str(tiny_gguf["Q4_0"])
    assert main(["drift", base, base, "--text", str(save_text(b"abc " * 256 + b"\n"))]) == 0
    out, err = capsys.readouterr()
    assert "text.txt: 2 chunks, 510 tokens" in err
    assert "100.0 ± 0.0 %" in out


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--text", "{text}", "--suite", "general"], 2, "not allowed with argument"),
        (["--text", "{text}", "--generate", "2"], 2, "--generate: not with --text"),
        (["--ctx", "64"], 2, "--ctx: only with --text"),
        (["--text", "{text}", "--ctx", "3"], 2, "'3' is not a number of tokens from 4 to"),
        (["--text", "{text}"], 1, "two chunks of 512 need 1024"),
        (["--text", "{text}", "--ctx", "4096"], 1, "--ctx 1024 is the longest that fits"),
        (["--text", "{none}"], 1, "there is no text"),
    ],
)
def test_what_does_not_go_together_or_cannot_be_read_is_said(
    tiny_gguf: dict[str, Path],
    save_text: Callable[[bytes], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    reason: str,
) -> None:
    names = {"text": save_text(WORDS), "none": tmp_path / "none.txt"}
    base = str(tiny_gguf["Q4_0"])
    try:
        left = main(["drift", base, base, *(option.format(**names) for option in options)])
    except SystemExit as leaving:
        left = int(leaving.code or 0)
    out, err = capsys.readouterr()
    assert (left, out) == (code, "")
    assert reason in err
    assert code == 2 or err.count("\n") == 1
