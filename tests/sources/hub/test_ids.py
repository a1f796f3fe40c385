"""What is taken for the id of a model on the hub, and what for a path."""

from pathlib import Path

import pytest

from llmq.sources.hub.ids import HubId, hub_id


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("org/name", HubId("org/name")),
        ("org/name@refs/pr/3", HubId("org/name", "refs/pr/3")),
        ("https://huggingface.co/org/name/tree/v2", HubId("org/name", "v2")),
        ("https:/hf.co/org/name", HubId("org/name")),
        ("name", None),
        ("/org/name", None),
        ("../name", None),
        ("org/../name", None),
        ("org/na--me", None),
        ("org/name/more", None),
        ("org/model.gguf", None),
        ("org/name@../../x", None),
    ],
)
def test_what_is_an_id(text: str, found: HubId | None) -> None:
    assert hub_id(text) == found


def test_what_is_on_the_disk_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert hub_id("org/name") is not None
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert hub_id("org/name") is None
    assert hub_id("org/nmae") is None  # a typing error is nobody's business
