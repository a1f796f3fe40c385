"""Another order of a model's channels is another file, and the same model."""

from dataclasses import replace
from pathlib import Path

from llmq.drift import measure_drift
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_eval.drift import builtin_suite
from llmq_peer.permuted_checkpoint import write_permuted


def test_a_permuted_checkpoint_is_the_same_model(repository: Path, tmp_path: Path) -> None:
    tutor = repository / "eval" / "tutor"
    write_permuted(tutor, tmp_path / "permuted", seed=1)
    files = [
        execute(make_plan(open_source(folder), recipe="F32"), tmp_path / f"{number}.gguf")
        for number, folder in enumerate((tutor, tmp_path / "permuted"))
    ]
    assert files[0].read_bytes() != files[1].read_bytes()
    suite = builtin_suite("tutoring")
    few = replace(suite, dialogues=suite.dialogues[:4])
    drift = measure_drift(*files, suite=few, threads=1)
    assert drift.mean_kl_nats.value < 1e-8
