"""How the next token is chosen."""

from dataclasses import dataclass
from typing import Any

from llmq.runtime.binding import library


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. A temperature of 0 is greedy: always the likeliest token."""

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0


GREEDY = Sampling()


def make_sampler(sampling: Sampling) -> Any:
    """llama.cpp's sampler, which has to be freed."""
    lib = library()
    if sampling.temperature <= 0:
        return lib.llama_sampler_init_greedy()
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    steps = (
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_dist(sampling.seed),
    )
    for step in steps:
        lib.llama_sampler_chain_add(chain, step)
    return chain
