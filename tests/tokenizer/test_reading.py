"""read_tokenizer: keys, order and types; special tokens; templates; what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, processors

from llmq.errors import TokenizerError
from llmq.tokenizer import read_tokenizer
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from tests.tokenizer.folders import BOS, EOS, NAMED, PAD, TOOL, save, train_byte_level, write

PREFIX = "tokenizer.ggml."
ROW = next(row for row in STRUCTURES if row.name == "llama-bpe")


@pytest.fixture(scope="module")
def trained() -> str:
    """A small byte-level tokenizer.json, as text."""
    return train_byte_level(ROW, vocab_size=300).to_str()


@pytest.fixture
def folder(trained: str, tmp_path: Path) -> Path:
    """A model folder with that tokenizer."""
    save(tmp_path, Tokenizer.from_str(trained), **NAMED)
    return tmp_path


def read(folder: Path, **config: Any) -> dict[str, Any]:
    """What read_tokenizer says about a folder, with some of config.json changed."""
    return read_tokenizer(folder, {**json.loads((folder / "config.json").read_text()), **config})


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edit one JSON file."""
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    write(path, value)


def test_keys_order_and_types(folder: Path) -> None:
    metadata = read(folder)
    kinds = {key.removeprefix(PREFIX): type(value) for key, value in metadata.items()}
    assert list(kinds.items()) == [
        ("model", str),
        ("pre", str),
        ("tokens", list),
        ("token_type", np.ndarray),
        ("merges", list),
        ("bos_token_id", np.uint32),
        ("eos_token_id", np.uint32),
        ("padding_token_id", np.uint32),
        ("add_bos_token", bool),
        ("add_sep_token", bool),
    ]
    tokens, types = metadata[PREFIX + "tokens"], metadata[PREFIX + "token_type"]
    assert types.dtype == np.int32
    assert len(tokens) == len(types) == 320
    assert [tokens[0], types[0]] == [BOS, 3]
    assert [tokens[300], types[300]] == [TOOL, 4]
    assert [tokens[319], types[319]] == ["[PAD319]", 5]
    assert metadata[PREFIX + "add_bos_token"] is True
    assert metadata[PREFIX + "bos_token_id"] == tokens.index(BOS)
    assert all(merge.count(" ") == 1 for merge in metadata[PREFIX + "merges"])


def test_add_space_prefix_comes_first_and_only_for_llama(folder: Path) -> None:
    change(folder / "tokenizer_config.json", lambda c: c.update(add_prefix_space=False))
    assert next(iter(read(folder).items())) == (PREFIX + "add_space_prefix", False)
    assert PREFIX + "add_space_prefix" not in read(folder, architectures=["Qwen2ForCausalLM"])


TEMPLATE = processors.TemplateProcessing
TOKENS = [(BOS, 0), (EOS, 1)]


@pytest.mark.parametrize(
    ("processor", "settings", "expected"),
    [
        (None, {}, {"bos": False}),  # said, because llama.cpp would add one for llama-bpe
        (None, {"add_bos_token": True, "add_eos_token": False}, {"bos": True, "eos": False}),
        (processors.ByteLevel(trim_offsets=False), {}, {"bos": False, "eos": False}),
        (
            processors.ByteLevel(trim_offsets=False),
            {"add_bos_token": True},  # the post-processor is what runs
            {"bos": False, "eos": False},
        ),
        (
            TEMPLATE(f"{BOS} $A {EOS}", f"{BOS} $A {EOS} $B {EOS}", TOKENS),
            {},
            {"bos": True, "eos": True, "sep": False},
        ),
        (
            TEMPLATE(f"{BOS} $A", f"{BOS} $A {EOS} $B", TOKENS),
            {},
            {"bos": True, "sep": True},
        ),
        (
            processors.RobertaProcessing((EOS, 1), (BOS, 0)),
            {},
            {"bos": True, "eos": True, "sep": True},
        ),
        (
            processors.Sequence(
                [processors.ByteLevel(trim_offsets=False), TEMPLATE(f"{BOS} $A", None, TOKENS)]
            ),
            {},
            {"bos": True, "eos": False, "sep": False},
        ),
    ],
)
def test_what_is_added_to_a_text(
    trained: str, tmp_path: Path, processor: Any, settings: Any, expected: dict[str, bool]
) -> None:
    tokenizer = Tokenizer.from_str(trained)
    if processor is not None:
        tokenizer.post_processor = processor
    save(tmp_path, tokenizer, **NAMED, **settings)
    if processor is None:
        change(tmp_path / "tokenizer.json", lambda t: t.update(post_processor=None))
    metadata = read(tmp_path)
    flags = {kind: metadata.get(f"{PREFIX}add_{kind}_token") for kind in ("bos", "eos", "sep")}
    pair = expected.pop("sep", None)
    assert {kind: flags[kind] for kind in expected} == expected
    if pair:
        assert flags["sep"] is pair


