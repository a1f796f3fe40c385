"""Small models in wide use: a row takes each, or the reason is said."""

import tomllib
from pathlib import Path

from llmq.architectures import ARCHITECTURES

POPULAR = Path(__file__).parents[2] / "scripts" / "popular.toml"


def test_a_row_takes_each_or_the_reason_is_said() -> None:
    found = tomllib.loads(POPULAR.read_text(encoding="utf-8"))
    models, why_not = found["models"], found["why_not"]
    assert len(models) >= 30
    assert set(models.values()) <= ARCHITECTURES.keys() | why_not.keys()
    assert not ARCHITECTURES.keys() & why_not.keys()
    assert why_not.keys() <= set(models.values())
    assert sum(name in ARCHITECTURES for name in models.values()) >= 30
