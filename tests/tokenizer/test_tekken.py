"""tekken.json alone: every id as transformers has it, and what is no such file is refused."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.integrations.mistral.tokenizer import MistralConverter

from llmq.errors import TokenizerError
from llmq.tokenizer.pre_tokenizer_table import LLAMA_CPP_DEFECTS, STRUCTURES, TEKKEN
from llmq.tokenizer.tekken import FIRST_SPECIAL
from llmq_peer.texts import probe_texts
from llmq_peer.tokenizer_folders import read, read_noted, save, train_byte_level, write
from tests.oracles.llama_vocab import ids_of_all
from tests.tokenizer.test_byte_level_ids import has_case_or_mark

ROW = next(row for row in STRUCTURES if row.name == "tekken")
SPECIALS = ("<unk>", "<s>", "</s>", "[INST]", "[/INST]")
N_SPECIAL = 12  # of which the last stand for places
CONFIG = {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "bos_token_id": 1,
    "eos_token_id": 2,
}


@pytest.fixture(scope="module")
def words() -> list[bytes]:
    """The tokens of a trained tokenizer of this structure: the bytes, then what merges make."""
    tokenizer = json.loads(train_byte_level(ROW, vocab_size=1500).to_str())
    letters = {letter: byte for byte, letter in bytes_to_unicode().items()}  # type: ignore[no-untyped-call]  # theirs
    merged = ["".join(pair) for pair in tokenizer["model"]["merges"]]
    learned = [bytes(letters[letter] for letter in text) for text in dict.fromkeys(merged)]
    return [*(bytes([byte]) for byte in range(256)), *learned]


def tekken(words: list[bytes], **settings: Any) -> dict[str, Any]:
    return {
        "config": {
            "pattern": TEKKEN,
            "num_vocab_tokens": len(words) + 100,
            "default_vocab_size": len(words) + N_SPECIAL,
            "default_num_special_tokens": N_SPECIAL,
            "version": "v13",
        },
        "vocab": [
            {
                "rank": rank,
                "token_bytes": base64.b64encode(word).decode(),
                "token_str": word.decode("utf-8", "replace"),
            }
            for rank, word in enumerate([*words, b"beyond the rows"])
        ],
        "special_tokens": [
            {"rank": rank, "token_str": text, "is_control": True}
            for rank, text in enumerate(SPECIALS)
        ],
        **settings,
    }


@pytest.fixture
def folder(words: list[bytes], tmp_path: Path) -> Path:
    write(tmp_path / "tekken.json", tekken(words))
    write(tmp_path / "config.json", {**CONFIG, "vocab_size": len(words) + N_SPECIAL})
    return tmp_path


def test_ids_are_those_of_transformers(folder: Path) -> None:
    keys, notes = read_noted(folder)
    assert keys["tokenizer.ggml.pre"] == "tekken"
    case, template = notes
    assert case == LLAMA_CPP_DEFECTS["case"]
    assert "holds no chat template" in template
    reference = MistralConverter(str(folder / "tekken.json")).converted()
    texts = probe_texts(SPECIALS, 5000)
    theirs = [[1, *encoded.ids] for encoded in reference.encode_batch(texts)]
    pairs = zip(texts, theirs, ids_of_all(keys, folder, texts), strict=True)
    different = [text for text, expected, ids in pairs if expected != ids]
    assert [text for text in different if not has_case_or_mark(text)] == []
    assert len(different) < len(texts) // 4


def test_keys(folder: Path, words: list[bytes]) -> None:
    """Those of `_set_vocab_mistral` in conversion/base.py."""
    keys = read(folder)
    tokens = keys["tokenizer.ggml.tokens"]
    assert tokens[: len(SPECIALS)] == list(SPECIALS)
    assert tokens[len(SPECIALS) : N_SPECIAL] == [f"<SPECIAL_{n}>" for n in range(5, N_SPECIAL)]
    assert len(tokens) == len(words) + N_SPECIAL
    assert list(keys["tokenizer.ggml.token_type"]) == [3] * N_SPECIAL + [1] * len(words)
    ids = {kind: keys[f"tokenizer.ggml.{kind}_token_id"] for kind in ("bos", "eos", "unknown")}
    assert ids == {"bos": 1, "eos": 2, "unknown": 0}
    assert keys["tokenizer.ggml.add_bos_token"] is True


def test_the_first_files_name_no_special_tokens(folder: Path, words: list[bytes]) -> None:
    config = {"pattern": TEKKEN, "default_num_special_tokens": 30}
    write(folder / "tekken.json", {"config": config, "vocab": tekken(words)["vocab"][:-1]})
    tokens = read(folder, vocab_size=len(words) + 30)["tokenizer.ggml.tokens"]
    assert tokens[:31] == [*FIRST_SPECIAL, *(f"<SPECIAL_{n}>" for n in range(20, 30)), "Ā"]


def test_with_a_template_nothing_is_missing(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}</s>", encoding="utf-8")
    keys, notes = read_noted(folder)
    assert str(keys["tokenizer.chat_template"]).endswith("</s>")
    assert not any("chat template" in note for note in notes)


def test_tokenizer_json_beside_it_counts(folder: Path) -> None:
    save(folder, train_byte_level(ROW, vocab_size=300), model="Mistral", eos_token="<|eos|>")
    assert "<|eos|>" in read(folder)["tokenizer.ggml.tokens"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda t: t["config"].update(pattern=r"\w+|\W+"), "how it cuts text is not known"),
        (lambda t: t.pop("config"), "config is null"),
        (lambda t: t["config"].pop("pattern"), "config.pattern is null"),
        (lambda t: t["config"].update(default_num_special_tokens=3), "has 5 tokens, config counts"),
        (lambda t: t["special_tokens"][1].update(rank=7), "the ranks are not 0 to 4"),
        (lambda t: t["special_tokens"].append(7), "is a number instead of an object"),
        (lambda t: t["vocab"][300].update(rank=3), r"vocab\[300\] has the rank 3"),
        (lambda t: t["vocab"][300].update(token_bytes="*"), "is no base64"),
        (lambda t: t["vocab"][300].update(token_bytes="enp6" * 9999), "has 39996 letters, over"),
        (lambda t: t["vocab"][301].update(token_bytes=t["vocab"][300]["token_bytes"]), "twice"),
        (lambda t: t["vocab"][300].update(token_bytes="enp6enp6enp6eg=="), "nothing makes"),
        (lambda t: t["vocab"][7].update(token_bytes="enp6enp6enp6eg=="), "with the 256 bytes"),
        (lambda t: t.update(vocab={}), "vocab is an object instead of a list"),
        (lambda t: t["config"].update(default_vocab_size=7), "with the 256 bytes"),
    ],
)
def test_what_is_no_such_file(
    folder: Path, words: list[bytes], edit: Callable[[dict[str, Any]], object], said: str
) -> None:
    file = tekken(words)
    edit(file)
    write(folder / "tekken.json", file)
    with pytest.raises(TokenizerError, match=rf"tekken\.json: .*{said}") as error:
        read(folder)
    assert "\n" not in str(error.value)