def test_a_template_may_end_with_another_token(trained: str, tmp_path: Path) -> None:
    """Then the named one ends a turn and the template's ends a text."""
    tokenizer = Tokenizer.from_str(trained)
    tokenizer.post_processor = TEMPLATE(f"$A {PAD}", None, [(PAD, 2)])
    save(tmp_path, tokenizer, **NAMED)
    metadata = read(tmp_path)
    assert metadata[PREFIX + "eos_token_id"] == 2
    assert metadata[PREFIX + "eot_token_id"] == 1


def test_ids_from_config_and_beyond(folder: Path) -> None:
    """tokenizer_config.json wins; config.json, special_tokens_map.json and generation_config.json help."""
    assert read(folder, eos_token_id=7)[PREFIX + "eos_token_id"] == 1
    write(folder / "tokenizer_config.json", {})
    assert read(folder, eos_token_id=7)[PREFIX + "eos_token_id"] == 7
    write(folder / "generation_config.json", {"eos_token_id": [1, 2], "bos_token_id": 0})
    with pytest.raises(TokenizerError, match='add "eos_token" to tokenizer_config'):
        read(folder, eos_token_id=[1, 2], pad_token_id=-1)
    write(folder / "special_tokens_map.json", {"eos_token": {"content": PAD}})
    metadata = read(
        folder, eos_token_id=None, unk_token_id=10**6, pad_token_id=-1, mask_token_id=True
    )
    ids = {key: int(value) for key, value in metadata.items() if key.endswith("token_id")}
    assert ids == {PREFIX + "bos_token_id": 0, PREFIX + "eos_token_id": 2}


def test_models_with_rules_of_their_own(folder: Path) -> None:
    assert read(folder, vocab_size=32016)[PREFIX + "eot_token_id"] == 32010
    assert read(folder, vocab_size=49152)[PREFIX + "add_bos_token"] is False
    qwen = read(folder, vocab_size=49152, architectures=["Qwen2ForCausalLM"])
    assert qwen[PREFIX + "add_bos_token"] is True


def test_control_tokens_by_their_looks(folder: Path) -> None:
    def declare(settings: dict[str, Any]) -> None:
        texts = ["<|look|>", "<mask>", "plain", "<unused7>", "a▁b"]
        settings["added_tokens_decoder"] = {
            str(301 + number): {"content": text, "special": False}
            for number, text in enumerate(texts)
        }

    change(folder / "tokenizer_config.json", declare)
    metadata = read(folder)
    assert list(metadata[PREFIX + "token_type"][301:306]) == [3, 3, 4, 3, 4]
    assert metadata[PREFIX + "tokens"][305] == "a b"


def test_chat_template_places(folder: Path) -> None:
    config, jinja = folder / "tokenizer_config.json", folder / "chat_template.jinja"

    def templates() -> dict[str, Any]:
        return {k: v for k, v in read(folder).items() if k.startswith("tokenizer.chat")}

    assert templates() == {}
    write(folder / "chat_template.json", {"chat_template": "old"})
    assert templates() == {"tokenizer.chat_template": "old"}
    change(config, lambda c: c.update(chat_template="é\n{{ bos_token }}"))
    assert templates() == {"tokenizer.chat_template": "é\n{{ bos_token }}"}
    named = [("tool use", "T"), ("default", "D"), ("rag", "R")]
    change(
        config,
        lambda c: c.update(chat_template=[{"name": n, "template": t} for n, t in named]),
    )
    assert list(templates().items()) == [
        ("tokenizer.chat_template.tool_use", "T"),
        ("tokenizer.chat_template.rag", "R"),
        ("tokenizer.chat_templates", ["tool_use", "rag"]),
        ("tokenizer.chat_template", "D"),
    ]
    jinja.write_text("file", encoding="utf-8")
    assert templates() == {"tokenizer.chat_template": "file"}
    (folder / "additional_chat_templates").mkdir()
    for name in ("b", "a"):
        (folder / "additional_chat_templates" / f"{name}.jinja").write_text(name, encoding="utf-8")
    assert list(templates().items()) == [
        ("tokenizer.chat_template.a", "a"),
        ("tokenizer.chat_template.b", "b"),
        ("tokenizer.chat_templates", ["a", "b"]),
        ("tokenizer.chat_template", "file"),
    ]
    jinja.write_bytes(b"\xff\xfe")
    with pytest.raises(TokenizerError, match="not UTF-8"):
        read(folder)


def _vocab(tokenizer: dict[str, Any]) -> dict[str, Any]:
    vocab: dict[str, Any] = tokenizer["model"]["vocab"]
    return vocab


