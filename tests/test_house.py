"""What holds for the house as a whole: its public names, its README, its history of promises."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import llmq


def test_the_public_api() -> None:
    assert llmq.__all__ == [
        "Encoder",
        "LlmqError",
        "Overrides",
        "convert",
        "execute",
        "make_plan",
        "measure_drift",
        "open_chat",
        "open_gguf",
        "open_source",
        "read_importance",
        "tensor_type",
    ]
    for name in llmq.__all__:
        assert (getattr(llmq, name).__doc__ or "").strip(), name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = llmq.nonsense


def test_the_readmes_tables_are_the_codes(repository: Path) -> None:
    command = [sys.executable, "-m", "scripts.readme_tables"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}run: python -m scripts.readme_tables --write"


def test_the_readme_names_files_that_exist(repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    roots = "llmq|kernels|eval|scripts|tests"
    named = set(re.findall(rf"`((?:{roots})/[\w./-]*)`", text))
    assert len(named) > 15
    for name in named:
        assert (repository / name).exists(), name


def test_every_module_says_what_it_is(repository: Path) -> None:
    for folder in ("llmq", "kernels", "eval", "scripts", "tests"):
        for path in (repository / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            assert ast.get_docstring(tree), f"{path} has no docstring"


def test_scripts_and_tests_do_not_import_each_other(repository: Path) -> None:
    """What both need is in llmq_peer."""
    for folder, other in (("scripts", "tests"), ("tests", "scripts")):
        found = {path: imports_of(path) for path in (repository / folder).rglob("*.py")}
        assert any(folder in names for names in found.values())  # they do import their like
        assert not [str(path) for path, names in found.items() if other in names]


def imports_of(path: Path) -> set[str]:
    """The top-level names of the packages that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
