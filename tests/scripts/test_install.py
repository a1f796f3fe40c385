"""scripts/install: what it refuses, what it shows, and that it does nothing where all is there."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="sh and its signals")

# As pip prints it without a terminal.
PIP_SAYS = """Collecting numpy>=2.1
Collecting llama-cpp-python>=0.3.36
Building wheels for collected packages: llama-cpp-python
  Building wheel for llama-cpp-python (pyproject.toml): started
  [57/193] /usr/bin/g++ -DGGML_SHARED -o CMakeFiles/llama.dir/llama.cpp.o
"""
STEPS = """
import os, sys
from pathlib import Path
from scripts.installing import machine, steps
steps.QUIET_SECONDS = {quiet}
try:
    steps.run("starting pip", [sys.executable, "-c", {program!r}], Path({log!r}), dict(os.environ))
except machine.InstallError as error:
    sys.exit(f"refused: {{error}}")
"""

Done = subprocess.CompletedProcess[str]


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> Done:
    """Run a command with some environment variables set."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def python(code: str, *, cwd: Path = ROOT, **variables: str) -> Done:
    return run(sys.executable, "-c", code, cwd=cwd, **variables)


def check_compilers(*, c: str = "", cxx: str = "", path: str = os.environ["PATH"]) -> Done:
    """As if these were the environment's CC, CXX and PATH."""
    code = "from scripts.installing.machine import *; check_compilers(); print('found')"
    return python(code, CC=c, CXX=cxx, PATH=path)


def show_steps(program: str, log: Path, *, quiet: float = 8.0) -> Done:
    """Run a program of Python as pip is run."""
    return python(STEPS.format(program=program, log=str(log), quiet=quiet))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without a .venv, as far as scripts/install reads it."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    return tmp_path


# What it refuses


@posix
def test_without_a_compiler_one_line_names_the_package(tmp_path: Path) -> None:
    done = check_compilers(path=str(tmp_path))
    package = python("from scripts.installing.machine import *; print(compiler_package())").stdout
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "there is no working C and C++ compiler" in last
    assert last.endswith(package.strip())


@posix
def test_a_compiler_that_fails_is_none() -> None:
    assert "no working C and C++ compiler" in check_compilers(c="true", cxx="false").stderr
    assert check_compilers(c="true", cxx="true --with-options").stdout == "found\n"


def test_the_oldest_python_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    shown = python("from scripts.installing.machine import *; print(*OLDEST, sep='.')").stdout
    assert shown == f"{oldest}\n"
    assert f"Python {oldest} or newer" in (ROOT / "scripts" / "install").read_text(encoding="utf-8")


def test_an_old_python_is_told_its_version() -> None:
    old = "from scripts.installing import machine; machine.OLDEST = (9, 1); machine.check_python()"
    assert re.search(r"is Python 3\.\d+, llmq needs 9\.1 or newer", python(old).stderr)


@posix
def test_a_python_that_is_not_there_is_one_line(clone: Path) -> None:
    done = run(clone / "scripts" / "install", PYTHON="/nowhere/python")
    assert done.returncode == 1
    expected = "install: llmq needs Python 3.11 or newer, /nowhere/python is not there: "
    assert done.stderr.startswith(expected)
    assert done.stderr.count("\n") == 1


def test_an_unknown_part_is_wrong_usage() -> None:
    done = run(sys.executable, "-m", "scripts.install", "everything")
    assert (done.returncode, done.stderr) == (
        2,
        "usage: scripts/install [core | calibrate | dev | line]\n",
    )


@pytest.mark.slow
@posix
def test_nothing_is_downloaded_without_a_compiler(clone: Path) -> None:
    cache = clone / "cache"
    done = run(clone / "scripts" / "install", CC="false", PIP_CACHE_DIR=str(cache))
    assert done.returncode == 1
    assert "no working C and C++ compiler" in done.stderr.splitlines()[-1]
    assert not cache.exists()


# What is there


