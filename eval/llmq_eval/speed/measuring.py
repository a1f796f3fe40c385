"""Trials of several files, in turn: what slows the machine for a while then slows all of them."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from llmq.children import ending, environment, last_words, lines
from llmq.errors import ModelError
from llmq.files.parts import parts_of
from llmq_eval.speed.trial import STEPS
from llmq_eval.speed.values import Job, Speed, Trial

TRIAL = "llmq_eval.speed.trial"
Progress = Callable[[int, int], None]  # steps done, and in all


def measure_speeds(
    paths: Sequence[Path], job: Job, *, repeats: int, progress: Progress | None = None
) -> dict[Path, Speed | ModelError]:
    """For each file so many trials, or the error of the first that failed."""
    trials: dict[Path, list[Trial]] = {path: [] for path in paths}
    failed: dict[Path, ModelError] = {}
    total, done = len(STEPS) * repeats * len(trials), 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    for _ in range(repeats):
        for path, found in trials.items():
            if path in failed:
                continue
            try:
                found.append(run_trial(path, job, step))
            except ModelError as error:
                failed[path] = error
    return {path: failed.get(path) or _speed(path, job, trials[path]) for path in trials}


def _speed(path: Path, job: Job, trials: Sequence[Trial]) -> Speed:
    size = sum(part.stat().st_size for part in parts_of(path) if part.exists())
    return Speed(path.name, size, job, tuple(trials))


def run_trial(path: Path, job: Job, step: Callable[[], None]) -> Trial:
    """One trial; `step` is called after each of STEPS. Raises ModelError where it fails."""
    command = [sys.executable, "-P", "-m", TRIAL, str(path), json.dumps(asdict(job))]
    pipe = subprocess.PIPE
    said: dict[str, Any] = {}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment()
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            for line in process.stdout:
                if "doing" in said:
                    step()
                said |= lines(line)
            errors = process.stderr.read().decode("utf-8", "replace")
        finally:
            process.kill()
    if "error" in said:
        raise ModelError(said["error"])
    if "trial" not in said:
        doing, how = said.get("doing", "starting"), ending(process.returncode)
        raise ModelError(f"{path.name}: the process {how} while {doing}{last_words(errors)}")
    trial = said["trial"]
    lists = {name: tuple(trial[name]) for name in ("token_s", "fresh_s")}
    return Trial(**{**trial, **lists})
