"""`llmq recipes`: sizes that come true, three marks, what fits, and what cannot be asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq import convert, open_gguf
from llmq.devices import devices
from llmq.files.gguf import Metadata, encode_header
from llmq.recipes.table import RECIPES
from llmq_kernels import FORMATS
from tests.conftest import run

Golden = Callable[[str, str], None]
Capture = pytest.CaptureFixture[str]
TUTOR = "eval/tutor"


@pytest.fixture(autouse=True)
def _at_home(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)


def report(capsys: Capture, *arguments: str) -> dict[str, Any]:
    """The table as JSON."""
    capsys.readouterr()
    assert run("recipes", *arguments, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("width", [60, 80, 120])
def test_golden_recipes(
    golden: Golden, width: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    commands = {"all": (), "model": (TUTOR,), "device": (TUTOR, "--device", "phone-4gb")}
    for name, arguments in commands.items():
        assert run("recipes", *arguments) == 0
        printed = capsys.readouterr().out
        golden(f"recipes-{name}-{width}", printed)
        assert max(map(len, printed.splitlines())) <= width


def test_sizes_are_those_of_the_written_files(capsys: Capture, tmp_path: Path) -> None:
    rows = report(capsys, TUTOR)["recipes"]
    assert {row["recipe"] for row in rows} == set(RECIPES)
    for row in rows:
        file = convert(
            TUTOR, tmp_path / "t.gguf", recipe=row["recipe"], force=True, load_check=False
        )
        assert row["bytes"] == file.stat().st_size, row["recipe"]


@pytest.mark.slow
def test_sizes_on_the_real_tutor(smoltutor: Path, capsys: Capture, tmp_path: Path) -> None:
    for row in report(capsys, str(smoltutor))["recipes"]:
        file = convert(
            smoltutor, tmp_path / "t.gguf", recipe=row["recipe"], force=True, load_check=False
        )
        assert row["bytes"] == file.stat().st_size, row["recipe"]


def test_a_file_has_the_sizes_of_its_folder(capsys: Capture, tmp_path: Path) -> None:
    file = convert(TUTOR, tmp_path / "tutor-BF16.gguf", recipe="BF16", load_check=False)
    sizes = [
        {row["recipe"]: row["bytes"] for row in report(capsys, str(path))["recipes"]}
        for path in (TUTOR, file)
    ]
    assert sizes[0] == sizes[1]


def test_a_quantized_file_is_said_to_be_one_and_its_command_works(
    capsys: Capture, tmp_path: Path
) -> None:
    file = convert(TUTOR, tmp_path / "t.gguf", recipe="Q8_0", load_check=False)
    assert run("recipes", str(file)) == 0
    assert "fewer than 16 bits" in capsys.readouterr().err
    command = report(capsys, str(file))["command"]
    assert run(*command.split()[1:], "--dry-run", "-o", str(tmp_path)) == 0


def test_three_marks_and_a_command(capsys: Capture) -> None:
    found = report(capsys, TUTOR)
    marks = {row["mark"]: row["recipe"] for row in found["recipes"] if row["mark"]}
    assert marks == {"small": "IQ4_XS", "balanced": "Q4_K_M", "close to the original": "Q8_0"}
    assert found["command"] == f"llmq convert {TUTOR} --recipe Q4_K_M"


def test_the_plan_says_the_same_as_the_table(
    capsys: Capture, make_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    """Of a model so small that a tenth of its file is the header."""
    folder = str(make_checkpoint())
    for row in report(capsys, folder)["recipes"]:
        if row["mark"]:
            options = ("--recipe", row["recipe"], "--dry-run", "-o", str(tmp_path))
            assert run("convert", folder, *options) == 0
            assert f"{row['recipe']} is " in (said := capsys.readouterr().out)
            assert row["mark"] in said
            assert "for this model" in said


def test_where_rows_fit_no_block_the_one_mark_is_the_choice(
    capsys: Capture, make_checkpoint: Callable[..., Path]
) -> None:
    folder = str(make_checkpoint(hidden_size=48, intermediate_size=80))
    for device in ((), ("--device", "phone-4gb")):
        found = report(capsys, folder, *device)
        assert {row["mark"] for row in found["recipes"]} == {None, "close to the original"}
        assert found["command"] == f"llmq convert {folder} --recipe Q8_0"


def test_what_fits(capsys: Capture) -> None:
    def fits(*arguments: str) -> dict[str, str]:
        found = report(capsys, TUTOR, *arguments)
        return {row["recipe"]: row["fits"] for row in found["recipes"]}

    assert set(fits("--device", "Phone-4GB").values()) == {"fits"}
    scarce = fits("--memory", "135MB")
    assert scarce["Q4_K_M"] == "tight"
    assert scarce["F32"] == "too large"
    assert report(capsys, TUTOR, "--memory", "100M")["command"] is None
    assert run("recipes", TUTOR, "--memory", "100M") == 0
    assert "no file of this model runs there" in capsys.readouterr().out


def test_a_longer_context_takes_more(capsys: Capture) -> None:
    short, long = (
        report(capsys, TUTOR, "--context", context)["recipes"][0]["memory"]
        for context in ("256", "1024")
    )
    assert long["cache"] == 4 * short["cache"]
    assert report(capsys, TUTOR, "--context", "100000")["context"] == 1024  # the model's own


def test_without_a_model(capsys: Capture) -> None:
    assert len(report(capsys)["recipes"]) == len(RECIPES)


def rewritten(folder: Path, change: Callable[[Metadata], Metadata]) -> Path:
    """The tutor as a GGUF file with other metadata."""
    file = open_gguf(convert(TUTOR, folder / "t.gguf", recipe="F16", load_check=False))
    start = file.tensors[0].offset
    records = [
        (t.name, t.shape, FORMATS[t.type_name].ggml_type, t.offset - start) for t in file.tensors
    ]
    output = folder / "rewritten.gguf"
    header = encode_header(change(file.metadata), records)
    output.write_bytes(header + file.path.read_bytes()[start:])
    return output


def test_of_a_mixture_of_experts_the_memory_is_unknown(capsys: Capture, tmp_path: Path) -> None:
    file = rewritten(tmp_path, lambda found: found | {"llama.expert_count": np.uint32(8)})
    assert {row["memory"] for row in report(capsys, str(file))["recipes"]} == {None}
    assert run("recipes", str(file), "--device", "phone-4gb") == 0
    printed = capsys.readouterr().out
    assert "unknown" in printed
    assert "not known for models of this kind" in printed


def test_of_an_unknown_architecture_what_needs_no_rules_is_shown(
    capsys: Capture, tmp_path: Path
) -> None:
    def renamed(found: Metadata) -> Metadata:
        other = {key.replace("llama.", "newest."): value for key, value in found.items()}
        return other | {"general.architecture": "newest"}

    file = rewritten(tmp_path, renamed)
    assert run("recipes", str(file)) == 0
    printed, said = capsys.readouterr()
    assert "recipes are left out" in said
    assert "BF16" in printed
    assert "Q4_K_M" not in printed


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((TUTOR, "--device", "phone-4g"), 2, "did you mean phone-4gb"),
        ((TUTOR, "--device", "help"), 2, ", ".join(devices())),
        ((TUTOR, "--device", "phone-4gb", "--memory", "4GB"), 2, "not allowed with"),
        ((TUTOR, "--memory", "0"), 1, "say 4GB or the like"),
        ((TUTOR, "--memory", "much"), 2, "is not a size"),
        ((TUTOR, "--context", "0"), 2, "is not a number of tokens"),
        (("eval/tuter",), 1, "did you mean eval/tutor?"),
        (("--device", "phone-4gb"), 2, "need a MODEL"),
        (("--context", "100"), 2, "need a MODEL"),
    ],
)
def test_what_is_wrong_with_a_question(
    arguments: tuple[str, ...], code: int, said: str, capsys: Capture
) -> None:
    assert run("recipes", *arguments) == code
    assert said in capsys.readouterr().err