def test_nothing_is_done_and_said_where_all_is_there(clone: Path) -> None:
    mark = "from scripts.install import *; VENV.mkdir(); stamp('core').write_text(fingerprint())"
    assert python(mark, cwd=clone).returncode == 0
    done = run(sys.executable, "-m", "scripts.install", cwd=clone)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in (clone / ".venv").iterdir()] == ["installed-core"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_what_changed_is_installed_again(clone: Path, name: str) -> None:
    show = "from scripts.install import fingerprint; print(fingerprint())"
    before = python(show, cwd=clone).stdout
    with (clone / name).open("a") as file:
        file.write("# changed\n")
    after = python(show, cwd=clone).stdout
    assert after
    assert before != after


def test_dev_adds_every_extra_but_not_llmq_again() -> None:
    show = "from scripts.install import *; print('\\n'.join(requirements_of('dev')))"
    names = {re.split(r"[<>=\[ ]", line)[0] for line in python(show).stdout.splitlines()}
    assert {"torch", "transformers", "pytest", "ruff"} <= names
    assert "llmq-tutor" not in names
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert [name for name in names if not re.search(rf"^{name}==", pins, re.MULTILINE)] == []


@posix
def test_the_line_puts_llmq_on_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "a teacher's" / "bin"
    folder.mkdir(parents=True)
    (folder / "activate").write_text(f"PATH='{Path(sys.executable).parent}':$PATH\n")
    show = f"from pathlib import Path; from scripts import install; install.BIN = Path({str(folder)!r})"
    show += "; print(install.activation())"
    line = python(show, SHELL="/bin/bash").stdout
    done = run("sh", "-c", f"{line.strip()}; command -v python")
    assert done.stdout == f"{Path(sys.executable).parent / 'python'}\n"
    assert re.match(r"source .*activate\.fish", python(show, SHELL="/usr/bin/fish").stdout)


def test_every_script_installs_what_it_runs() -> None:
    """Only the demo makes do with what llmq runs with; the others may need anything of dev."""
    installs = re.compile(r"scripts/(install dev|fetch-peer|build-peer)\b")
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix]
    texts = {path.name: path.read_text(encoding="utf-8") for path in scripts}
    lacking = {
        name for name, text in texts.items() if ".venv/" in text and not installs.search(text)
    }
    assert lacking == {"demo"}
    assert re.search(r"^scripts/install$", texts["demo"], re.MULTILINE)


# What it shows


def test_steps_are_named_with_a_clock(tmp_path: Path) -> None:
    says = f"import time; print({PIP_SAYS!r}, flush=True); time.sleep(1)"
    shown = show_steps(says, tmp_path / "log").stderr.splitlines()
    assert shown[0] == "starting pip: 0:00"
    last = r"compiling llama.cpp, about \d+ min with \d+ cores \(57/193\): 0:00"
    assert re.fullmatch(last, shown[-1])


def test_it_is_never_silent_for_long(tmp_path: Path) -> None:
    shown = show_steps("import time; time.sleep(2)", tmp_path / "log", quiet=0.5).stderr
    assert len(shown.splitlines()) >= 3
    longest = python("from scripts.installing.steps import *; print(QUIET_SECONDS + LOOKS_SECONDS)")
    assert float(longest.stdout) < 10


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("OSError: [Errno 28] No space left on device", "free 1 GB of disk"),
        ("NewConnectionError: Name or service not known", "is the network there"),
        ("CMake Error: CMAKE_CXX_COMPILER not set", "is the compiler whole"),
        ("something else", "run it again"),
    ],
)
def test_a_failure_shows_the_end_and_the_remedy(tmp_path: Path, said: str, remedy: str) -> None:
    fails = f"print('first'); print({said!r}); raise SystemExit(1)"
    shown = show_steps(fails, tmp_path / "log").stderr.splitlines()
    assert shown[-2] == f"    {said}"
    assert shown[-1].startswith("refused: this failed")
    assert remedy in shown[-1]


def test_a_failure_shows_its_first_error_above_the_end(tmp_path: Path) -> None:
    """pip's last lines say only that something failed."""
    fails = "print('a.cpp:1: fatal error: no b.h'); print('and so on\\n' * 99); raise SystemExit(1)"
    shown = show_steps(fails, tmp_path / "log").stderr.splitlines()
    assert shown[1] == "    a.cpp:1: fatal error: no b.h"
    assert len(shown) == 1 + 1 + 15 + 1


@posix
def test_when_it_is_stopped_nothing_runs_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"""
import os, signal
from pathlib import Path
from scripts.install import interrupted
from scripts.installing.steps import run
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, interrupted)
run("waiting", ["sh", "-c", "sleep 600 & echo $!; wait"], Path({str(log)!r}), dict(os.environ))
"""
    installer = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    while not (log.is_file() and log.read_text().endswith("\n")):
        assert installer.poll() is None
        time.sleep(0.05)
    started = psutil.Process(int(log.read_text()))
    installer.terminate()
    installer.wait()
    gone, _ = psutil.wait_procs([started], timeout=5)
    assert gone or started.status() == psutil.STATUS_ZOMBIE
