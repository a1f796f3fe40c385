"""Fixtures that more than one test file uses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from numpy.typing import NDArray

from llmq_peer import random_checkpoint

REPOSITORY = Path(__file__).resolve().parent.parent
# No test may use the network: what asks the hub asks a hub of its own (tests/sources/small_hub.py).
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(REPOSITORY / "build" / "no-hub")}
GOLDENS = REPOSITORY / "tests" / "goldens"


@pytest.fixture(scope="session")
def chats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for chats, not made yet: pytest would list those of all tests for each new one."""
    folder = tmp_path_factory.mktemp("chats")
    return (folder / f"{number}" for number in count())


@pytest.fixture(autouse=True)
def chats_of_tests(chats: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Chats are kept in a folder of the test's own."""
    monkeypatch.setenv("LLMQ_DATA", str(next(chats)))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on a terminal's width, nor on what a command set for its own process."""
    for name in ("COLUMNS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `scripts/goldens` adds."""
    parser.addoption("--write-goldens", action="store_true", help="what is printed becomes golden")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: the text is that of tests/goldens/NAME.txt, to the letter.

    `scripts/goldens` writes the files anew; `git diff` then shows what has changed.
    """

    def compare(name: str, text: str) -> None:
        file = GOLDENS / f"{name}.txt"
        if request.config.getoption("--write-goldens"):
            file.write_text(text, encoding="utf-8", newline="\n")
        assert file.exists(), f"{file} is missing; scripts/goldens writes it"
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of trained models and real text beside the checkout, for tests of just these."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "models").is_dir():
        pytest.skip(f"needs trained models or real text, which {folder} would hold")
    return folder


@pytest.fixture(scope="session")
def smoltutor(shared: Path, repository: Path) -> Path:
    """The real tutor's folder, built once by its own script, which needs a package of weights."""
    return _built(repository / "build" / "smoltutor", shared)


@pytest.fixture(scope="session")
def smolbase(shared: Path, repository: Path) -> Path:
    """The model that the real tutor's adapter belongs to, built by the same script."""
    return _built(repository / "build" / "smoltutor-base", shared, "--base")


def _built(folder: Path, shared: Path, *options: str) -> Path:
    make = shared / "models" / "smoltutor" / "make"
    if not make.exists():
        pytest.skip(f"needs the real tutor, which {make} would build")
    command = [str(make), *options, str(folder), sys.executable]
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):  # tests run in several processes
        built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"{make} cannot build the real tutor: {built.stderr.strip()[-300:]}")
    return folder


@pytest.fixture(scope="session")
def byte_tokenizer() -> dict[str, Any]:
    """A tokenizer.json of the bytes alone and an end of text: 257 tokens."""
    return random_checkpoint.byte_tokenizer()


