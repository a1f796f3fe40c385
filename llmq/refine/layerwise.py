"""Refining a plan: its matrices become blocks, one group of matrices after the other.

Both streams of llmq.calibration.twin go through the model. Each group's matrices get targets for
the input that llmq has made for them (llmq.refine.targets), and are rounded to blocks with error
feedback (llmq_kernels.feedback). The blocks go into the journal, and their weights into the second
stream, so that all later matrices know of their errors. A tensor that is in the journal already is
taken from there.

What depends on no input stays as the plan has it: norms, and a tied embedding, with which both
streams begin.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from llmq.calibration.file import Calibration
from llmq.calibration.streaming import EMBEDDING, Skeleton, open_skeleton
from llmq.calibration.twin import Group, Moments, walk
from llmq.encoding import STORED
from llmq.errors import CalibrationError
from llmq.plan import Plan
from llmq.planned_tensor import PlannedTensor
from llmq.refine.journal import Blocks, Journal
from llmq.refine.rounding import ROWS_AT_ONCE, Metric, Rounder, rounder
from llmq.refine.targets import Strengths, corrections, strengths
from llmq.sources.tensor import SourceTensor
from llmq_kernels import Encoder
from llmq_kernels.feedback import GRIDS, block_order, columns_in, inverse_factor
from llmq_kernels.format import Format

Rows = NDArray[np.float32]
Progress = Callable[[int, int], None]  # layers done, and in all

ADDING: Mapping[str, str] = {
    "attn_output.weight": "post_attention_norm.weight",
    "ffn_down.weight": "post_ffw_norm.weight",
}
"""Matrices whose result is added to the residual stream, and the norm that may stand between."""


@dataclass(frozen=True)
class Settings:
    """How codes are refined; eval/README.md has what was tried."""

    damping: float = 0.1
    """What is added to H's diagonal, as a share of its mean."""
    drift: float = 0.5
    """At most so much of the input's drift is taken back."""
    residual: float = 0.5
    """At most so much of the residual stream's error."""
    checked: int = 8
    """One of so many windows shows how much of both to believe."""
    falling: bool = True
    """Blocks are rounded by falling importance, not as they stand."""


SETTINGS = Settings()


def refine(
    plan: Plan,
    calibration: Calibration,
    journal: Journal,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    settings: Settings = SETTINGS,
) -> Plan:
    """The plan with refined blocks for its matrices, which lie in `journal`.

    Raises a child of `LlmqError`; what is finished then stays in the journal.
    """
    skeleton = open_skeleton(plan.source)
    refining = _Refining(plan, skeleton, journal, settings, _held_out(calibration, settings))
    done: list[PlannedTensor] = []
    groups = walk(skeleton, calibration.tokens, refining.embedding())
    with (
        rounder(journal.folder, jobs) as work,
        closing(groups),
    ):  # or an error would keep its threads
        for group in groups:
            if progress:
                progress(group.index, skeleton.n_layers)
            done += refining.group(group, work)
    if progress:
        progress(skeleton.n_layers, skeleton.n_layers)
    return plan.with_refined(
        {
            tensor.name: journal.as_weights(tensor.name, tensor.format, tensor.shape)
            for tensor in done
        }
    )


