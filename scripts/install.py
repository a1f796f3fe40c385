"""Make .venv, or bring it up to date.

    scripts/install            # what llmq runs with
    scripts/install calibrate  # also what --quality good and best compute with: torch, transformers
    scripts/install dev        # also what tests, checks and measurements need
    py -m scripts.install      # the same on Windows
    scripts/install line       # print the line that puts llmq on the shell's path

Takes minutes once, nothing after that. llama.cpp is compiled once: pip keeps the wheel in its
cache, where a later `pip install .` finds it. Needs only Python; one that is too old says so.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import signal
import sys
import time
from pathlib import Path

from scripts.installing.machine import WINDOWS, InstallError, answers, check_compilers, check_python
from scripts.installing.steps import clock, run

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = str(BIN / "python")
LOG = ROOT / "build" / "install.log"
PARTS = ("core", "calibrate", "dev")

# llama.cpp without -march=native: the same code on every machine, and none of the instructions that
# a virtual machine may announce but not have (AMX).
PORTABLE = "-DGGML_NATIVE=OFF"
# pip's cache may hold a wheel that was compiled otherwise; llama_print_system_info tells.
NATIVE_MARKS = ("AVX512", "AVX_VNNI", "AMX", "MATMUL_INT8", "SVE")
ASK_BUILD = "from llama_cpp import llama_cpp as c; print(c.llama_print_system_info().decode())"


def main(arguments: list[str]) -> int:
    what = arguments[0] if arguments else "core"
    if what == "line":
        print(activation())
        return 0
    if what not in PARTS or len(arguments) > 1:
        print("usage: scripts/install [core | calibrate | dev | line]", file=sys.stderr)
        return 2
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupted)
    try:
        install(PARTS[: PARTS.index(what) + 1])
    except InstallError as trouble:
        say(str(trouble))
        return 1
    except KeyboardInterrupt:
        say("stopped; what was fetched is kept, the next run goes on from there")
        return 130
    return 0


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def say(text: str) -> None:
    print(f"install: {text}", file=sys.stderr, flush=True)


def install(parts: tuple[str, ...]) -> None:
    """Install those of the parts that are not there; nothing is said where all are."""
    since = time.monotonic()
    missing = [part for part in parts if not up_to_date(part)]
    if not missing:
        return
    check_python()
    for part in missing:
        if part == "core":
            install_core()
        else:
            pip_install(*requirements_of(part))
        stamp(part).write_text(fingerprint())
    size = sum(path.lstat().st_size for path in VENV.rglob("*") if not path.is_dir())
    say(f"done in {clock(time.monotonic() - since)}, .venv holds {size / 1e6:.0f} MB")
    say(f"to have llmq on the path of this shell: {activation()}")


def install_core() -> None:
    """llmq itself, where it lies, and what it runs with."""
    if not answers(PYTHON, "-m", "pip", "--version"):
        command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        run("making .venv", command, LOG, dict(os.environ))
    if not llama_at_hand():
        check_compilers()
    pip_install("--editable", ".")
    features = re.findall(r"(\w+) = 1", answers(PYTHON, "-c", ASK_BUILD))
    native = [name for name in features if name.startswith(NATIVE_MARKS)]
    if native and not os.environ.get("CMAKE_ARGS"):
        say(
            f"the llama.cpp in pip's cache was compiled for this processor alone ({', '.join(native)}); "
            "it stays there, but .venv gets one that computes the same on every machine"
        )
        own_cache = answers(PYTHON, "-m", "pip", "cache", "dir") + "-portable"
        pip_install("--force-reinstall", "--no-deps", "--cache-dir", own_cache, "llama-cpp-python")


def pip_install(*arguments: str) -> None:
    """Run pip install, with the versions that everything was tested with."""
    environment = {**os.environ, "CMAKE_ARGS": f"{PORTABLE} {os.environ.get('CMAKE_ARGS', '')}"}
    options = (
        "--verbose",
        "--no-input",
        "--progress-bar",
        "off",
        "--constraint",
        "constraints.txt",
    )
    run("starting pip", [PYTHON, "-m", "pip", "install", *options, *arguments], LOG, environment)


# What is there


def stamp(part: str) -> Path:
    """Where it is kept that a part is installed."""
    return VENV / f"installed-{part}"


def fingerprint() -> str:
    """Of all that says what has to be installed, and of the place: a .venv cannot be moved."""
    files = (ROOT / "pyproject.toml", ROOT / "constraints.txt", Path(__file__))
    contents = [path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join([*contents, os.fsencode(VENV)])).hexdigest()


def up_to_date(part: str) -> bool:
    """Whether a part is installed as it should be now."""
    return stamp(part).is_file() and stamp(part).read_text() == fingerprint()


def requirements_of(part: str) -> list[str]:
    """Those of an extra of pyproject.toml and of those it asks for, without llmq itself."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: list[str] = []
    for line in project["optional-dependencies"][part]:
        inner = re.fullmatch(rf"{project['name']}\[(.+)\]", line)
        found += requirements_of(inner[1]) if inner else [line]
    return found


def llama_at_hand() -> bool:
    """Whether the llama.cpp that we want is installed, or compiled in pip's cache."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    version = re.findall(r"^llama_cpp_python==(\S+)", text, re.MULTILINE)[0]
    shown = answers(PYTHON, "-m", "pip", "show", "llama-cpp-python").splitlines()
    cached = answers(PYTHON, "-m", "pip", "cache", "list", "llama_cpp_python")
    return f"Version: {version}" in shown or f"llama_cpp_python-{version}-" in cached


def activation() -> str:
    """The line that puts llmq on the path of a shell, whatever folder that is in."""
    if WINDOWS:
        return f'"{BIN}\\activate" (in PowerShell: & "{BIN}\\Activate.ps1")'
    shell = Path(os.environ.get("SHELL", "")).name
    ending = {"fish": ".fish", "csh": ".csh", "tcsh": ".csh"}.get(shell, "")
    return f"{'source' if ending else '.'} {shlex.quote(str(BIN / 'activate') + ending)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
