"""Every token that transformers ends a reply at, and the template's own, has its key."""

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq_peer.tokenizer_folders import BOS, EOS, NAMED, PAD, TOOL, read_noted, write

NUMBERS = {BOS: 0, EOS: 1, PAD: 2, TOOL: 300}
TURNS = "{% for m in messages %}{{ m.role }} {{ m.content }}{{ MARK }}\n{% endfor %}"
BARE = {"eos_token": None, "tokenizer_class": "PreTrainedTokenizerFast"}


def template(mark: str) -> str:
    return TURNS.replace("MARK", repr(mark))


def ends(folder: Path, **config: Any) -> tuple[list[int | None], list[int]]:
    """The ids of eos, eot and eom, and those of our own key."""
    keys: dict[str, Any] = read_noted(folder, **config).metadata
    kinds = [keys.get(f"tokenizer.ggml.{kind}_token_id") for kind in ("eos", "eot", "eom")]
    return [None if i is None else int(i) for i in kinds], list(keys.get("llmq.end_token_ids", []))


@pytest.mark.parametrize(
    ("settings", "config", "generation", "expected"),
    [
        (NAMED, {}, {}, ([1, None, None], [])),
        (NAMED, {"eos_token_id": 1}, {"eos_token_id": [1]}, ([1, None, None], [])),
        (NAMED, {"eos_token_id": [1, 2]}, {}, ([1, 2, None], [])),
        (NAMED, {}, {"eos_token_id": [2, 1, 300]}, ([1, 2, 300], [])),
        (NAMED, {"eos_token_id": 2}, {"eos_token_id": 300}, ([1, 300, 2], [])),
        (NAMED, {}, {"eos_token_id": [2, 300, 0, 7]}, ([1, 2, 300], [0, 7])),
        (BARE, {}, {"eos_token_id": [3]}, ([3, None, None], [])),
        (BARE, {"eos_token_id": [2, 1]}, {}, ([2, 1, None], [])),
        # the turn's mark is eot, whatever else is listed
        (NAMED | {"chat_template": template(PAD)}, {}, {}, ([1, 2, None], [])),
        (NAMED | {"chat_template": template(EOS)}, {}, {}, ([1, None, None], [])),
        (NAMED | {"chat_template": TURNS.replace("MARK", "pad_token")}, {}, {}, ([1, 2, None], [])),
        (
            NAMED | {"chat_template": template(PAD)},
            {"eos_token_id": [300, 2]},
            {},
            ([1, 2, 300], []),
        ),
        (
            BARE | {"chat_template": template(PAD)},
            {"eos_token_id": [2, 1]},
            {},
            ([1, 2, None], []),
        ),
        (BARE | {"chat_template": template(TOOL)}, {}, {}, ([300, None, None], [])),
        (NAMED | {"chat_template": template("ordinary")}, {}, {}, ([1, None, None], [])),
        (NAMED | {"chat_template": "{{ broken"}, {}, {}, ([1, None, None], [])),
    ],
)
def test_end_tokens(
    folder: Path, settings: Any, config: Any, generation: Any, expected: Any
) -> None:
    write(folder / "tokenizer_config.json", settings)
    write(folder / "generation_config.json", generation)
    assert ends(folder, **config) == expected


@pytest.mark.parametrize(
    ("config", "generation", "ending"),
    [
        ({"eos_token_id": 5}, {}, False),  # a class's default, left in a vocabulary of one's own
        ({}, {"eos_token_id": 5, "_from_model_config": True}, False),
        ({}, {"eos_token_id": 5}, True),  # somebody's choice
        ({"eos_token_id": [1, 5]}, {}, True),
        ({"eos_token_id": 5}, {"eos_token_id": 5}, True),
    ],
)
def test_ordinary_text_ends_a_reply_where_somebody_chose_it(
    folder: Path, config: Any, generation: Any, ending: bool
) -> None:
    write(folder / "generation_config.json", generation)
    assert ends(folder, **config)[0] == [1, 5 if ending else None, None]
    assert any("ordinary text" in note for note in read_noted(folder, **config).notes) != ending


def test_what_the_tokenizer_names_besides_ends_a_reply(folder: Path) -> None:
    """The end that it puts behind a text is eos, that of its settings eot, or eom beside a mark."""
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    parts = [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": PAD, "type_id": 0}}]
    tokenizer["post_processor"] = {"type": "TemplateProcessing", "single": parts, "pair": []}
    write(path, tokenizer)
    assert ends(folder) == ([2, 1, None], [])
    write(folder / "tokenizer_config.json", NAMED | {"chat_template": template(TOOL)})
    assert ends(folder) == ([2, 300, 1], [])


def test_ordinary_text_that_nothing_else_ends_is_the_end(folder: Path) -> None:
    write(folder / "tokenizer_config.json", BARE)
    keys, notes = read_noted(folder, eos_token_id=5)
    assert keys["tokenizer.ggml.eos_token_id"] == 5
    assert notes == ()


def test_what_has_no_key_is_said(folder: Path) -> None:
    write(folder / "generation_config.json", {"eos_token_id": [2, 300, 0, 7000, True, "x", -1]})
    notes = read_noted(folder).notes
    assert len(notes) == 2
    assert read_noted(folder, eos_token_id=7000).notes == notes  # said once
    assert "generation_config.json: eos_token_id names 7000, beyond the 320 tokens" in notes[0]
    assert f"{BOS!r} (0) end a reply too" in notes[1]


@pytest.mark.parametrize("kind", ["GPT2Tokenizer", "Qwen2TokenizerFast", "PreTrainedTokenizerFast"])
def test_a_class_of_transformers_has_names_of_its_own(folder: Path, kind: str) -> None:
    write(folder / "tokenizer_config.json", {"tokenizer_class": kind})
    hugging_face = AutoTokenizer.from_pretrained(folder)
    if hugging_face.eos_token is None:
        with pytest.raises(TokenizerError, match="no file names the token that ends a text"):
            ends(folder)
    else:
        assert ends(folder)[0][0] == hugging_face.eos_token_id
