"""How fast a file runs: trials in processes of their own, and the figures that follow."""

import sys
from pathlib import Path

import pytest

from llmq import convert
from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.memory import memory_of
from llmq.runtime import How
from llmq_eval.speed.energy import counters, joules_between
from llmq_eval.speed.machine import peak_bytes, this_machine
from llmq_eval.speed.measuring import measure_speeds
from llmq_eval.speed.trial import FRESH, STEPS
from llmq_eval.speed.values import Job, Speed, Trial

FEW = Job(threads=1, prompt_tokens=48, tokens=16)


@pytest.fixture(scope="module")
def tutor_gguf(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("speed") / "tutor.gguf"
    return convert(repository / "eval" / "tutor", output, recipe="Q4_0", load_check=False)


def test_trials_of_a_real_file(tutor_gguf: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = measure_speeds(
        [tutor_gguf], FEW, repeats=2, progress=lambda done, total: steps.append((done, total))
    )
    speed = found[tutor_gguf]
    assert isinstance(speed, Speed)
    assert steps == [(n + 1, 2 * len(STEPS)) for n in range(2 * len(STEPS))]
    assert speed.size_bytes == tutor_gguf.stat().st_size
    assert len(speed.trials) == 2
    for trial in speed.trials:
        assert len(trial.token_s) == FEW.tokens
        assert len(trial.rates) == 2
        assert len(trial.fresh_s) == FRESH
        assert min(trial.load_s, trial.cold_s, trial.warm_s, *trial.token_s, *trial.fresh_s) > 0
        assert (trial.n_ctx, trial.gpu_layers) == (1024, 0)
    figures = speed.figures
    assert figures["tokens_per_s"] >= figures["tokens_per_s_p5"]  # type: ignore[operator]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak is another system's")
def test_the_peak_is_that_of_a_chat(tutor_gguf: Path) -> None:
    (speed,) = measure_speeds([tutor_gguf], FEW, repeats=1).values()
    assert isinstance(speed, Speed)
    said, peak = memory_of(open_gguf(tutor_gguf)), speed.figures["peak_bytes"]
    assert said
    assert peak == pytest.approx(said, rel=0.25)  # what is computed is small beside the runtime


def test_a_file_that_fails_beside_one_that_does_not(
    tutor_gguf: Path, tiny_gguf: dict[str, Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tutor_gguf.read_bytes()[:200_000])
    found = measure_speeds([broken, tutor_gguf], FEW, repeats=1)
    assert isinstance(found[tutor_gguf], Speed)
    assert isinstance(found[broken], ModelError)
    assert "cannot open" in str(found[broken])
    too_long = measure_speeds([tutor_gguf], Job(1, prompt_tokens=1000), repeats=1)[tutor_gguf]
    assert "need a context of 1098 tokens, and it has 1024; take fewer" in str(too_long)
    odd = measure_speeds([tiny_gguf["BF16"]], Job(1, how=How("Q8_0")), repeats=1)
    assert "K cache type q8_0" in str(odd[tiny_gguf["BF16"]])


def test_the_figures_of_known_trials() -> None:
    """One reply writes 8 tokens in a second, the other in two; one window of each is stalled."""
    fast, slow = (0.125,) * 8, (0.25,) * 8
    one = Trial(1.0, 3.0, fast + slow, 0.5, (2.0, 4.0), 4096, 0, peak_bytes=10, joules=32.0)
    two = Trial(2.0, 5.0, fast + fast, 0.7, (4.0, 4.0), 4096, 0, peak_bytes=30)
    assert one.rates == (8.0, 4.0)
    assert Speed("f", 7, Job(2, prompt_tokens=100), (one, two)).figures == {
        "load_s": 1.5,
        "first_token_cold_s": 4.0,
        "first_token_warm_s": 0.6,
        "prompt_tokens_per_s": 25.0,
        "tokens_per_s": 8.0,
        "tokens_per_s_p5": 4.0,
        "peak_bytes": 30,
        "joules_per_token": 2.0,
    }


def test_energy_is_that_of_all_packages(tmp_path: Path) -> None:
    def write(zone: str, name: str, micro_joules: int) -> None:
        (tmp_path / zone).mkdir(exist_ok=True)
        for file, value in (("name", name), ("energy_uj", micro_joules)):
            (tmp_path / zone / file).write_text(f"{value}\n")
        (tmp_path / zone / "max_energy_range_uj").write_text("1000000\n")

    assert joules_between(counters(tmp_path), counters(tmp_path)) is None
    for zone, name, value in (
        ("intel-rapl:0", "package-0", 400_000),
        ("intel-rapl:1", "package-1", 900_000),
        ("intel-rapl:0:0", "core", 5),
    ):
        write(zone, name, value)
    before = counters(tmp_path)
    write("intel-rapl:0", "package-0", 700_000)
    write("intel-rapl:1", "package-1", 100_000)  # it began again
    assert joules_between(before, counters(tmp_path)) == pytest.approx(0.5)


def test_this_machine() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert str(machine.cores) in machine.words
    assert (peak_bytes() or 10**8) > 10**7
