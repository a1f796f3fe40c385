"""What `llmq inspect` reports, beyond the table."""

from pathlib import Path

from llmq.verbs.inspect_report import report_on
from tests.oracles.gguf_models import metadata, random_weights, save, save_parts, shapes


def test_the_memory_is_that_of_all_parts(tmp_path: Path) -> None:
    keys, weights = metadata("llama", 64), random_weights(shapes("llama", 64))
    whole = save(tmp_path / "whole.gguf", keys, weights, "F16")
    first, *_ = save_parts(tmp_path, keys, weights, "F16", [20, len(weights) - 20])
    memory = report_on(whole)["memory"]
    assert memory
    assert report_on(first)["memory"] == memory