def save_safetensors(path: Path, tensors: Mapping[str, NDArray[Any]], dtype: str) -> None:
    """Write float32 arrays as a safetensors file of F32, F16 or BF16, BF16 by truncation."""
    header, data = {}, b""
    for name, array in tensors.items():
        raw = {
            "F32": lambda a: a.astype("<f4"),
            "F16": lambda a: a.astype("<f2"),
            "BF16": lambda a: (a.astype("<f4").view("<u4") >> 16).astype("<u2"),
        }[dtype](array).tobytes()
        span = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": span}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def make_checkpoint(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> MakeCheckpoint:
    """A function that writes a small random Llama checkpoint in two shards and returns its folder.

    `make_checkpoint(dtype="BF16", change=f, **config)`: `f` may change the tensors before they are
    written; `config` overrides fields of config.json.
    """

    def make(
        dtype: str = "BF16",
        change: Callable[[dict[str, NDArray[np.float32]]], None] | None = None,
        **overrides: Any,
    ) -> Path:
        folder = tmp_path / "tiny"
        folder.mkdir()
        config = TINY_CONFIG | overrides
        tensors = random_tensors(config)
        if change is not None:
            change(tensors)
        names = list(tensors)
        shards = {"model-00001-of-00002.safetensors": names[::2]}
        shards["model-00002-of-00002.safetensors"] = names[1::2]
        for shard, held in shards.items():
            save_safetensors(folder / shard, {name: tensors[name] for name in held}, dtype)
        weight_map = {name: shard for shard, held in shards.items() for name in held}
        index = {"metadata": {}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
        (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|end|>"}))
        return folder

    return make


TINY_CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "vocab_size": 257,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
}


def random_tensors(config: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Random weights for a Llama of this configuration, by Hugging Face names."""
    hidden, ffn = config["hidden_size"], config["intermediate_size"]
    kv = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    matrices = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (kv, hidden),
        "self_attn.v_proj": (kv, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (ffn, hidden),
        "mlp.up_proj": (ffn, hidden),
        "mlp.down_proj": (hidden, ffn),
        "input_layernorm": (hidden,),
        "post_attention_layernorm": (hidden,),
    }
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (config["vocab_size"], hidden)
    }
    for layer in range(config["num_hidden_layers"]):
        shapes |= {f"model.layers.{layer}.{name}.weight": s for name, s in matrices.items()}
    shapes["model.norm.weight"] = (hidden,)
    if not config["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (config["vocab_size"], hidden)
    rng = np.random.default_rng(1)
    return {
        name: rng.normal(0, 0.05, shape).astype(np.float32) + np.float32(len(shape) == 1)
        for name, shape in shapes.items()
    }


def change_config(folder: Path, **changes: Any) -> None:
    """Change fields of config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def run(*arguments: object) -> int:
    """`llmq` in this process; argparse leaves by SystemExit."""
    from llmq.cli import main

    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as left:
        return int(left.code or 0)


# --- GGUF files for the tests of runtime, evaluation and chat, made by llmq itself ---

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

SaveGguf = Callable[..., Path]


def converted(checkpoint: Path, recipe: str, folder: Path) -> Path:
    """The GGUF file that llmq makes of a checkpoint, in `folder`."""
    from llmq.planning import make_plan
    from llmq.quantize import execute
    from llmq.sources.opening import open_source

    plan = make_plan(open_source(checkpoint), recipe=recipe)
    return execute(plan, folder / f"{plan.name}-{recipe}.gguf", load_check=False)


@pytest.fixture(scope="session")
def save_gguf(tmp_path_factory: pytest.TempPathFactory, byte_tokenizer: dict[str, Any]) -> SaveGguf:
    """A function that makes a small random Llama with turns as ChatML and returns its GGUF file.

    `save_gguf(name, recipe, template=..., **config)`; one name is one set of weights.
    """

    def save(name: str, recipe: str, template: str | None = CHATML, **overrides: Any) -> Path:
        folder = tmp_path_factory.mktemp(name) / name
        folder.mkdir()
        ends = [("<|im_start|>", 257), ("<|im_end|>", 258)]
        config = TINY_CONFIG | {"vocab_size": 259, "max_position_embeddings": 1024} | overrides
        tensors = random_tensors(config)
        for matrix in (tensor for tensor in tensors.values() if tensor.ndim == 2):
            np.multiply(matrix, 5, out=matrix)  # so that some words are likelier than others
        tensors["model.embed_tokens.weight"][256:] = 0  # and no reply ends by itself
        save_safetensors(folder / "model.safetensors", tensors, "BF16")
        (folder / "config.json").write_text(json.dumps(config))
        added = [byte_tokenizer["added_tokens"][0] | {"content": c, "id": i} for c, i in ends]
        tokens = {**byte_tokenizer, "added_tokens": [*byte_tokenizer["added_tokens"], *added]}
        (folder / "tokenizer.json").write_text(json.dumps(tokens))
        settings: dict[str, Any] = {"eos_token": "<|im_end|>"}
        if template is not None:
            settings["chat_template"] = template
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        return converted(folder, recipe, folder.parent)

    return save


@pytest.fixture(scope="session")
def tiny_gguf(save_gguf: SaveGguf) -> dict[str, Path]:
    """One small random model by recipe: F32, BF16 and Q4_0."""
    return {recipe: save_gguf("tiny", recipe) for recipe in ("F32", "BF16", "Q4_0")}
