"""llama.cpp through llmq.runtime: bad files, tokens, logits, generation, an open terminal."""

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import ModelError
from llmq.runtime import CHAT, EXACT, How, Model, open_model
from llmq.runtime.decoder import BATCH_TOKENS, OUTPUT_ROWS
from llmq.suites import Message
from llmq_peer.random_models import save_random_model
from llmq_peer.tokenizer_folders import save_sentencepiece, train_sentencepiece
from tests.conftest import converted

STORY = "Once upon a time, there was a little girl"
KNOWN = "named Lily. She loved to play outside in the park. One day, she saw a big, red ball."


def text_of(model: Model, tokens: list[int]) -> str:
    return b"".join(map(model.piece, tokens)).decode()


@pytest.fixture(scope="module")
def sentencepiece_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random Llama with a SentencePiece tokenizer and no chat template, in F16."""
    folder = tmp_path_factory.mktemp("sentencepiece")
    config = save_sentencepiece(folder / "model", train_sentencepiece())
    sizes = {"vocab_size": config["vocab_size"], "bos_token_id": 1, "eos_token_id": 2}
    save_random_model(folder / "model", "LlamaForCausalLM", sizes)
    return converted(folder / "model", "F16", folder)


@pytest.mark.parametrize("recipe", ["F16", "Q8_0"])
def test_the_known_story(shared: Path, tmp_path: Path, recipe: str) -> None:
    path = converted(shared / "models" / "stories260K", recipe, tmp_path)
    with open_model(path, threads=1) as model:
        prompt = model.tokenize(STORY, add_bos=True)
        story = text_of(model, list(model.generate(prompt, max_tokens=60)))
    assert story.strip().startswith(KNOWN)


def test_a_model_of_single_letters_in_q4_0(shared: Path, tmp_path: Path) -> None:
    path = converted(shared / "models" / "babyllama361", "Q4_0", tmp_path)
    with open_model(path, threads=1) as model:
        prompt = model.tokenize("Once upon a time", add_bos=True)
        story = text_of(model, list(model.generate(prompt, max_tokens=80)))
    words = {"a", "and", "day", "girl", "he", "she", "the", "there", "to", "was"}
    assert len(words & set(story.replace(",", " ").split())) >= 3, story


def test_sentencepiece_texts_come_back_from_their_pieces(sentencepiece_gguf: Path) -> None:
    with open_model(sentencepiece_gguf) as model:
        text = "A naïve 😀 fox\tsaid: €5\n"
        assert text_of(model, model.tokenize(text)) == " " + text


def test_a_text_may_have_more_tokens_than_bytes(sentencepiece_gguf: Path, tmp_path: Path) -> None:
    """A space without a token is three: the bytes of the letter that stands for it."""
    path = tmp_path / "spaceless.gguf"
    path.write_bytes(sentencepiece_gguf.read_bytes().replace("▁".encode(), "▂".encode()))
    with open_model(path) as model:
        assert len(model.tokenize(" " * 100)) == 303


# Files that are no models

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "not a GGUF file: it begins with 'PK": lambda data: b"PK\3\4" + data[4:],
    "is empty": lambda data: data[:0],
    "not within the file bounds": lambda data: data[: len(data) // 2],
    "failed to read key-value pairs|exceeds remaining": lambda data: data[:300],
    "version": lambda data: data[:4] + b"\xff" * 4 + data[8:],
}


@pytest.mark.parametrize("complaint", DAMAGE)
def test_a_bad_file_is_one_line_and_leaves_the_terminal_alone(
    complaint: str,
    tiny_gguf: dict[str, Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(DAMAGE[complaint](tiny_gguf["BF16"].read_bytes()))
    with pytest.raises(ModelError, match=complaint) as caught:
        open_model(bad)
    assert "bad.gguf" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelError, match="cannot read the model"):
            open_model(path)


# Tokens


def test_the_beginning_of_text_is_never_doubled(sentencepiece_gguf: Path) -> None:
    with open_model(sentencepiece_gguf) as model:
        plain = model.tokenize("Hello", add_bos=True)
        named = model.tokenize("<s>Hello", special=True, add_bos=True)
        assert plain[0] == named[0] == model.bos
        assert plain.count(model.bos) == named.count(model.bos) == 1


def test_special_names_become_tokens_only_if_asked(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"]) as model:
        end = model.tokenize("<|im_end|>", special=True)
        assert len(end) == 1
        assert model.is_end(end[0])
        assert model.piece(end[0]) == b""
        assert len(model.tokenize("<|im_end|>")) == len("<|im_end|>")


def test_a_prompt_follows_the_files_own_template(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"]) as model:
        expected = "<|im_start|>user\nhé<|im_end|>\n<|im_start|>assistant\n"
        assert model.prompt([Message("user", "hé")]) == model.tokenize(expected, special=True)


# Logits


def test_scores_are_the_full_logits_at_the_wanted_positions(tiny_gguf: dict[str, Path]) -> None:
    tokens = [int(t) for t in np.random.default_rng(2).integers(0, 255, 700)]
    wanted = [0, 1, *range(40, 200), 255, 256, 511, 512, 699]
    with open_model(tiny_gguf["BF16"], threads=1, how=EXACT) as model:
        chunks = list(model.score(tokens, wanted))
        everything = model.logits(tokens)
    assert max(map(len, chunks)) <= OUTPUT_ROWS < len(wanted)
    assert len(tokens) > 2 * BATCH_TOKENS
    some = np.concatenate(chunks)
    assert some.shape == (len(wanted), 259)
    np.testing.assert_array_equal(some, everything[wanted])  # whatever the batches


def test_logits_are_those_of_llama_cpps_own_interface(tiny_gguf: dict[str, Path]) -> None:
    import llama_cpp

    tokens = list(range(60, 100))
    with open_model(tiny_gguf["F32"], threads=1, how=EXACT) as model:
        ours = model.logits(tokens)
    theirs = llama_cpp.Llama(
        str(tiny_gguf["F32"]),
        n_ctx=1024,
        n_threads=1,
        logits_all=True,
        flash_attn=False,
        type_k=0,
        type_v=0,
        verbose=False,
    )
    theirs.eval(tokens)
    assert np.abs(ours - theirs.scores[: len(tokens)]).max() < 1e-4
    theirs.close()


def test_the_same_call_gives_the_same_bits(tiny_gguf: dict[str, Path]) -> None:
    tokens = list(range(30, 130))
    with open_model(tiny_gguf["Q4_0"]) as one, open_model(tiny_gguf["Q4_0"]) as two:
        first = one.logits(tokens)
        list(one.generate([5, 6, 7], max_tokens=9))  # in between, something else
        assert np.array_equal(first, one.logits(tokens))
        assert np.array_equal(first, two.logits(tokens))


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="elsewhere digits may differ"
)
@pytest.mark.parametrize("how", [EXACT, CHAT], ids=["exact", "chat"])
def test_the_number_of_threads_changes_no_bit(tiny_gguf: dict[str, Path], how: How) -> None:
    tokens = list(range(5, 205))
    for file in tiny_gguf.values():
        seen = set()
        for threads in (1, 2, 3):
            with open_model(file, threads=threads, how=how) as model:
                seen.add(model.logits(tokens).tobytes())
        assert len(seen) == 1


def test_a_text_beyond_the_context_is_an_error_with_numbers(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], n_ctx=64) as model:
        with pytest.raises(ModelError, match="65 tokens but the context holds 64"):
            model.logits([1] * 65)
        with pytest.raises(ModelError, match="65 tokens"):
            next(model.generate([1] * 64, max_tokens=3))


@pytest.mark.parametrize("n_ctx", [1, 2, 50, 255, 300])
def test_a_context_of_any_size(tiny_gguf: dict[str, Path], n_ctx: int) -> None:
    """llama.cpp ends the process where a batch is larger than a small context."""
    tokens = [1 + i % 200 for i in range(n_ctx)]
    with (
        open_model(tiny_gguf["BF16"], n_ctx=n_ctx) as small,
        open_model(tiny_gguf["BF16"]) as large,
    ):
        assert small.n_ctx == n_ctx
        np.testing.assert_allclose(small.logits(tokens), large.logits(tokens), atol=1e-3)


def test_a_template_that_writes_nothing(save_gguf: Callable[..., Path]) -> None:
    """llama.cpp ends the process where a token is asked for before any was read."""
    with open_model(save_gguf("mute", "BF16", template="{# #}")) as model:
        prompt = model.prompt([Message("user", "Hi")])
        assert prompt == []
        with pytest.raises(ModelError, match="no token to continue"):
            next(model.generate(prompt, max_tokens=1))


@pytest.mark.parametrize("n_ctx", [0, 1 << 31, (1 << 32) - 1])
def test_a_file_with_an_absurd_context(
    tiny_gguf: dict[str, Path], tmp_path: Path, n_ctx: int
) -> None:
    data = tiny_gguf["BF16"].read_bytes()
    place = data.index(b"llama.context_length") + len(b"llama.context_length") + 4
    changed = data[:place] + n_ctx.to_bytes(4, "little") + data[place + 4 :]
    (tmp_path / "absurd.gguf").write_bytes(changed)
    with pytest.raises(ModelError, match="cannot run"):
        open_model(tmp_path / "absurd.gguf")


def test_the_context_is_never_larger_than_trained_for(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], n_ctx=1 << 20) as model:
        assert model.n_ctx == 1024


# Weight


def test_importing_the_runtime_is_cheap() -> None:
    code = (
        "import sys, llmq.runtime, llmq.chat.session, llmq.suites;"
        "heavy = {'llama_cpp', 'torch', 'transformers', 'jinja2', 'gguf'} & sys.modules.keys();"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_closed_model_says_so(tiny_gguf: dict[str, Path]) -> None:
    model = open_model(tiny_gguf["BF16"])
    model.close()
    model.close()
    with pytest.raises(ModelError, match="has been closed"):
        model.tokenize("Hello")
    with pytest.raises(ModelError, match="has been closed"):
        next(model.generate([1], max_tokens=1))
    begun = open_model(tiny_gguf["BF16"])
    tokens, rows = begun.generate([1], max_tokens=5), begun.score([1] * 600, range(600))
    next(tokens)
    next(rows)
    begun.close()
    for iterator in (tokens, rows):
        with pytest.raises(ModelError, match="has been closed"):
            next(iterator)


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill is no Ctrl-C on Windows")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_a_file_is_opened(
    tmp_path: Path, sentencepiece_gguf: Path, name: str
) -> None:
    """It ends the opening, and is neither printed nor lost in what llama.cpp calls for its log."""
    program = tmp_path / "interrupted.py"
    program.write_text(INTERRUPTED)
    done = subprocess.run(
        [sys.executable, program, sentencepiece_gguf, name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from llmq.runtime import binding, open_model

number = signal.Signals[sys.argv[2]]
signal.signal(number, signal.default_int_handler)  # though a shell may have it ignored
keep = binding._keep
def log(level, text, data):
    os.kill(os.getpid(), number)
    keep(level, text, data)

binding._CALLBACK = type(binding._CALLBACK)(log)
try:
    open_model(Path(sys.argv[1]))
except KeyboardInterrupt:
    print("stopped")
"""
