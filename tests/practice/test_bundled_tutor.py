"""The bundled tutor's files are what they claim, and it behaves like a tutor after quantization."""

import json
import platform
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from llmq.practice.dialogues import dialogues

LARGEST_BYTES = 20_000_000
OPENERS = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|tutor|>"}
COUNTS = re.compile(r"([\d,]+) of ([\d,]+)")


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
    """Every turn is its opener, its text and an end, encoded by itself."""
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tutor)
    tokenizer = Tokenizer.from_file(str(tutor / "tokenizer.json"))
    for dialogue in islice(dialogues(3), 20):
        text = theirs.apply_chat_template(dialogue.messages(), tokenize=False)
        ids = theirs(text, add_special_tokens=True)["input_ids"]
        turns = [f"{OPENERS[turn.role]}{turn.text}<|end|>" for turn in dialogue.turns]
        assert ids == [token for turn in turns for token in tokenizer.encode(turn).ids]


def figures(repository: Path, *options: str) -> str:
    """What scripts/tutor-card measures, as Markdown."""
    command = [sys.executable, "-m", "scripts.tutor.card", *options]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_takes_turns_and_judges(repository: Path) -> None:
    """In BF16 and in Q4_0."""
    least = {"ends by itself and parses": 0.9, "judges the step rightly": 0.85}
    rows = {
        row.split("|")[1].strip(): COUNTS.findall(row)
        for row in figures(repository, "--dialogues", "6").splitlines()
        if COUNTS.search(row)
    }
    for name, share in least.items():
        assert len(rows[name]) == 2
        for hits, total in rows[name]:
            assert int(total) > 15
            assert int(hits) >= share * int(total), name


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"),
    reason="the figures were measured on x86-64, and other processors round otherwise",
)
def test_the_model_cards_figures_are_those_measured(repository: Path, tutor: Path) -> None:
    assert figures(repository) in (tutor / "README.md").read_text(encoding="utf-8")
