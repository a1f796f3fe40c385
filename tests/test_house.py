"""What holds for the house as a whole: its public names, its README, its history of promises."""

import ast
import re
from pathlib import Path

import pytest

import llmq
from scripts.readme_tables import rendered


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
    text = (repository / "README.md").read_text(encoding="utf-8")
    assert rendered(text) == text, "run: python -m scripts.readme_tables --write"


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
