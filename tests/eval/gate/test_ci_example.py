"""The example of a CI workflow: its own commands, run by bash as the service runs them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

EXAMPLE = Path("eval") / "ci" / "gate.yml"
PROMPTS = Path("eval") / "llmq_eval" / "prompts"
SMALL = "--suite tutoring.jsonl --suite skill.jsonl --policy policy.toml --threads 1"
# How GitHub runs a step (docs.github.com, Workflow syntax, jobs.<job_id>.steps[*].shell).
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")


@pytest.fixture(scope="module")
def workflow(repository: Path) -> Mapping[str, Any]:
    """The example as the service reads it."""
    found: Mapping[str, Any] = yaml.safe_load((repository / EXAMPLE).read_text(encoding="utf-8"))
    return found


def steps_of(workflow: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    (job,) = workflow["jobs"].values()
    steps: list[Mapping[str, Any]] = job["steps"]
    return steps


def command(workflow: Mapping[str, Any], name: str) -> str:
    """What the step of this name runs."""
    (found,) = [step["run"] for step in steps_of(workflow) if step.get("name") == name]
    return str(found)


def test_it_may_only_read_and_nothing_is_pasted_into_a_command(
    workflow: Mapping[str, Any], repository: Path
) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps_of(workflow):
        assert ("uses" in step) != ("run" in step)
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
    assert (repository / "scripts" / "install").exists()
    assert command(workflow, "Install llmq").startswith("llmq/scripts/install\n")


def test_the_reports_are_kept_also_of_a_file_that_failed(workflow: Mapping[str, Any]) -> None:
    kept = next(s for s in steps_of(workflow) if "upload-artifact" in s.get("uses", ""))
    assert kept["if"] == "always()"
    written = re.findall(r"--(?:html|junit|report-json) (\S+)", command(workflow, "Gate"))
    assert sorted(kept["with"]["path"].split()) == sorted(written)
    assert len(written) == 3


POLICY = """
name = "small"
description = "what a few dialogues can tell"
mandatory = ["integrity", "fidelity", "privacy"]
[limits]
mean_kl_nats = { at_most = 0.002 }
"""


@pytest.fixture
def run(repository: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs a step in an empty folder: on few dialogues, and by POLICY."""
    for name, n in (("tutoring", 12), ("skill", 8)):
        lines = (repository / PROMPTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines[:n]), encoding="utf-8")
    (tmp_path / "policy.toml").write_text(POLICY)
    environment = os.environ | {
        "PATH": f"{_llmq(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(repository / f) for f in (".", "kernels", "eval")),
        "MODEL": str(repository / "eval" / "tutor"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }

    def run(command: str, recipe: str = "Q8_0") -> subprocess.CompletedProcess[str]:
        if command.startswith("llmq gate"):
            command = f"{command.strip()} {SMALL}"
        return subprocess.run(
            [*BASH, command],
            cwd=tmp_path,
            env=environment | {"RECIPE": recipe},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the example's shell is bash on Linux")
def test_its_commands_let_a_sound_tutor_through_and_hold_a_changed_one_up(
    workflow: Mapping[str, Any],
    run: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    gate = command(workflow, "Gate")
    for name in ("Fetch the original", "Convert"):
        done = run(command(workflow, name))
        assert done.returncode == 0, done.stderr
    missing = run(gate)
    assert missing.returncode == 2, missing.stdout
    assert "llmq.lock" in missing.stderr

    first = run(gate.replace("--lock llmq.lock ", ""))
    assert first.returncode == 0, first.stdout + first.stderr
    accepted = run('llmq lock update --report gate.json --reason "the first"')
    assert accepted.returncode == 0, accepted.stderr
    again = run(gate)
    assert again.returncode == 0, again.stdout + again.stderr
    _check_reports(tmp_path, exit_code=0)

    changed = run(f"{command(workflow, 'Convert').strip()} --force", recipe="Q2_K")
    assert changed.returncode == 0, changed.stderr
    held = run(gate)
    assert held.returncode == 1, held.stdout + held.stderr
    _check_reports(tmp_path, exit_code=1)


def _llmq(folder: Path) -> Path:
    """A folder with the command `llmq` in it, which is this checkout's."""
    folder.mkdir(exist_ok=True)
    script = folder / "llmq"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m llmq.cli "$@"\n')
    script.chmod(0o755)
    return folder


def _check_reports(folder: Path, *, exit_code: int) -> None:
    """All four say the same."""
    judgement = json.loads((folder / "gate.json").read_text(encoding="utf-8"))["judgement"]
    assert judgement["exit_code"] == exit_code
    root = ElementTree.parse(folder / "gate.xml").getroot()
    assert bool([*root.iter("failure"), *root.iter("error")]) == bool(exit_code)
    word = "failed" if exit_code else "passed"
    summary = (folder / "summary.md").read_text(encoding="utf-8").splitlines()
    # Each run adds to it, as the runs of a job do.
    assert [line for line in summary if line.startswith("## ")][-1].endswith(word)
    assert f": {word}</title>" in (folder / "gate.html").read_text(encoding="utf-8")
