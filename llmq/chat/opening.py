"""Opening a tutor: it fits, it is warm, and what is not as it was asked for is said.

A model that does not fit into the memory that is left, or that writes more slowly than anybody
waits for, gives way to a smaller one, where one is named.
"""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from llmq.chat.model_notes import model_notes
from llmq.chat.room import fitting, read_header
from llmq.chat.session import DEFAULT_SYSTEM
from llmq.chat.speaking import ModelSpeaker
from llmq.errors import ModelError
from llmq.machine_memory import available_bytes
from llmq.runtime import CHAT, How, Model, Sampling, open_model
from llmq.suites import Message

FLOOR = 2.0  # tokens a second: slower than anybody reads
WARM_UP_TOKENS, WARM_UP_SECONDS = 5, 2.0
# Below so many weights thoughts cost more time than they are worth: a model of 1 B that thinks 500
# tokens at 10 a second is silent for a minute.
THINKS_FROM = 3_000_000_000
THINK_BUDGET = 512  # tokens


@dataclass(frozen=True)
class Setup:
    """What is asked for; None is what the file asks for, or what suits it.

    `adapter` is a LoRA adapter in a GGUF file, `fallback` the file of a smaller model.
    """

    n_ctx: int | None = None
    threads: int | None = None
    how: How = CHAT
    adapter: Path | None = None
    fallback: Path | None = None
    temperature: float | None = None
    seed: int = 0
    think_budget: int | None = None
    system: str = DEFAULT_SYSTEM


def open_tutor(
    path: Path, setup: Setup | None = None, *, floor: float = FLOOR
) -> tuple[ModelSpeaker, list[str]]:
    """A speaker that is ready to reply, and remarks, whole sentences; its model is to be closed.

    `floor` is in tokens a second. Raises ModelError where neither file can be run here.
    """
    setup = setup or Setup()
    try:
        speaker, remarks, rate = _opened(path, setup)
    except ModelError as error:
        if not setup.fallback:
            raise
        reason = str(error)
    else:
        slow = f"{path.name} writes {rate:.1f} tokens a second here"
        if rate >= floor:
            return speaker, remarks
        if not setup.fallback:
            return speaker, [*remarks, f"{slow}: --fallback names a smaller model for such a case"]
        speaker.model.close()
        reason = slow
    speaker, remarks, _ = _opened(setup.fallback, replace(setup, adapter=None))
    without = " without the adapter" if setup.adapter else ""
    return speaker, [f"{reason}; so this is {setup.fallback.name}{without}", *remarks]


def _opened(path: Path, setup: Setup) -> tuple[ModelSpeaker, list[str], float]:
    """A warm speaker, remarks, and how many tokens a second it writes."""
    fits = fitting(read_header(path), setup.n_ctx, setup.how, available_bytes())
    with ExitStack() as stack:
        model = stack.enter_context(
            open_model(
                path,
                n_ctx=fits.n_ctx,
                threads=setup.threads,
                how=setup.how,
                adapter=setup.adapter,
            )
        )
        budget = setup.think_budget
        if budget is None:
            budget = THINK_BUDGET if model.n_weights >= THINKS_FROM else 0
        speaker = ModelSpeaker(
            model, sampling_for(model, setup), think_budget=budget, spreads=setup.threads is None
        )
        rate = warm_up(speaker, setup.system)
        remarks = [text for text in (fits.remark, *model_notes(model, setup.system)) if text]
        stack.pop_all()
    return speaker, remarks, rate


def sampling_for(model: Model, setup: Setup) -> Sampling:
    """What the file asks for, unless somebody asks for something else."""
    asked = replace(model.sampling, seed=setup.seed)
    if setup.temperature is None:
        return asked
    return replace(asked, temperature=setup.temperature)


def warm_up(speaker: ModelSpeaker, system: str) -> float:
    """Read the system text, write a few tokens, and return how many come in a second.

    The first reply then waits for nothing but itself: the weights have been touched, and the
    beginning of its prompt has been read.
    """
    times = [time.perf_counter() for _ in _first_tokens(speaker, system)]
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else math.inf


def _first_tokens(speaker: ModelSpeaker, system: str) -> Iterator[int]:
    model, deadline = speaker.model, None
    prompt = _beginning(speaker, system)
    for token in model.generate(prompt, max_tokens=WARM_UP_TOKENS, beyond_ends=True):
        yield token
        now = time.perf_counter()
        if deadline and now > deadline:
            return
        deadline = deadline or now + WARM_UP_SECONDS


def _beginning(speaker: ModelSpeaker, system: str) -> list[int]:
    """A short prompt with the system text; any token where that does not work: it will be said."""
    turns = [Message("system", system), Message("user", "Hello")]
    try:
        prompt = speaker.prompt(turns if system else turns[1:])
    except ModelError:
        prompt = []
    room = speaker.n_ctx - WARM_UP_TOKENS
    return prompt[:room] or [max(speaker.model.bos, 0)]
