"""A checkout makes the tutor that a wheel brings, once."""

import os
from pathlib import Path

import pytest

from llmq import bundled, convert


@pytest.fixture
def checkout(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that has made nothing yet, with a folder of its own."""
    source = tmp_path / "eval" / "tutor"
    source.mkdir(parents=True)
    for file in (repository / "eval" / "tutor").iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    for name, path in (("HERE", "llmq/bundled"), ("CHECKOUT", "."), ("SOURCE", "eval/tutor")):
        monkeypatch.setattr(bundled, name, tmp_path / path)
    return tmp_path


def test_a_checkout_makes_it_once_and_again_where_its_folder_is_newer(checkout: Path) -> None:
    file = bundled.path()
    assert file
    assert file.read_bytes() == convert(bundled.SOURCE, checkout / "own.gguf").read_bytes()
    made = file.stat().st_mtime_ns
    assert bundled.path() == file
    assert file.stat().st_mtime_ns == made
    os.utime(bundled.SOURCE / "config.json", ns=(made + 10**9, made + 10**9))
    assert bundled.path() == file
    assert file.stat().st_mtime_ns != made


def test_a_wheel_has_it_beside_the_code(checkout: Path) -> None:
    bundled.HERE.mkdir(parents=True)
    (bundled.HERE / bundled.NAME).write_bytes(b"GGUF")
    assert bundled.path() == checkout / "llmq" / "bundled" / bundled.NAME


def test_without_either_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HERE", "SOURCE"):
        monkeypatch.setattr(bundled, name, tmp_path / "none")
    assert bundled.path() is None
