"""llmq architectures: every family, for people and for machines."""

import json

import pytest

from llmq.architectures import ARCHITECTURES
from tests.conftest import run


def test_every_family_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("architectures") == 0
    text = capsys.readouterr().out
    assert run("architectures", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["class"] for each in report] == list(ARCHITECTURES)
    for each in report:
        assert each["name"] == ARCHITECTURES[each["class"]].name
        assert each["models"]
        assert {each["class"], each["name"], each["models"]} <= {
            word.strip() for line in text.splitlines() for word in line.split("  ")
        }


def test_what_is_left_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("architectures", "--json") == 0
    report = {each["class"]: each["left_out"] for each in json.loads(capsys.readouterr().out)}
    assert report["Gemma3ForConditionalGeneration"] == ["the part that sees"]
    assert report["LlamaForCausalLM"] == []
