"""What a trial is asked and what it tells, and the figures that follow from several trials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import Any

from llmq.runtime import CHAT, How

WINDOW = 8  # tokens: some words, which a reader takes in at once; a single token says little


@dataclass(frozen=True)
class Job:
    """What every trial does: reads prompts of `prompt_tokens` tokens, writes `tokens` tokens.

    `n_ctx` None: the context of a chat.
    """

    threads: int
    prompt_tokens: int = 256
    tokens: int = 64
    n_ctx: int | None = None
    how: How = CHAT


@dataclass(frozen=True)
class Trial:
    """What one process measured, in seconds, bytes and joules.

    `cold_s` is the time to the first token of the first prompt after loading, `fresh_s` that of
    later prompts of which nothing was read before, `warm_s` that of the next turn of a chat, of
    which all but the student's last words are kept; `token_s` are the times between written tokens,
    `joules` what the processor took for them.
    """

    load_s: float
    cold_s: float
    token_s: tuple[float, ...]
    warm_s: float
    fresh_s: tuple[float, ...]
    n_ctx: int
    gpu_layers: int
    peak_bytes: int | None = None
    joules: float | None = None
    remark: str = ""

    @property
    def rates(self) -> tuple[float, ...]:
        """Tokens per second in each WINDOW of written tokens."""
        starts = range(0, len(self.token_s) - WINDOW + 1, WINDOW)
        return tuple(WINDOW / sum(self.token_s[start : start + WINDOW]) for start in starts)


@dataclass(frozen=True)
class Speed:
    """A file and its trials."""

    name: str
    size_bytes: int
    job: Job
    trials: tuple[Trial, ...]

    def all_of(self, name: str) -> list[float]:
        """The numbers of this name of all trials in one list; what is not known is left out."""
        values = [getattr(trial, name) for trial in self.trials]
        lists = [value if isinstance(value, tuple) else (value,) for value in values]
        return [number for numbers in lists for number in numbers if number is not None]

    @property
    def figures(self) -> Mapping[str, float | None]:
        """Every figure of FIGURES by its name; None: not known here."""
        return {name: of(self) for name, of in FIGURES.items()}

    def as_json(self) -> dict[str, Any]:
        """The figures, and the trials that they come from."""
        trials = [asdict(trial) for trial in self.trials]
        head = {"file": self.name, "size_bytes": self.size_bytes}
        return {**head, "figures": self.figures, "trials": trials}


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed; no value in between.

    >>> quantile([3.0, 1.0, 2.0], 0.95)
    3.0
    >>> quantile([float(n) for n in range(100)], 0.95)
    94.0
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _median_of(name: str) -> Callable[[Speed], float | None]:
    def of(speed: Speed) -> float | None:
        values = speed.all_of(name)
        return median(values) if values else None

    return of


def _prompt_rate(speed: Speed) -> float | None:
    return speed.job.prompt_tokens / median(speed.all_of("fresh_s"))


def _joules_per_token(speed: Speed) -> float | None:
    known = [trial for trial in speed.trials if trial.joules is not None]
    n_tokens = sum(len(trial.token_s) for trial in known)
    return sum(trial.joules or 0.0 for trial in known) / n_tokens if n_tokens else None


FIGURES: Mapping[str, Callable[[Speed], float | None]] = {
    "load_s": _median_of("load_s"),
    "first_token_cold_s": _median_of("cold_s"),
    "first_token_warm_s": _median_of("warm_s"),
    "prompt_tokens_per_s": _prompt_rate,
    "tokens_per_s": _median_of("rates"),
    "tokens_per_s_p5": lambda speed: quantile(speed.all_of("rates"), 0.05),
    "peak_bytes": lambda speed: max(speed.all_of("peak_bytes"), default=None),
    "joules_per_token": _joules_per_token,
}
