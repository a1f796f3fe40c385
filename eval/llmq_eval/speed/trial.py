"""A process of its own that times one file; `llmq_eval.speed.measuring` runs it.

    python -m llmq_eval.speed.trial FILE JOB

JOB is a `Job` as JSON. Each line on standard output is a JSON object: {"doing": ...} before a step,
in the end {"trial": ...} or {"error": ...}. Prompts are turns of tutoring dialogues, cut to the
length that the job says, so that a mixture of experts is asked what a tutor is asked; a reply goes
on beyond its end, to the number of tokens that the job says.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any

from llmq.children import private_output
from llmq.errors import LlmqError, ModelError
from llmq.runtime import How, Model, open_model
from llmq.runtime.binding import library
from llmq_eval.drift import builtin_suite
from llmq_eval.speed.energy import counters, joules_between
from llmq_eval.speed.machine import peak_bytes
from llmq_eval.speed.values import Job, Trial

FRESH = 2  # prompts of which nothing was read before, after the first
NEXT_TURN = 32  # tokens that a student says between two replies
STEPS = ("loading", "reading and writing", "going on", *["reading"] * FRESH)


def main() -> None:
    """Time the file that the command line names."""
    say = private_output()
    path, job = Path(sys.argv[1]), json.loads(sys.argv[2])
    try:
        for line in timed(path, Job(**{**job, "how": How(**job["how"])})):
            say(line)
    except (LlmqError, ImportError, OSError) as error:
        say({"error": str(error)})


def timed(path: Path, job: Job) -> Iterator[dict[str, Any]]:
    """What to say of the steps, and at last of the whole trial."""
    doing = iter(STEPS)
    library()  # a chat pays for it once, whatever the model
    yield {"doing": next(doing)}
    start = perf_counter()
    with open_model(path, n_ctx=job.n_ctx, threads=job.threads, how=job.how) as model:
        load_s = perf_counter() - start
        first, *others, student = _prompts(model, job)
        yield {"doing": next(doing)}
        written, times, joules = _written(model, first, job.tokens + 1)
        yield {"doing": next(doing)}
        warm_s = _first_token_s(model, [*first, *written, *student])
        fresh_s = []
        for prompt in others:
            yield {"doing": next(doing)}
            fresh_s.append(_first_token_s(model, prompt))
        trial = Trial(
            load_s=load_s,
            cold_s=times[0],
            token_s=tuple(times[1:]),
            warm_s=warm_s,
            fresh_s=tuple(fresh_s),
            n_ctx=model.n_ctx,
            gpu_layers=model.how.gpu_layers,
            peak_bytes=peak_bytes(),
            joules=joules,
            remark=model.remark,
        )
    yield {"trial": asdict(trial)}


def _prompts(model: Model, job: Job) -> list[list[int]]:
    """The first prompt, FRESH others, and what the student says in the next turn."""
    needed = job.prompt_tokens + job.tokens + 1 + NEXT_TURN + 1
    if needed > model.n_ctx:
        raise ModelError(
            f"{model.path.name}: a prompt of {job.prompt_tokens} tokens, a reply of {job.tokens} and one more turn need a context of {needed} tokens, and it has {model.n_ctx}; take fewer --prompt-tokens or --tokens"
        )
    tokens = cycle(_text(model))
    begin = [model.bos] if model.bos >= 0 else []
    n = job.prompt_tokens - len(begin)
    prompts = [[*begin, *islice(tokens, n)] for _ in range(1 + FRESH)]
    return [*prompts, list(islice(tokens, NEXT_TURN))]


def _text(model: Model) -> list[int]:
    """The tokens of tutoring dialogues."""
    turns = (turn for dialogue in builtin_suite().dialogues for turn in dialogue.messages)
    tokens = [token for turn in turns for token in model.tokenize(turn.content)]
    if not tokens:
        raise ModelError(f"{model.path.name} has no tokens for any text")
    return tokens


def _written(
    model: Model, prompt: list[int], n: int
) -> tuple[list[int], list[float], float | None]:
    """The tokens of a reply, the time that each took, and the energy for all but the first."""
    written, times, before = [], [], counters()
    start = perf_counter()
    for token in model.generate(prompt, max_tokens=n, beyond_ends=True):
        now = perf_counter()
        times.append(now - start)
        written.append(token)
        if len(written) == 1:  # the prompt has been read
            before, now = counters(), perf_counter()
        start = now
    return written, times, joules_between(before, counters())


def _first_token_s(model: Model, prompt: list[int]) -> float:
    """The time from a prompt to its first token."""
    start = perf_counter()
    for _ in model.generate(prompt, max_tokens=1):
        break
    return perf_counter() - start


if __name__ == "__main__":
    main()
