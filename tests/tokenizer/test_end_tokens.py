"""Every token that transformers ends a reply at, and the template's own, has its key."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer
from transformers import AutoTokenizer

from llmq.errors import TokenizerError
from llmq_peer.tokenizer_folders import BOS, EOS, NAMED, PAD, TOOL, read_noted, save, write

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


# How the templates of these families close a turn, and the ids that generation_config.json lists.
CLOSED = {
    "gemma-3": ("<end_of_turn>", "<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n"),
    "gemma-4": ("<turn|>", "<|turn>{{ m.role }}\n{{ m.content | trim }}<turn|>\n"),
    "qwen": ("<|im_end|>", "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"),
    "exaone-4": ("[|endofturn|]", "[|{{ m.role }}|]\n{{ m.content }}[|endofturn|]\n"),
    "phi-4-mini": ("<|end|>", "<|{{ m.role }}|>{{ m.content }}<|end|>"),
    "granite": (EOS, "<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}" + EOS + "\n"),
    "mistral": (EOS, "{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]"
        "{% else %}{{ m.content }}{{ eos_token }}{% endif %}"),
}  # fmt: skip


@pytest.mark.parametrize("family", CLOSED)
@pytest.mark.parametrize("special", [True, False])
def test_what_closes_a_turn_ends_a_reply(
    trained: str, tmp_path: Path, family: str, special: bool
) -> None:
    """Also where the vocabulary has it as a word; the end of a text stays eos."""
    mark, turn = CLOSED[family]
    tokenizer = Tokenizer.from_str(trained)
    if mark != EOS:
        tokenizer.add_tokens([AddedToken(mark, special=special, normalized=False)])
    template = "{% for m in messages %}" + turn + "{% endfor %}"
    save(tmp_path, tokenizer, **NAMED, chat_template=template)
    last = None if mark == EOS else 301
    assert ends(tmp_path) == ([1, last, None], [])
    write(tmp_path / "generation_config.json", {"eos_token_id": [1, 301] if last else 1})
    assert ends(tmp_path) == ([1, last, None], [])


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
