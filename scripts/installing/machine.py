"""What the installation needs of this machine: a Python, and a compiler for llama.cpp."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)  # requires-python of pyproject.toml
WINDOWS = os.name == "nt"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

# By the ids of /etc/os-release, and by sys.platform where there is none.
COMPILER_PACKAGES = {
    "debian": "sudo apt install build-essential",
    "fedora": "sudo dnf install gcc-c++",
    "rhel": "sudo dnf install gcc-c++",
    "suse": "sudo zypper install gcc-c++",
    "alpine": "sudo apk add build-base",
    "arch": "sudo pacman -S base-devel",
    "darwin": "xcode-select --install",
    "win32": 'install Visual Studio Build Tools, "Desktop development with C++" (visualstudio.microsoft.com/downloads)',
}
# What CMake takes: the variable, or else the first of these that there is.
COMPILERS = {"CC": ("cc", "gcc", "clang"), "CXX": ("c++", "g++", "clang++")}
TRIALS = {"CC": ("c", "#include <stdio.h>"), "CXX": ("c++", "#include <vector>")}


class InstallError(Exception):
    """What stops the installation, as one line with its remedy."""


def check_python() -> None:
    """Refuse a Python that is too old, or that cannot make a virtual environment."""
    if sys.version_info[:2] < OLDEST:
        has, needs = (".".join(map(str, pair)) for pair in (sys.version_info[:2], OLDEST))
        raise InstallError(
            f"{sys.executable} is Python {has}, llmq needs {needs} or newer: install one and set PYTHON to it"
        )
    if not answers(sys.executable, "-c", "import venv, ensurepip; print('both')"):
        remedy = (
            "sudo apt install python3-venv" if system() == "debian" else "set PYTHON to another"
        )
        raise InstallError(f"{sys.executable} has no modules venv and ensurepip: {remedy}")


def check_compilers() -> None:
    """Refuse before anything is downloaded, if nothing compiles."""
    if not (visual_studio() if WINDOWS else all(compiles(name) for name in COMPILERS)):
        raise InstallError(
            f"there is no working C and C++ compiler, and llama.cpp has to be compiled once: {compiler_package()}"
        )


def compiler_package() -> str:
    """What to type for a compiler."""
    return COMPILER_PACKAGES.get(system(), "install gcc and g++")


def system() -> str:
    """A key of COMPILER_PACKAGES, or the name of a system that is not in it."""
    if sys.platform != "linux":
        return sys.platform
    import platform

    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return sys.platform
    names = [release["ID"], *release.get("ID_LIKE", "").split()]
    return next((name for name in names if name in COMPILER_PACKAGES), names[0])


def compiles(variable: str) -> bool:
    """Whether the compiler that CMake would take compiles and links a program."""
    chosen = os.environ.get(variable) or next(filter(shutil.which, COMPILERS[variable]), "")
    language, include = TRIALS[variable]
    program = f"{include}\nint main(void) {{ return 0; }}\n"
    with tempfile.TemporaryDirectory() as folder:
        options = ["-x", language, "-", "-o", str(Path(folder) / "trial")]
        return bool(chosen) and runs([*shlex.split(chosen), *options], program)


def visual_studio() -> bool:
    """Whether a compiler is on the path, or where Visual Studio's installer knows of one."""
    folder = os.environ.get("ProgramFiles(x86)", "")  # noqa: SIM112  # its name on Windows
    vswhere = str(Path(folder) / "Microsoft Visual Studio" / "Installer" / "vswhere.exe")
    tools = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    query = ("-latest", "-products", "*", "-requires", tools, "-property", "installationPath")
    return bool(shutil.which("cl") or shutil.which("g++") or answers(vswhere, *query))


def answers(*command: str) -> str:
    """What a command prints, or nothing where it fails or is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def runs(command: list[str], given: str) -> bool:
    """Whether a command is there and ends well."""
    try:
        return (
            subprocess.run(
                command, input=given.encode(), capture_output=True, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False
