"""A Modelfile names the file, its turns, its ends and how it is drawn from."""

import re
from pathlib import Path

import pytest

from llmq import convert
from llmq.chat.modelfile import modelfile
from llmq.cli import main
from llmq.editing import write_edited
from llmq.edits import edited, edits_of
from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.runtime import open_reader
from llmq.suites import Message
from tests.oracles.go_templates import rendered


@pytest.fixture(scope="module")
def tutor(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tutor")
    return convert(repository / "eval" / "tutor", folder / "tutor.gguf", load_check=False)


def test_the_bundled_tutor(tutor: Path) -> None:
    with open_reader(tutor) as reader:
        text, remarks = modelfile(reader, folder=tutor.parent, system="Be kind.")
        messages = [Message("system", "Be kind."), Message("user", "7?")]
        expected = reader.transcript(messages, add_generation_prompt=True).text
    assert not remarks
    (source,) = re.findall(r'^TEMPLATE """(.*?)"""$', text, re.DOTALL | re.MULTILINE)
    assert rendered(source, messages) == expected
    lines = text.splitlines()
    assert lines[0] == "FROM ./tutor.gguf"
    assert lines[-1] == 'SYSTEM """Be kind."""'
    assert {'PARAMETER stop "<|end|>"', "PARAMETER num_ctx 1024"} <= set(lines)
    assert {"PARAMETER temperature 0.0", "PARAMETER repeat_penalty 1.0"} <= set(lines)
    assert not any("top_p" in line for line in lines)  # nothing is drawn


def test_what_the_file_says_of_sampling(tutor: Path) -> None:
    file, copy = open_gguf(tutor), tutor.with_name("warm.gguf")
    values = ["temp:float32=0.7", "top_k:int32=20", "min_p:float32=0.05"]
    edits = edits_of(file, [f"general.sampling.{value}" for value in values])
    write_edited(file, edited(file, edits), copy, force=True, load_check=False)
    with open_reader(copy) as reader:
        text, _ = modelfile(reader, folder=None)
    for line in ("temperature 0.7", "top_k 20", "top_p 0.95", "min_p 0.05"):
        assert f"PARAMETER {line}\n" in text
    assert f"FROM {copy.resolve().as_posix()}\n" in text


def test_a_template_that_ollama_cannot_have_is_said(tutor: Path) -> None:
    file, copy = open_gguf(tutor), tutor.with_name("odd.gguf")
    odd = "{% for m in messages %}{{ m.content | upper }}<|end|>{% endfor %}"
    edits = edits_of(file, [f"tokenizer.chat_template={odd}"])
    write_edited(file, edited(file, edits), copy, force=True, load_check=False)
    with open_reader(copy) as reader:
        text, (remark,) = modelfile(reader, folder=None)
    assert "TEMPLATE" not in text
    assert 'PARAMETER stop "<|end|>"' in text
    assert "cannot be said in Ollama's words" in remark


def test_a_system_text_that_would_end_itself_is_refused(tutor: Path) -> None:
    with open_reader(tutor) as reader, pytest.raises(ModelError, match="leave it out"):
        modelfile(reader, folder=None, system='Say """ often')


def test_the_command_writes_it_once(tutor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tutor.with_name("Modelfile")
    assert main(["modelfile", str(tutor)]) == 0
    printed = capsys.readouterr().out
    assert main(["modelfile", str(tutor), "-o", str(output)]) == 0
    assert "ollama create tutor -f" in capsys.readouterr().err
    assert output.read_text().splitlines()[1:] == printed.splitlines()[1:]
    assert main(["modelfile", str(tutor), "-o", str(output)]) == 1
    assert "exists; --force overwrites it" in capsys.readouterr().err
    assert main(["modelfile", str(tutor), "-o", str(output), "--force"]) == 0
