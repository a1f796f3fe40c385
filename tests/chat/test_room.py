"""A model is refused before it is read where it does not fit, with a remedy that fits."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq.chat.room import bytes_needed, fitting, read_header
from llmq.errors import ModelError
from llmq.files.gguf import GgufFile
from llmq.runtime import CHAT, How


@pytest.fixture
def wide(tiny_gguf: dict[str, Path]) -> GgufFile:
    """A header of a model that keeps much of a context, of 8,192 tokens at most."""
    file = read_header(tiny_gguf["BF16"])
    sizes = {"llama.context_length": np.uint32(8192), "llama.attention.key_length": np.uint32(4096)}
    return replace(file, metadata=file.metadata | sizes)


def needed(file: GgufFile, n_ctx: int, cache_type: str = "F16") -> int:
    return bytes_needed(file, n_ctx, cache_type)


@pytest.mark.parametrize("n_ctx", [512, 1024, 2048, 4096])
def test_the_largest_context_that_fits_is_taken_and_said(wide: GgufFile, n_ctx: int) -> None:
    fits = fitting(wide, None, CHAT, needed(wide, n_ctx))
    assert fits.n_ctx == n_ctx
    assert (fits.remark == "") == (n_ctx == 4096)
    assert fits.remark == "" or f"remembers {n_ctx} tokens" in fits.remark


def test_what_is_asked_for_is_not_changed_but_refused_with_what_fits(wide: GgufFile) -> None:
    assert fitting(wide, 8192, CHAT, needed(wide, 8192)).n_ctx == 8192
    with pytest.raises(ModelError, match=r"needs \d.* of memory .* --context 2048 fits$") as caught:
        fitting(wide, 8192, CHAT, needed(wide, 2048))
    remedy = int(re.findall(r"--context (\d+) fits", str(caught.value))[0])
    assert fitting(wide, remedy, CHAT, needed(wide, 2048)).n_ctx == remedy


def test_a_smaller_cache_is_advised_where_that_helps(wide: GgufFile) -> None:
    available = needed(wide, 512, "Q8_0")
    with pytest.raises(ModelError, match="--cache-type Q8_0 --context 512 fits"):
        fitting(wide, None, CHAT, available)
    assert fitting(wide, 512, How("Q8_0"), available).n_ctx == 512


def test_where_nothing_fits_a_smaller_file_is_advised(wide: GgufFile) -> None:
    with pytest.raises(ModelError, match=r"smaller recipe .* --fallback"):
        fitting(wide, None, CHAT, 1000)


def test_what_is_not_known_refuses_nobody(wide: GgufFile) -> None:
    assert fitting(wide, None, CHAT, None).n_ctx == 4096
    assert fitting(wide, None, How(gpu_layers=-1), 1000).n_ctx == 4096


def test_of_an_unknown_graph_the_weights_count(wide: GgufFile) -> None:
    other = replace(wide, metadata=wide.metadata | {"general.architecture": "unheard-of"})
    assert needed(other, 4096) > sum(tensor.n_bytes for tensor in other.tensors)
    with pytest.raises(ModelError, match="smaller recipe"):
        fitting(other, None, CHAT, 1000)
