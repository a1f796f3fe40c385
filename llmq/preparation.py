"""What good and best do before the conversion's loop: calibrate, and refine.

An `Order` is all that a conversion can be asked for, and `Work` what is known of it before anything
is computed. `prepared` does what the quality asks for and gives the plan that `execute` carries
out: with importance where errors are weighed, and with blocks that are there already where codes
were refined. What is finished lies in a journal beside the output (llmq/refine/journal.py) until
that is published; a stopped command goes on from it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llmq import defaults, records
from llmq.errors import CalibrationError
from llmq.files.gguf import MAGIC
from llmq.importance import Importance
from llmq.outputs import check_output
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.quality import Quality, quality_named
from llmq.recipes.choose import UNNAMED
from llmq.recipes.overrides import Overrides
from llmq.refine.estimate import Estimate, estimated, refined_in
from llmq.refine.journal import Journal, fingerprint_of, journal_folder
from llmq.refine.rounding import scratch_bytes
from llmq.sources.source import Source
from llmq_kernels import Encoder

if TYPE_CHECKING:
    from llmq.calibration.activations import Progress as LayersDone
    from llmq.calibration.file import Calibration
    from llmq.calibration.text import CalibrationTokens

# Of the journal: importance that no file was given for, and how far computing it is.
COMPUTED, RESUMED = "calib.gguf", "calib.resume"
SUITE = ".jsonl"  # what tells dialogues from plain text

Stage = Callable[[str], AbstractContextManager["LayersDone | None"]]
"""Begins a part of the work, by what it does, and gives what is told how far that is."""


def in_silence(_: str) -> AbstractContextManager[None]:
    """A stage that nobody watches, and a remark that nobody hears."""
    return nullcontext()


@dataclass(frozen=True)
class Order:
    """What is to be converted, and how."""

    source: Source
    recipe: str | None = None
    """None: the usual one of the source."""
    overrides: Overrides = UNNAMED
    quality: str = defaults.QUALITY
    encoder: Encoder | None = None
    importance: Importance | None = None
    calibration: Path | None = None
    """A file of `llmq calibrate`, a suite or a plain text; none: the built-in suites."""

    @property
    def dial(self) -> Quality:
        """The quality itself."""
        return quality_named(self.quality)

    def plan(self, tokens: "CalibrationTokens | None", importance: Importance | None) -> Plan:
        """The plan with what is known yet of a text and its importance; reads no weight."""
        plan = make_plan(
            self.source,
            recipe=self.recipe,
            overrides=self.overrides,
            importance=importance,
            quality=self.quality,
            encoder=self.encoder,
        )
        return plan.with_records(records.of_calibration(tokens)) if tokens else plan


@dataclass(frozen=True)
class Work:
    """An order, the plan as far as it is known, the text, and what a file has of it."""

    order: Order
    plan: Plan
    tokens: "CalibrationTokens | None" = None
    given: "Calibration | None" = None

    @property
    def calibrates(self) -> bool:
        """Whether importance has to be computed first."""
        return self.tokens is not None and self.given is None

    @property
    def refines(self) -> bool:
        """Whether codes are refined."""
        return self.order.dial.refine

    def estimate(self) -> Estimate | None:
        """What it will take before the conversion's loop; None where nothing comes before it."""
        if self.tokens is None or not (self.calibrates or self.refines):
            return None
        return estimated(self.plan, self.tokens.ids.size, calibrates=self.calibrates)

    def notes(self) -> tuple[str, ...]:
        """What there is to know of the text."""
        if self.tokens is None:
            return ()
        from llmq.calibration.text import too_few

        found = too_few(self.tokens.ids.size, self.order.source)
        return (f"{found}; name more text with --calibration FILE",) if found else ()

    def check_output(self, output: Path, *, force: bool) -> None:
        """Raise `OutputError` where `output`, and what waits beside it, could not be written."""
        beside, text = self.bytes_beside(output), self.order.calibration
        check_output(self.plan, output, force=force, beside=beside, calibration=text)

    def bytes_beside(self, output: Path) -> int:
        """What will still have to be written next to the output before it is published."""
        journal, ahead = Journal(journal_folder(output)), 0
        if self.refines:
            refined = refined_in(self.plan)
            ahead += max(sum(tensor.n_bytes for tensor in refined) - journal.n_bytes, 0)
            ahead += scratch_bytes(tensor.shape for tensor in refined)
        estimate = self.estimate()
        if estimate and self.calibrates and not (journal.folder / COMPUTED).exists():
            ahead += estimate.states_bytes
        return ahead