def _rename(tokenizer: dict[str, Any], text: str, number: int) -> None:
    """One token, a byte that no text has, gets another text and another id."""
    del _vocab(tokenizer)["ÿ"]
    _vocab(tokenizer)[text] = number


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "id twice": (lambda t: _vocab(t).update({"!": 4}), "gives the id 4 to"),
    "negative id": (lambda t: _vocab(t).update({"!": -4}), "not a token id from 0"),
    "id is a text": (lambda t: _vocab(t).update({"!": "4"}), "a text instead of a token id"),
    "id is true": (lambda t: _vocab(t).update({"!": True}), "true or false instead of"),
    "huge id": (lambda t: _vocab(t).update({"new": 10**9}), "not a token id from 0"),
    "id beyond the model": (lambda t: _rename(t, "new", 320), "vocab_size is 320"),
    "no vocabulary": (lambda t: t["model"].update(vocab={}), "is empty"),
    "vocabulary is a list": (lambda t: t["model"].update(vocab=[]), "a list instead of an object"),
    "half a surrogate": (lambda t: _vocab(t).update({"\ud800": 310}), "surrogate"),
    "text of a padded row": (lambda t: _rename(t, "[PAD319]", 302), "same text '.PAD319.'"),
    "no model": (lambda t: t.pop("model"), "null instead of an object"),
    "Unigram": (lambda t: t["model"].update(type="Unigram"), "only BPE"),
    "no merges": (lambda t: t["model"].pop("merges"), "null instead of a list"),
    "odd merge": (lambda t: t["model"]["merges"].insert(0, ["a"]), r"merges\[0\] is not a pair"),
    "merge of three": (lambda t: t["model"]["merges"].insert(0, "a b c"), "is not a pair"),
    "merge of numbers": (lambda t: t["model"]["merges"].insert(0, [1, 2]), "a number instead of"),
    "unknown merge": (lambda t: t["model"]["merges"].insert(0, ["a", "語"]), "is not a token"),
    "suffix": (lambda t: t["model"].update(end_of_word_suffix="</w>"), "end_of_word_suffix is set"),
    "hole": (
        lambda t: t["added_tokens"][-1].update(id=305),
        "305 where Hugging Face would count 300",
    ),
    "added without id": (lambda t: t["added_tokens"][0].pop("id"), "null instead of a token id"),
    "added without text": (lambda t: t["added_tokens"][0].pop("content"), "null instead of a text"),
    "added is a list": (lambda t: t["added_tokens"].insert(0, []), "a list instead of an object"),
    "odd post-processor": (lambda t: t.update(post_processor=[]), "post_processor is a list"),
    "odd template": (
        lambda t: t.update(post_processor={"type": "TemplateProcessing", "single": [1, 2]}),
        "post_processor is a number",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_tokenizers(folder: Path, case: str) -> None:
    edit, message = BROKEN[case]
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value), encoding="ascii")
    with pytest.raises(TokenizerError, match=message) as error:
        read(folder)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer.json", "{", "not valid JSON"),
        ("tokenizer.json", "[]", "list instead of an object"),
        ("tokenizer.json", "[" * 100_000, "nested too deeply"),
        ("tokenizer.json", '{"a":' * 100_000, "nested too deeply"),
        ("tokenizer.json", '{"model": {}, "model": {}}', "stands twice"),
        (
            "tokenizer.json",
            '{"added_tokens": [{"id": 1e400, "content": "x"}], "model": 1}',
            "model",
        ),
        ("tokenizer_config.json", '{"added_tokens_decoder": []}', None),
        ("tokenizer_config.json", '{"added_tokens_decoder": [1]}', "list instead of an object"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"x": {}}}', "'x' is not a token id"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"٣": {}}}', "is not a token id"),
        ("tokenizer_config.json", '{"chat_template": 7}', "a number instead of an object"),
        ("tokenizer_config.json", '{"chat_template": [{"name": "x"}]}', "null instead of a text"),
        ("tokenizer_config.json", '{"add_prefix_space": "no"}', "instead of true or false"),
        ("special_tokens_map.json", "null", "NoneType instead of an object"),
        ("generation_config.json", "\x00", "not valid JSON"),
    ],
)
def test_broken_files(folder: Path, file: str, content: str, message: str | None) -> None:
    (folder / file).write_text(content, encoding="utf-8")
    if message is None:
        read(folder, eos_token_id=1)
        return
    with pytest.raises(TokenizerError, match=message) as error:
        read(folder, eos_token_id=1)
    assert "\n" not in str(error.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"neither tokenizer\.json nor tokenizer\.model"):
        read_tokenizer(tmp_path, {})
    (tmp_path / "vocab.json").write_text("{}")
    with pytest.raises(TokenizerError, match=r"vocab\.json alone does not say"):
        read_tokenizer(tmp_path, {})


@pytest.mark.parametrize("size", [0, -1, "many", True, 1 << 40, 3.5])
def test_absurd_vocabulary_sizes(folder: Path, size: object) -> None:
    with pytest.raises(TokenizerError, match="vocab_size"):
        read(folder, vocab_size=size)


def test_an_unknown_override_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="did you mean llama-bpe"):
        read_tokenizer(tmp_path / "nowhere", {}, pre="lama-bpe")
