"""What is kept of the tokens of a context, of published models of every kind."""

import numpy as np
import pytest

from llmq.context_memory import Keys, context_bytes

U = np.uint32
QWEN35_08B: Keys = {
    "block_count": U(24),
    "embedding_length": U(1024),
    "attention.head_count": U(8),
    "attention.head_count_kv": U(2),
    "attention.key_length": U(256),
    "attention.value_length": U(256),
    "attention.recurrent_layers": [layer % 4 != 3 for layer in range(24)],
    "ssm.conv_kernel": U(4),
    "ssm.state_size": U(128),
    "ssm.group_count": U(16),
    "ssm.inner_size": U(2048),
}
LFM2_1_2B: Keys = {
    "block_count": U(16),
    "embedding_length": U(2048),
    "attention.head_count": U(32),
    "attention.head_count_kv": np.array([8 * (i in (2, 5, 8, 10, 12, 14)) for i in range(16)]),
    "shortconv.l_cache": U(3),
}
GEMMA4_E2B: Keys = {
    "block_count": U(35),
    "embedding_length": U(1536),
    "attention.head_count": U(8),
    "attention.head_count_kv": U(1),
    "attention.key_length": U(512),
    "attention.value_length": U(512),
    "attention.key_length_swa": U(256),
    "attention.value_length_swa": U(256),
    "attention.sliding_window_pattern": [layer % 5 != 4 for layer in range(35)],
    "attention.shared_kv_layers": U(20),
}
LLAMA_1B: Keys = {
    "block_count": U(16),
    "embedding_length": U(2048),
    "attention.head_count": U(32),
    "attention.head_count_kv": U(8),
}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (LLAMA_1B, 16 * 8 * (64 + 64) * 2 * 1024),
        # Six layers with keys and values; two copies of the states of eighteen.
        (QWEN35_08B, 6 * 2 * 512 * 2 * 1024 + 18 * (2048 * 128 + 3 * 6144) * 4 * 2),
        (LFM2_1_2B, 6 * 8 * 128 * 2 * 1024 + 10 * 2048 * 2 * 4 * 2),
        (GEMMA4_E2B, (12 * 512 + 3 * 1024) * 2 * 1024),
    ],
)
def test_what_each_layer_keeps(keys: Keys, expected: int) -> None:
    assert context_bytes(keys, 1024, 2) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"attention.head_count_kv": np.array([8, 0] * 8)},  # a state, but which?
        {"attention.head_count_kv": np.array([8, 8])},
        {"attention.head_count_kv": "8"},
        {"attention.sliding_window_pattern": ["yes"] * 16},
        {"block_count": U(0)},
        {"embedding_length": U(0)},
    ],
)
def test_nothing_is_said_of_what_is_not_understood(changes: Keys) -> None:
    assert context_bytes({**LLAMA_1B, **changes}, 1024, 2) is None