@dataclass(frozen=True)
class _Refining:
    """What refining a group needs."""

    plan: Plan
    skeleton: Skeleton
    journal: Journal
    settings: Settings
    held_out: NDArray[np.bool_]

    @cached_property
    def planned(self) -> dict[str, PlannedTensor]:
        """The plan's tensors by the names that their class has for them; the first of each."""
        return {tensor.source.called: tensor for tensor in reversed(self.plan.tensors)}

    def embedding(self) -> Callable[[Rows], Rows]:
        """What the file will hold instead of rows of the embedding."""
        encoding = self.planned[EMBEDDING].encoding
        reference, n_cols = encoding.importance, self.planned[EMBEDDING].shape[-1]
        importance = reference.row(0, n_cols) if reference else None

        def stored(rows: Rows) -> Rows:
            if encoding.encoder == STORED:
                return rows
            blocks = encoding.format.encode(rows, importance, encoder=Encoder(encoding.encoder))
            return encoding.format.decode(blocks)

        return stored

    def group(self, group: Group, work: Rounder) -> list[PlannedTensor]:
        """Settle a group; its tensors that are refined."""
        tensors = [self.planned[name] for name in group.names]
        refined = [tensor for tensor in tensors if tensor.format.name in GRIDS]
        missing = [tensor for tensor in refined if self._kept(tensor) is None]
        if missing:
            learned, checked = group.moments(self.held_out)
            metrics = _Metrics(learned + checked, self.settings)
            for tensor in missing:
                metric = metrics.of(tensor.format)
                blocks = [
                    work.blocks(targets, tensor.format, metric)
                    for targets in self._targets(tensor, learned, checked)
                ]
                self.journal.put(tensor.name, np.concatenate(blocks)[places(tensor.source)])
        if group.layer is not None:
            for tensor in tensors:
                group.layer.load(tensor.source.called, self._rows(tensor))
        return refined

    def _rows(self, tensor: PlannedTensor) -> Rows:
        """What the file will hold, in the checkpoint's order."""
        source, blocks = tensor.source, self._kept(tensor)
        if blocks is None:  # of a format that is not refined
            blocks = tensor.encoding.blocks(source, 0, source.n_rows)
        return restored(source, tensor.format, blocks)

    def _kept(self, tensor: PlannedTensor) -> Blocks | None:
        return self.journal.get(tensor.name, tensor.format, tensor.shape)

    def _targets(self, tensor: PlannedTensor, learned: Moments, checked: Moments) -> Iterator[Rows]:
        """What the matrix should be for the inputs that it will get, some rows at a time."""
        adds, damping = _adds(tensor, self.plan), self.settings.damping
        most = Strengths(self.settings.drift, self.settings.residual)
        for start in range(0, tensor.source.n_rows, ROWS_AT_ONCE):
            stop = min(start + ROWS_AT_ONCE, tensor.source.n_rows)
            rows = tensor.source.weights.read(start, stop)
            some, others = (
                sums.beside(start, stop) if adds else sums for sums in (learned, checked)
            )
            believed = strengths(rows, corrections(rows, some, damping, adds=adds), others, most)
            drift, residual = corrections(rows, some + others, damping, adds=adds)
            targets = rows + np.float32(believed.drift) * drift
            if residual is not None:
                targets += np.float32(believed.residual) * residual
            yield targets


class _Metrics:
    """How errors count in a group, for each size of block."""

    def __init__(self, moments: Moments, settings: Settings) -> None:
        self._moments, self._settings = moments, settings
        self._found: dict[int, Metric] = {}

    def of(self, fmt: Format) -> Metric:
        """The metric for a format."""
        if fmt.block not in self._found:
            hessian = self._moments.hessian
            importance = np.diag(hessian) / np.float32(self._moments.n_tokens)
            order = block_order(importance, fmt.block, falling=self._settings.falling)
            columns = columns_in(order, fmt.block)
            try:
                factor = inverse_factor(hessian, self._settings.damping, columns)
            except ValueError as error:
                raise CalibrationError(f"{error}; calibrate on another text") from None
            self._found[fmt.block] = Metric(factor, importance, order)
        return self._found[fmt.block]


def restored(tensor: SourceTensor, fmt: Format, blocks: Blocks) -> Rows:
    """What a file's blocks of a matrix stand for (n_rows, n_cols), in the checkpoint's order."""
    rows = np.empty(tensor.shape, np.float32)
    rows[places(tensor)] = fmt.decode(blocks)
    return rows


def places(tensor: SourceTensor) -> NDArray[np.intp]:
    """Which row of the checkpoint's matrix each row of the file's is."""
    rows = np.arange(tensor.n_rows)
    if tensor.transform is None:
        return rows
    moved = tensor.transform(rows[:, None].astype(np.float32))[:, 0].astype(np.intp)
    if not np.array_equal(np.sort(moved), rows):
        raise CalibrationError(f"{tensor.name}: is changed by more than a new order of its rows")
    return moved


def _adds(tensor: PlannedTensor, plan: Plan) -> bool:
    """Whether its result is added to the residual stream as it is."""
    if plan.metadata.get(f"{plan.source.facts.architecture}.residual_scale", 1) != 1:
        return False
    for ending, norm in ADDING.items():
        if tensor.name.endswith(ending):
            between = tensor.name.removesuffix(ending) + norm
            return all(other.name != between for other in plan.tensors)
    return False


def _held_out(calibration: Calibration, settings: Settings) -> NDArray[np.bool_]:
    """The windows that show how much to believe, evenly spread; of few the last."""
    windows = np.arange(len(calibration.tokens.ids))
    every = min(settings.checked, len(windows))
    held_out: NDArray[np.bool_] = windows % every == every - 1
    return held_out
