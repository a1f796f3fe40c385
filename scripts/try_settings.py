"""Refine a checkpoint with settings other than the usual ones, and see on other text what they do.

    scripts/try-settings CHECKPOINT --calibration calib.gguf --recipe Q4_0 --suite valid.jsonl
        [--tokens 16384] [--set damping=0.3 --set drift=1] [--name WORDS]

All of it is computed in torch, so llama.cpp's rounding of activations is not in it and a run takes
minutes. It is for choosing settings, on text that no result is reported on; files are measured by
scripts/measure-quality. A line for each text: mean KL in nats with its standard error over windows,
and how often both have the same likeliest token, over the second halves of windows.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from llmq.calibration.file import Calibration, read_calibration
from llmq.calibration.streaming import EMBEDDING, open_skeleton
from llmq.calibration.text import WINDOW, CalibrationTokens, Portion, calibration_tokens
from llmq.errors import LlmqError
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.refine.journal import Journal
from llmq.refine.layerwise import SETTINGS, Rows, Settings, refine, restored
from llmq.sources.opening import open_source
from llmq.suites import Suite, read_suite
from llmq_eval.text import Text, read_text

LEARNED, WINDOWS = 16_384, 16  # tokens to learn from; windows of each text to measure on
LINE = "{name:20} {text:24} KL {kl:.4f} ± {error:.4f}  same top {top:.1f} %"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--tokens", type=int, default=LEARNED, help="of the calibration")
    parser.add_argument("--suite", type=Path, action="append", default=[], help="may come again")
    parser.add_argument("--text", type=Path, action="append", default=[], help="likewise")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--name", help="of the run; default: what is set")
    arguments = parser.parse_args()
    try:
        settings = changed(SETTINGS, arguments.set)
        name = arguments.name or " ".join(arguments.set) or "as usual"
        for line in measured(arguments, settings, name):
            print(line, flush=True)
    except (LlmqError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    return 0


def changed(settings: Settings, pairs: list[str]) -> Settings:
    """The settings with others for some: `damping=0.3`."""
    kinds = {field.name: type(getattr(settings, field.name)) for field in fields(settings)}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in kinds:
            raise ValueError(f"there is no setting {name!r}; known are {', '.join(kinds)}")
        number = float(value)
        settings = replace(settings, **{name: kinds[name](number)})
    return settings


def measured(arguments: argparse.Namespace, settings: Settings, name: str) -> Iterator[str]:
    """Refine, and yield a line for each text."""
    source = open_source(arguments.checkpoint)
    calibration = fewer(read_calibration(arguments.calibration), arguments.tokens)
    contents: list[Suite | Text] = [
        *(read_suite(path) for path in arguments.suite),
        *(read_text(path) for path in arguments.text),
    ]
    plan = make_plan(
        source, recipe=arguments.recipe, importance=calibration.importance, quality="best"
    )
    with tempfile.TemporaryDirectory() as folder:
        refined = refine(plan, calibration, Journal(Path(folder)), settings=settings, progress=told)
        for content in contents:
            tokens = calibration_tokens(source, [Portion(content)], n_tokens=WINDOWS * WINDOW)
            yield LINE.format(name=name, text=content.name, **asdict(compared(refined, tokens)))


def fewer(calibration: Calibration, n_tokens: int) -> Calibration:
    """The calibration with so many of its tokens, windows evenly taken."""
    tokens = calibration.tokens
    n = min(max(n_tokens // tokens.window, 1), len(tokens.ids))
    taken = np.arange(n) * len(tokens.ids) // n
    few = replace(tokens, ids=tokens.ids[taken], weights=tokens.weights[taken])
    return replace(calibration, tokens=few)


@dataclass(frozen=True)
class Comparison:
    """Mean KL and its standard error over windows, in nats; same top in percent."""

    kl: float
    error: float
    top: float


def compared(refined: Plan, tokens: CalibrationTokens) -> Comparison:
    """The refined weights beside the base's, on windows of tokens."""
    skeleton = open_skeleton(open_source(refined.source.path))
    stored = {tensor.name: tensor for tensor in refined.tensors}

    def rows_of(name: str) -> Rows:
        tensor, planned = skeleton.by_name[name], stored[skeleton.by_name[name].name]
        blocks = planned.encoding.blocks(planned.source, 0, tensor.n_rows)
        return restored(tensor, planned.format, blocks)

    used = np.unique(tokens.ids)
    base = skeleton.embedded(tokens.ids)
    ours = skeleton.embedded(tokens.ids, lambda _: rows_of(EMBEDDING)[used])
    with torch.no_grad():
        for layer in skeleton.layers(tokens.window):
            twin = layer.twin()
            for name in layer.linears():
                twin.load(name, rows_of(name))
            for window in range(len(base)):
                some = slice(window, window + 1)
                base[some], ours[some] = layer(base[some]), twin(ours[some])
        head = skeleton.by_name[skeleton.head]
        matrices = head.weights.read(0, head.n_rows), rows_of(skeleton.head)
        return divergence(matrices, skeleton.normed(base), skeleton.normed(ours))


def divergence(matrices: tuple[Rows, Rows], base: Tensor, ours: Tensor) -> Comparison:
    """KL from the base's distributions, over the second halves of windows; by each its matrix."""
    heads = [torch.from_numpy(np.array(matrix)).T for matrix in matrices]
    kl, top = [], []
    for both in zip(base, ours, strict=True):
        half = len(both[0]) // 2
        p, q = (torch.log_softmax(s[half:] @ m, -1) for s, m in zip(both, heads, strict=True))
        kl.append(float((p.exp() * (p - q)).sum(-1).mean()))
        top.append(float((p.argmax(-1) == q.argmax(-1)).float().mean()))
    error = float(np.std(kl, ddof=1) / len(kl) ** 0.5)
    return Comparison(float(np.mean(kl)), error, 100 * float(np.mean(top)))


def told(done: int, total: int) -> None:
    """Progress, on one line."""
    print(f"\r{done} of {total} layers", end="\n" * (done == total), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
