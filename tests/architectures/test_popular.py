"""The models that are downloaded most: a row takes each, or the reason is said."""

from llmq.architectures import ARCHITECTURES
from scripts.readme_tables import popular


def test_a_row_takes_each_or_the_reason_is_said() -> None:
    models, why_not = popular()
    assert len(models) >= 30
    assert set(models.values()) <= ARCHITECTURES.keys() | why_not.keys()
    assert not ARCHITECTURES.keys() & why_not.keys()
    assert why_not.keys() <= set(models.values())
    assert sum(name in ARCHITECTURES for name in models.values()) >= 30
