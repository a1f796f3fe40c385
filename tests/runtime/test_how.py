"""How a file is run: exactly, or with the keys and values and the layers of a device."""

from pathlib import Path

import numpy as np
import pytest

from llmq.errors import ModelError
from llmq.runtime import CHAT, EXACT, How, open_model
from llmq.runtime.binding import library
from llmq.runtime.how import ALL_LAYERS, CACHE_TYPES
from llmq.runtime.opening import scores_bytes
from llmq_eval.measuring import opened

TOKENS = list(range(40, 140))


@pytest.fixture(scope="module")
def tutor_gguf(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from llmq import convert

    output = tmp_path_factory.mktemp("how") / "tutor.gguf"
    return convert(repository / "eval" / "tutor", output, recipe="Q8_0", load_check=False)


def logits(path: Path, how: How) -> np.ndarray:
    with open_model(path, n_ctx=128, threads=1, how=how) as model:
        assert model.how == how
        assert model.remark == ""
        return model.logits(TOKENS)


def test_fewer_bits_of_keys_and_values_are_further_from_the_exact_logits(tutor_gguf: Path) -> None:
    exact = logits(tutor_gguf, EXACT)
    distances = [np.abs(logits(tutor_gguf, How(name)) - exact).mean() for name in CACHE_TYPES]
    assert list(CACHE_TYPES) == ["F32", "F16", "Q8_0", "Q4_0"]
    assert distances[0] <= distances[1] < distances[2] < distances[3]


def test_the_base_stays_exact_beside_a_file_that_runs_as_on_a_device(tutor_gguf: Path) -> None:
    with opened([tutor_gguf] * 3, n_ctx=128, threads=1, quants=How("Q8_0")) as models:
        assert [model.how for model in models] == [EXACT, How("Q8_0"), How("Q8_0")]
        base, one, two = (model.logits(TOKENS) for model in models)
    np.testing.assert_array_equal(base, logits(tutor_gguf, EXACT))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(base, one)


def test_without_a_gpu_the_cpu_computes_and_says_so(tutor_gguf: Path) -> None:
    if library().llama_supports_gpu_offload():
        pytest.skip("there is a GPU")
    for layers in (3, ALL_LAYERS):
        with open_model(tutor_gguf, n_ctx=128, threads=1, how=How(gpu_layers=layers)) as model:
            assert model.remark == "llama.cpp finds no GPU here, so the CPU computes"
            assert model.how == CHAT
            np.testing.assert_array_equal(model.logits(TOKENS), logits(tutor_gguf, CHAT))


def test_a_device_runs_what_is_measured_exactly_as_a_chat_does() -> None:
    assert EXACT.on_device == CHAT
    assert How("Q8_0", 3).on_device == How("Q8_0", 3)


def test_heads_that_no_block_divides(tiny_gguf: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match=r"cannot run .*K cache type q8_0 with block size 32"):
        open_model(tiny_gguf["BF16"], how=How("Q8_0"))


@pytest.mark.parametrize(
    ("n_heads", "n_ctx", "how", "n_bytes"),
    [
        (9, 4096, CHAT, 9 * 4096 * 256 * 4),
        (14, 4096, CHAT, 14 * 4096 * 256 * 4),
        (32, 4096, CHAT, 0),  # too much for what it saves
        (32, 1024, CHAT, 32 * 1024 * 256 * 4),
        (9, 4096, How("Q8_0"), 0),  # blocks need flash attention
        (9, 4096, How(gpu_layers=-1), 0),
    ],
)
def test_small_models_attend_without_flash_attention(
    n_heads: int, n_ctx: int, how: How, n_bytes: int
) -> None:
    assert scores_bytes(n_heads, n_ctx, how) == n_bytes
