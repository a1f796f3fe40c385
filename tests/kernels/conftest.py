"""The oracle of the kernels' tests."""

import pytest

from llmq_peer.libggml import LibGgml, find


@pytest.fixture(scope="session")
def ggml() -> LibGgml:
    """The installed C library."""
    path = find()
    if path is None:
        pytest.skip("llama-cpp-python is not installed, or brings no libggml-base")
    return LibGgml(path)
