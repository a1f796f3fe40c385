"""Another order of a model's channels is another file, and the same model."""

from pathlib import Path

from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.suites import read_suite
from llmq_eval.drift import measure_drift
from scripts.make_prompts import write_suite
from scripts.permuted_checkpoint import write_permuted

TUTOR = Path(__file__).resolve().parent.parent / "eval" / "tutor"


def test_a_permuted_checkpoint_is_the_same_model(tmp_path: Path) -> None:
    write_permuted(TUTOR, tmp_path / "permuted", seed=1)
    write_suite(tmp_path / "few.jsonl", seed=1, count=4)
    files = [
        execute(make_plan(open_source(folder), recipe="F32"), tmp_path / f"{number}.gguf")
        for number, folder in enumerate((TUTOR, tmp_path / "permuted"))
    ]
    assert files[0].read_bytes() != files[1].read_bytes()
    drift = measure_drift(*files, suite=read_suite(tmp_path / "few.jsonl"), threads=1)
    assert drift.mean_kl_nats.value < 1e-8
