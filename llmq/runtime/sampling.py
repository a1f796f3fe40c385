"""How the next token is chosen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from llmq.runtime.binding import file_value, library


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. A temperature of 0 is greedy: always the likeliest token.

    `top_k` of 0, `min_p` of 0 and `repeat_penalty` of 1 do nothing.
    """

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0
    top_k: int = 0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    repeat_last: int = 64  # tokens that are penalised, counted from the last


GREEDY = Sampling()


class _Key(NamedTuple):
    """A value of a file, under llama.cpp's name for it, and in which range it means something."""

    field: str
    key: str
    of: Callable[[str], float]
    least: float
    most: float


# LLM_KV_GENERAL_SAMPLING_* in llama-arch.cpp. What else stands there (XTC, mirostat, a sequence of
# samplers) is left out: no published tutor asks for it.
KEYS = (
    _Key("temperature", "general.sampling.temp", float, 0, 2),
    _Key("top_p", "general.sampling.top_p", float, 0.01, 1),
    _Key("top_k", "general.sampling.top_k", int, 0, 1_000_000),
    _Key("min_p", "general.sampling.min_p", float, 0, 0.99),
    _Key("repeat_penalty", "general.sampling.penalty_repeat", float, 0.5, 2),
    _Key("repeat_last", "general.sampling.penalty_last_n", int, 0, 4096),
)


def file_sampling(model: Any, otherwise: Sampling = GREEDY) -> Sampling:
    """What the file behind llama.cpp's `model` asks for; what it does not say, or says out of any
    range, is as in `otherwise`."""
    found: dict[str, Any] = {row.field: _value(file_value(model, row.key), row) for row in KEYS}
    return replace(otherwise, **{name: v for name, v in found.items() if v is not None})


def _value(text: str, row: _Key) -> float | None:
    try:
        value = row.of(text)
    except ValueError:
        return None
    return value if row.least <= value <= row.most else None  # no number is in no range


def make_sampler(sampling: Sampling, n_vocab: int) -> Any:
    """llama.cpp's sampler, which has to be freed.

    It has seen none of the prompt: what the student wrote may be said again without a penalty.

    The order is that of llama.cpp's tools (`common_params_sampling::samplers` in common.h).
    """
    lib = library()
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for step in _steps(lib, sampling, n_vocab):
        lib.llama_sampler_chain_add(chain, step)
    return chain


def _steps(lib: Any, sampling: Sampling, n_vocab: int) -> list[Any]:
    steps = []
    if sampling.repeat_penalty != 1 and sampling.repeat_last:
        last, penalty = sampling.repeat_last, sampling.repeat_penalty
        steps.append(lib.llama_sampler_init_penalties(n_vocab, last, penalty, 0.0, 0.0))
    if sampling.temperature <= 0:
        return [*steps, lib.llama_sampler_init_greedy()]
    if sampling.top_k:
        steps.append(lib.llama_sampler_init_top_k(sampling.top_k))
    steps.append(lib.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p:
        steps.append(lib.llama_sampler_init_min_p(sampling.min_p, 1))
    steps.append(lib.llama_sampler_init_temp(sampling.temperature))
    return [*steps, lib.llama_sampler_init_dist(sampling.seed)]
