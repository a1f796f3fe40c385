"""A folder's tokenizer as a source has it: keys, notes, and the end that the template shows."""

import json
import shutil
from pathlib import Path
from typing import Any

from llmq.sources.opening import open_source

TUTOR = Path(__file__).parents[2] / "eval" / "tutor"


def test_ends_and_notes_reach_the_source(tmp_path: Path) -> None:
    folder = tmp_path / "tutor"
    shutil.copytree(TUTOR, folder)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["eos_token"] = "<|tutor|>"
    path.write_text(json.dumps(settings), encoding="utf-8")
    (folder / "generation_config.json").write_text('{"eos_token_id": [300, 301, 302]}')
    source = open_source(folder)
    keys: dict[str, Any] = source.metadata
    texts = keys["tokenizer.ggml.tokens"]
    ids = [keys[f"tokenizer.ggml.{kind}_token_id"] for kind in ("eos", "eot", "eom")]
    assert ids == [texts.index("<|tutor|>"), texts.index("<|end|>"), 300]
    assert list(keys["llmq.end_token_ids"]) == [301, 302]
    assert any("(301)" in note and "(302)" in note for note in source.notes)
