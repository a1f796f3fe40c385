"""A wheel of the project, installed elsewhere, is the whole product."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from llmq import bundled, convert
from llmq_eval.drift import BUILTIN_SUITES


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(repository)], check=True)
    return next(folder.glob("llmq_tutor-*.whl"))


@pytest.mark.slow
def test_what_a_wheel_holds(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "llmq",
        "llmq_eval",
        "llmq_kernels",
    }
    data = (
        *(f"llmq_eval/prompts/{name}.jsonl" for name in BUILTIN_SUITES),
        "llmq/devices.toml",
        "llmq/recipes/known_drift.toml",
        f"llmq/bundled/{bundled.NAME}",
    )
    assert set(data) <= set(names)
    assert any(name.endswith("LICENSE") for name in names)


@pytest.mark.slow
def test_the_tutor_in_a_wheel_is_the_one_that_convert_makes(
    wheel: Path, repository: Path, tmp_path: Path
) -> None:
    file = convert(repository / "eval" / "tutor", tmp_path / "tutor.gguf")
    assert zipfile.ZipFile(wheel).read(f"llmq/bundled/{bundled.NAME}") == file.read_bytes()


@pytest.mark.slow
def test_an_installed_wheel(wheel: Path, repository: Path, tmp_path: Path) -> None:
    """Convert, drift and chat, in an environment of its own that borrows only the dependencies."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "llmq" not in entry.name:  # without the editable install of this checkout
            (dependencies / entry.name).symlink_to(entry)
    (site / "dependencies.pth").write_text(str(dependencies))

    def llmq(*arguments: str, said: str | None = None) -> str:
        done = subprocess.run(
            [str(scripts / "llmq"), *arguments],
            cwd=tmp_path,
            input=said,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    for recipe in ("BF16", "Q4_0"):
        llmq("convert", str(repository / "eval" / "tutor"), "--recipe", recipe)
    report = json.loads(llmq("drift", "tutor-BF16.gguf", "tutor-Q4_0.gguf", "--json"))
    assert len(report["drifts"][0]["documents"]) > 50
    ask = "from llmq.bundled import path; print(path())"
    told = subprocess.check_output([scripts / "python", "-I", "-c", ask], text=True)
    assert Path(told.strip()) == site / "llmq" / "bundled" / bundled.NAME
    transcript = llmq("chat", "tutor-Q4_0.gguf", said="Hi, can you help me?\n")
    assert "you> Hi, can you help me?\ntutor> " in transcript
