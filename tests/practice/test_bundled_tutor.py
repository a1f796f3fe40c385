"""The bundled tutor's files are what they claim, and it behaves like a tutor after quantization."""

import json
from itertools import islice
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from llmq.practice.dialogues import dialogues
from llmq.practice.phrases import Verdict
from llmq.runtime import open_model
from scripts.tutor_card import BEGIN, END, replies
from scripts.tutor_examples import Encoder
from tests.conftest import converted

LARGEST_BYTES = 20_000_000


@pytest.fixture(scope="module")
def tutor(repository: Path) -> Path:
    """The folder of the bundled tutor."""
    return repository / "eval" / "tutor"


def test_it_is_small_and_bf16(tutor: Path) -> None:
    weights = tutor / "model.safetensors"
    assert weights.stat().st_size <= LARGEST_BYTES
    with weights.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    assert {entry["dtype"] for entry in tensors.values()} == {"BF16"}
    assert all(entry["shape"][-1] % 256 == 0 for entry in tensors.values())


def test_its_tokenizer_knows_every_number_as_one_token(tutor: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tutor / "tokenizer.json"))
    config = json.loads((tutor / "config.json").read_text(encoding="utf-8"))
    assert tokenizer.get_vocab_size() == config["vocab_size"]
    assert all(len(tokenizer.encode(str(number)).ids) == 1 for number in range(1000))


def test_its_chat_template_writes_what_it_was_trained_on(tutor: Path) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tutor)
    encoder = Encoder(Tokenizer.from_file(str(tutor / "tokenizer.json")))
    for dialogue in islice(dialogues(3), 20):
        text = theirs.apply_chat_template(dialogue.messages(), tokenize=False)
        ids = theirs(text, add_special_tokens=True)["input_ids"]
        assert ids == encoder.example(dialogue.turns).ids


@pytest.mark.parametrize("recipe", ["BF16", "Q4_0"])
def test_it_takes_turns_and_judges(tutor: Path, recipe: str, tmp_path: Path) -> None:
    with open_model(converted(tutor, recipe, tmp_path)) as model:
        said = list(replies(model, 6))
    judging = [reply for reply in said if reply.meant.verdict is not Verdict.NONE]
    assert len(judging) > 15
    assert sum(reply.turn is not None for reply in said) >= 0.9 * len(said)
    assert sum(reply.judged is reply.meant.verdict for reply in judging) >= 0.85 * len(judging)


def test_the_model_cards_figures_are_there(tutor: Path) -> None:
    card = (tutor / "README.md").read_text(encoding="utf-8")
    figures = card.partition(BEGIN)[2].partition(END)[0]
    assert "judges the step rightly" in figures
    assert "held-out dialogues" in figures
