"""The memory of a chat, as said beforehand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq import convert, make_plan, open_gguf, open_source
from llmq.memory import context_used, memory_of, memory_to_run
from llmq_peer.chat_memory import peak_of


def test_a_plan_and_its_file_need_the_same(repository: Path, tmp_path: Path) -> None:
    source = open_source(repository / "eval" / "tutor")
    file = convert(source.path, tmp_path / "t.gguf", recipe="Q4_0", load_check=False)
    plan = make_plan(source, recipe="Q4_0")
    assert memory_to_run(plan, 512) == memory_to_run(open_gguf(file), 512)
    assert context_used(plan, 4096) == 1024


def test_the_keys_and_values(repository: Path) -> None:
    """6 layers of 2 heads with 64 keys and 64 values, 2 bytes each."""
    memory = memory_to_run(make_plan(open_source(repository / "eval" / "tutor")), 512)
    assert memory
    assert memory.cache == 6 * 2 * (64 + 64) * 2 * 512
    assert memory.total == memory.weights + memory.cache + memory.buffers + memory.runtime


def test_heads_that_are_listed_by_layer(repository: Path) -> None:
    plan = make_plan(open_source(repository / "eval" / "tutor"))
    listed = {"llama.attention.head_count_kv": np.array([2, 2, 1, 2, 2, 1], np.int32)}
    other = memory_to_run(replace(plan, metadata=plan.metadata | listed), 512)
    assert other
    assert other.cache == 10 * (64 + 64) * 2 * 512


@pytest.mark.parametrize(
    "changes",
    [
        {"general.architecture": "mamba"},
        {"llama.expert_count": np.uint32(8)},
        {"llama.attention.head_count_kv": np.array([2, 2, 0, 2, 2, 2], np.int32)},
        {"llama.attention.recurrent_layers": [True, True, False] * 2},
        {"llama.block_count": np.uint32(0)},
    ],
)
def test_nothing_is_said_of_other_models(changes: dict[str, object], repository: Path) -> None:
    plan = make_plan(open_source(repository / "eval" / "tutor"))
    assert memory_of(plan) is not None
    other = replace(plan, metadata=plan.metadata | changes)  # type: ignore[arg-type]  # of odd files
    assert memory_of(other) is None


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["BF16", "Q8_0", "Q4_K_M", "Q4_0", "IQ4_NL", "Q2_K"])
def test_a_real_chat_takes_what_was_said(recipe: str, smoltutor: Path, tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process is read from Linux's /proc")
    file = convert(smoltutor, tmp_path / "t.gguf", recipe=recipe, load_check=False)
    for context, words in ((512, 300), (2048, 600), (4096, 1200)):
        said = memory_of(open_gguf(file), context)
        assert said == pytest.approx(peak_of(file, context, words=words), rel=0.1)
