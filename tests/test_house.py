"""What holds for the house as a whole: its public names, its documents, its history of promises."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
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
        if inspect.isfunction(getattr(llmq, name)):
            assert ">>>" in getattr(llmq, name).__doc__, f"{name} has no example that runs"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = llmq.nonsense


def test_the_readmes_tables_are_the_codes(repository: Path) -> None:
    command = [sys.executable, "-m", "scripts.readme_tables"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}run: python -m scripts.readme_tables --write"


@pytest.mark.parametrize(
    ("document", "least"), [("README.md", 5), ("ARCHITECTURE.md", 5), ("CONTRIBUTING.md", 60)]
)
def test_documents_name_files_that_exist(repository: Path, document: str, least: int) -> None:
    text = (repository / document).read_text(encoding="utf-8")
    roots = "llmq|kernels|eval|scripts|tests"
    named = set(re.findall(rf"`((?:{roots})/[\w./-]*)`", text))
    named |= set(re.findall(r"\]\(([\w./-]+)\)", text))
    assert len(named) >= least
    for name in named:
        assert (repository / name).exists(), name


def test_the_layers_name_every_room(repository: Path) -> None:
    """A module that no layer names could import whatever it likes."""
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == "layers")
    named = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    rooms = {
        f"llmq.{path.relative_to(repository / 'llmq').with_suffix('').as_posix().replace('/', '.')}"
        for path in [
            *(repository / "llmq").glob("[!_]*"),
            *(repository / "llmq").glob("files/[!_]*"),
        ]
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"llmq.files"} <= named, "give them a place in pyproject.toml"


def test_every_module_says_what_it_is(repository: Path) -> None:
    for path, tree in modules(repository).items():
        assert ast.get_docstring(tree), f"{path} has no docstring"


def test_files_and_functions_are_short(repository: Path) -> None:
    """Up to 300 lines a file and 50 a function; ruff's C901 counts the branches."""
    for path, tree in modules(repository).items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                n_lines = (node.end_lineno or 0) - node.lineno + 1
                assert n_lines <= 50, f"{path}: {node.name} has {n_lines} lines"


def test_scripts_and_tests_do_not_import_each_other(repository: Path) -> None:
    """What both need is in llmq_peer."""
    for folder, other in (("scripts", "tests"), ("tests", "scripts")):
        imported = {path: imports_of(tree) for path, tree in modules(repository, folder).items()}
        assert any(folder in names for names in imported.values()), "they import their like"
        assert not [str(path) for path, names in imported.items() if other in names]


def modules(repository: Path, *folders: str) -> dict[Path, ast.Module]:
    """Every Python file of these folders, or of all that hold code, parsed."""
    found: dict[Path, ast.Module] = {}
    for folder in folders or ("llmq", "kernels", "eval", "scripts", "tests"):
        paths = list((repository / folder).rglob("*.py"))
        assert paths, f"{folder} holds no code"
        found |= {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    return found


def imports_of(tree: ast.Module) -> set[str]:
    """The top-level names of the packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
