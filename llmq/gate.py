"""Measuring a file for the gate: all that a judge may ask of it, in one go over the opened files.

First what needs no computing (integrity): a file that is damaged, or that writes another text than
its base, is measured no further. Then base and files are open side by side, and each step of STEPS
passes the base once. What a file could not do is a failed check, not an error; an error is the
base's, or that of whoever named the files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from llmq.drift import base_as_gguf
from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.gate_plan import GatePlan
from llmq.gate_steps import STEPS
from llmq.processors import free_cores
from llmq.recipes.table import RECIPES
from llmq.runtime import EXACT, How, llama_cpp_version
from llmq.runtime.chat_template import FIXED_DATE
from llmq.version import __version__
from llmq_eval.gate.device import measure_device
from llmq_eval.gate.evidence import Axis, Check, Evidence, Row
from llmq_eval.gate.integrity import integrity_checks
from llmq_eval.gate.privacy import measurement_check, privacy_checks
from llmq_eval.gate.sockets import watched
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened
from llmq_eval.model_file import ModelFile, described
from llmq_eval.openings import REPLY_TOKENS
from llmq_eval.speed.values import Job
from llmq_eval.writing import WAYS

Progress = Callable[[str, int, int], None]
"""Called with the step, and how many of its documents or items are done, and in all."""


@dataclass(eq=False)
class _Found:
    """What is known of a file so far."""

    path: Path
    checks: list[Check]
    tables: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    samples: dict[str, Any] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    device: Mapping[str, Any] | None = None
    how: How = EXACT


def measure_evidence(
    base: str | Path, quant: str | Path, plan: GatePlan, *, progress: Progress | None = None
) -> Evidence:
    """The evidence of one file; see `measure_all`."""
    (found,) = measure_all(base, [quant], plan, progress=progress)
    return found


def measure_all(
    base: str | Path,
    quants: Sequence[str | Path],
    plan: GatePlan,
    *,
    progress: Progress | None = None,
) -> tuple[Evidence, ...]:
    """The evidence of each of `quants`, GGUF files, beside `base`, a folder or a GGUF file.

    The base is read once for all of them. Raises a child of LlmqError where the files cannot be
    compared at all, or the base fails.
    """
    found = [_Found(Path(quant), []) for quant in quants]
    with base_as_gguf(Path(base)) as file, watched() as sockets:
        for each in found:
            each.checks += integrity_checks(file, each.path, allow_quantized=plan.allow_quantized)
            if wrong := [check.name for check in each.checks if _keeps_apart(check)]:
                reason = f"not measured, as the file is not its base's: {', '.join(wrong)}"
                each.skipped |= dict.fromkeys(MEASURED, reason)
        threads = plan.threads or free_cores()
        _measure(file, [each for each in found if not each.skipped], plan, threads, progress)
        for each in found:
            _alone(each, plan, threads, progress)
        original = _original(Path(base), file)
    for each in found:
        each.checks.append(measurement_check(sockets))
    settings = _settings(plan, threads)
    return tuple(_evidence(each, original, plan, settings) for each in found)


# A file that fails one of these checks of integrity cannot be read beside its base.
APART = ("loads and computes", "vocabulary", "chat template", "tokens of texts", "end tokens")
MEASURED: tuple[Axis, ...] = ("fidelity", "skill", "behaviour", "pedagogy", "device", "privacy")


def _keeps_apart(check: Check) -> bool:
    return check.status == "fail" and check.name in APART


def _measure(
    base: Path,
    found: Sequence[_Found],
    plan: GatePlan,
    threads: int,
    progress: Progress | None,
) -> None:
    """All steps, over files that are open at once."""
    if not found:
        return
    paths = [base, *(each.path for each in found)]
    n_ctx = suite_material(plan.suite).n_ctx
    with opened(paths, n_ctx=n_ctx, threads=threads, quants=plan.how) as models:
        alive = dict(zip(found, models[1:], strict=True))
        for each, model in alive.items():
            each.how = model.how  # what it is in the end: there may be no GPU
            each.samples["remarks"] = [model.remark] if model.remark else []
        for step in STEPS:
            if not alive:
                return
            if not step.needs(plan):
                continue
            say = partial(progress, step.name) if progress else None
            outcomes = step.measure([models[0], *alive.values()], plan, say)
            for each, outcome in zip(list(alive), outcomes, strict=True):
                if isinstance(outcome, ModelError):
                    words = f"it failed on the way: {outcome}"
                    each.checks.append(Check(step.axis, step.name, "fail", words))
                    del alive[each]
                else:
                    _keep(each, step.table, outcome)


def _alone(each: _Found, plan: GatePlan, threads: int, progress: Progress | None) -> None:
    """What is measured of a file in processes of its own."""
    if each.skipped:
        return
    each.checks += privacy_checks(each.path)
    if plan.device is None:
        each.skipped["device"] = "no device was named; --device NAME holds it against one"
        return
    say = partial(progress, "device") if progress else None
    try:
        each.device = measure_device(
            each.path, plan.device, Job(threads=threads, how=plan.how.on_device), progress=say
        )
    except ModelError as error:
        each.checks.append(Check("device", "device", "fail", str(error)))


def _keep(each: _Found, table: str, outcome: tuple[tuple[Row, ...], Mapping[str, Any]]) -> None:
    rows, samples = outcome
    each.tables[table] = rows
    for name, sample in samples.items():
        old = each.samples.get(name)
        each.samples[name] = [*old, *sample] if isinstance(old, list) else sample


def _evidence(
    each: _Found, base: ModelFile, plan: GatePlan, settings: Mapping[str, Any]
) -> Evidence:
    return Evidence(
        llmq=__version__,
        runtime=llama_cpp_version(),
        base=base,
        quant=described(each.path),
        recipe=_recipe(each.path),
        settings={**settings, "how": asdict(each.how)},
        suites=plan.used,
        checks=tuple(each.checks),
        tables=each.tables,
        samples=each.samples,
        device=each.device,
        skipped=each.skipped,
    )


def _original(base: Path, file: Path) -> ModelFile:
    """The base; of a folder the file that `llmq convert` makes of it, under both names."""
    found = described(file)
    if not base.is_dir():
        return found
    return replace(found, name=f"{base.resolve().name}, as {found.name}")


def _recipe(path: Path) -> str:
    """The recipe that a file names in its header; nothing where it names none that is known."""
    file_type = open_gguf(path).metadata.get("general.file_type")
    return next((name for name, r in RECIPES.items() if r.file_type == file_type), "")


def _settings(plan: GatePlan, threads: int) -> dict[str, Any]:
    """What figures depend on."""
    return {
        "threads": threads,
        "date": FIXED_DATE.isoformat(),
        "suite_sha256": plan.suite.sha256,
        "n_replies": plan.n_replies,
        "n_conversations": plan.n_conversations,
        "reply_tokens": REPLY_TOKENS,
        "ways": [asdict(way) for way in WAYS],
    }
