"""Tokens that end a reply: llama.cpp's own, those that the file lists, the template's mark."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import GgufError
from llmq.files.gguf import Metadata
from llmq.files.gguf_array import read_integers
from llmq.runtime import open_model
from llmq.suites import Dialogue, Message
from llmq.tokenizer.end_tokens import END_IDS
from llmq_eval.likelihood import passages
from tests.conftest import CHATML
from tests.oracles.gguf_keys import with_keys
from tests.oracles.turn_templates import KINDS, save_byte_level


def test_what_the_file_lists_ends_a_reply(tiny_gguf: dict[str, Path], tmp_path: Path) -> None:
    listed: Metadata = {END_IDS: np.array([65, 257], np.uint32)}
    path = with_keys(tiny_gguf["F32"], tmp_path / "listed.gguf", listed)
    with open_model(path, threads=1) as model:
        assert [token for token in range(model.n_vocab) if model.is_end(token)] == [
            65,
            256,
            257,
            258,
        ]
        made = list(model.generate([66], max_tokens=500))
        assert not any(map(model.is_end, made[:-1]))
        (passage,) = passages(
            model, Dialogue("d", (Message("user", "1"), Message("assistant", "BAB")))
        )
        assert [passage.tokens[index] for index in passage.scored] == [66, 65]


def test_a_listed_word_in_a_message_is_text(tmp_path: Path) -> None:
    kind = replace(KINDS["chatml"], words=("<done>",))
    path = save_byte_level(tmp_path / "model", kind)
    with open_model(path, threads=1) as model:
        (done,) = model.tokenize("<done>")
    listed: Metadata = {END_IDS: np.array([done], np.uint32)}
    with open_model(with_keys(path, tmp_path / "listed.gguf", listed), threads=1) as model:
        talk = (Message("user", "Say <done>."), Message("assistant", "<done>, said I"))
        (passage,) = passages(model, Dialogue("d", talk))
        assert done not in passage.tokens
        assert len(passage.scored) == len("<done>, said I") + 1


def test_without_a_list_llama_cpps_own_end_a_reply(tiny_gguf: dict[str, Path]) -> None:
    assert read_integers(tiny_gguf["F32"], END_IDS) is None
    with open_model(tiny_gguf["F32"], threads=1) as model:
        assert [token for token in range(model.n_vocab) if model.is_end(token)] == [256, 258]


def test_the_templates_own_mark_ends_a_reply(save_gguf: Callable[..., Path]) -> None:
    """As in a file of another maker, which names an end of text and no end of turn."""
    swapped = CHATML.replace("<|im_end|>", "<|x|>").replace("<|im_start|>", "<|im_end|>")
    template = swapped.replace("<|x|>", "<|im_start|>")
    with open_model(save_gguf("swapped", "F32", template), threads=1) as model:
        assert model.is_end(257)


def test_every_kind_of_value_is_passed_over(tiny_gguf: dict[str, Path], tmp_path: Path) -> None:
    keys: Metadata = {
        "a": "text", "b": True, "c": np.float64(1.5), "d": [True, False], "e": ["x", ""],
        "f": np.arange(3, dtype=np.int64), END_IDS: np.array([7], np.uint32),
    }  # fmt: skip
    path = with_keys(tiny_gguf["F32"], tmp_path / "kinds.gguf", keys)
    found = read_integers(path, END_IDS)
    assert found is not None
    assert found.tolist() == [7]
    assert read_integers(path, "e") is None
    assert read_integers(path, "a") is None


def test_a_length_beyond_every_file(tmp_path: Path) -> None:
    path = tmp_path / "long.gguf"
    path.write_bytes(b"GGUF" + bytes(12) + (1).to_bytes(8, "little") + b"\xff" * 32)
    with pytest.raises(GgufError, match="header cannot be read to the end"):
        read_integers(path, END_IDS)


@pytest.mark.parametrize("length", [0, 3, 24, 200])
def test_a_header_that_ends_early(tiny_gguf: dict[str, Path], tmp_path: Path, length: int) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_gguf["F32"].read_bytes()[:length])
    with pytest.raises(GgufError, match="header cannot be read to the end"):
        read_integers(cut, END_IDS)