def begin(order: Order) -> Work:
    """See what there is: headers, and the text as tokens. Raises a child of `LlmqError`."""
    dial = order.dial
    if not dial.importance or (order.importance is not None and not dial.refine):
        return Work(order, order.plan(None, order.importance))
    given = _given(order)
    if dial.refine or given is None:
        from llmq.calibration.text import check_folder
        from llmq.calibration.torch_extra import check_installed

        check_folder(order.source.path)
        check_installed()
    tokens = given.tokens if given else _tokens_of(order)
    importance = given.importance if given else None
    return Work(order, order.plan(tokens, importance), tokens, given)


def _given(order: Order) -> "Calibration | None":
    """What a file of `llmq calibrate` holds, if one is named."""
    if order.calibration is None or not is_calibration(order.calibration):
        return None
    from llmq.calibration.file import read_calibration

    found, source = read_calibration(order.calibration), order.source
    shapes = {tensor.name: tensor.shape for tensor in source.tensors}
    found.check(source.name, source.metadata, shapes)
    return found


def is_calibration(path: Path) -> bool:
    """Whether a file is one of `llmq calibrate` and no text, going by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise CalibrationError(
            f"{path}: cannot be read ({error.strerror}); check the path"
        ) from None


@contextmanager
def prepared(
    work: Work,
    output: Path,
    *,
    jobs: int | None = None,
    stage: Stage = in_silence,
    say: Callable[[str], object] = in_silence,
) -> Iterator[Plan]:
    """The plan to carry out in here.

    What was computed for it is kept beside `output`, and goes where all in here succeeds. `stage`
    watches; `say` is told what was found of work begun before. Raises a child of `LlmqError`.
    """
    order, plan, tokens = work.order, work.plan, work.tokens
    if tokens is None or not (work.calibrates or work.refines):
        yield plan
        return
    settings = _settings() if work.refines else {}
    fingerprint = fingerprint_of(plan, tokens.sha256, settings)
    journal, note = Journal.open(journal_folder(output), fingerprint)
    if note:
        say(note)
    calibration = work.given
    if calibration is None:
        calibration = _calibrated(order, tokens, journal, stage)
        plan = order.plan(tokens, calibration.importance)
    if work.refines:
        from llmq.refine.layerwise import refine

        with stage("refining") as progress:
            plan = plan.with_records(records.of_settings(settings))
            plan = refine(plan, calibration, journal, jobs=jobs, progress=progress)
    yield plan
    journal.remove()


def _tokens_of(order: Order) -> "CalibrationTokens":
    """The text that is named, or the built-in suites, as the model reads it."""
    from llmq.calibration.text import Portion, builtin_portions, calibration_tokens
    from llmq.suites import read_suite
    from llmq_eval.text import read_text

    path = order.calibration
    if path is None:
        return calibration_tokens(order.source, builtin_portions())
    content = read_suite(path) if path.suffix == SUITE else read_text(path)
    return calibration_tokens(order.source, (Portion(content),))


def _calibrated(
    order: Order, tokens: "CalibrationTokens", journal: Journal, stage: Stage
) -> "Calibration":
    """Importance computed on these tokens, or found in the journal."""
    from llmq.calibration.activations import second_moments
    from llmq.calibration.file import read_calibration, write_calibration

    path, resume = journal.folder / COMPUTED, journal.folder / RESUMED
    if not path.exists():
        with stage("calibrating") as progress:
            moments = second_moments(order.source, tokens, progress=progress, resume=resume)
        write_calibration(path, tokens, moments)
        resume.unlink(missing_ok=True)
    found = read_calibration(path)
    return replace(found, importance=replace(found.importance, path=Path(COMPUTED)))


def _settings() -> dict[str, float | int | bool | str]:
    """What codes are refined with."""
    from llmq.refine.layerwise import SETTINGS

    return asdict(SETTINGS)
