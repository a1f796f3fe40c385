"""The oracle of the kernels' tests."""

import pytest

from llmq_peer.libggml import LibGgml, installed


@pytest.fixture(scope="session")
def ggml() -> LibGgml:
    """The installed C library."""
    return installed()
