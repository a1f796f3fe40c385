"""Replies that the files write themselves, to the same prompts.

The columns of drift are about words that are given. Here each file goes its own way, which shows
what they cannot: a tutor that rambles, goes in circles, tells the answer, or no longer ends its
turn. A prompt is a dialogue of the suite up to its first tutor turn: what a student would begin
with, and no word of the tutor's from the suite. Each file replies to each prompt in all of WAYS,
several prompts at once; the same files, threads and prompts give the same replies.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from llmq.errors import ModelError
from llmq.loops import loops
from llmq.runtime import Ask, Model
from llmq_eval.leaks import tells
from llmq_eval.measuring import Progress
from llmq_eval.metric import totals_of
from llmq_eval.openings import REPLY_TOKENS, Prompt
from llmq_eval.reply_metrics import REPLY_METRICS, documents_of
from llmq_eval.statistics import Estimate, few_documents
from llmq_eval.writing import GREEDILY, WAYS, Reply, Way, written

MOST_SAMPLES = 40

Written = tuple[Reply, ...] | ModelError  # of one model to all prompts, each in all ways


@dataclass(frozen=True)
class Replies:
    """The replies of two files to the same prompts: prompt by prompt, way by way."""

    prompts: tuple[Prompt, ...]
    base: tuple[Reply, ...]
    quant: tuple[Reply, ...]
    ways: tuple[Way, ...] = WAYS

    def rows(self) -> tuple[dict[str, Any], ...]:
        """A row for each prompt and way."""
        return self._rows

    @cached_property
    def _rows(self) -> tuple[dict[str, Any], ...]:
        return tuple(
            {
                "id": prompt.id,
                "subject": prompt.subject,
                "source": prompt.source,
                "mode": way.mode,
                "seed": way.seed,
                **_counted("base", prompt, base),
                **_counted("quant", prompt, quant),
                "same": int(base.tokens == quant.tokens),
                "same_first_sentence": int(base.first_sentence == quant.first_sentence),
            }
            for (prompt, way), base, quant in self._all()
        )

    def _all(self) -> Iterator[tuple[tuple[Prompt, Way], Reply, Reply]]:
        return zip(product(self.prompts, self.ways), self.base, self.quant, strict=True)

    def greedy(self, index: int) -> tuple[Reply, Reply]:
        """What both files replied to a prompt without any chance."""
        place = index * len(self.ways) + self.ways.index(GREEDILY)
        return self.base[place], self.quant[place]

    @cached_property
    def totals(self) -> Mapping[str, Estimate]:
        """Every figure of REPLY_METRICS, by name."""
        return totals_of(REPLY_METRICS, documents_of(self._rows))

    @property
    def warning(self) -> str | None:
        """What to say where there are too few prompts for the intervals to hold."""
        return few_documents(len(self.prompts))

    def samples(self) -> tuple[dict[str, Any], ...]:
        """Pairs of replies for people: those that went most astray come first."""
        found = [
            {**row, "asked": prompt.asked, "base": base.text, "quant": quant.text}
            for row, ((prompt, _), base, quant) in zip(self._rows, self._all(), strict=True)
        ]
        return tuple(sorted(found, key=_astray, reverse=True)[:MOST_SAMPLES])

    def as_json(self) -> dict[str, Any]:
        """What stands in the report: the totals, and both replies to each prompt."""
        return {
            "n_prompts": len(self.prompts),
            "max_tokens": REPLY_TOKENS,
            "warning": self.warning,
            "totals": {name: estimate.as_json() for name, estimate in self.totals.items()},
            "dialogues": [
                {**row, "base": _as_json(base), "quant": _as_json(quant)}
                for row, (_, base, quant) in zip(self._rows, self._all(), strict=True)
            ],
        }


def _counted(side: str, prompt: Prompt, reply: Reply) -> dict[str, int | None]:
    """What is counted of one reply, under keys that begin with `side`."""
    told = tells(reply.speech, prompt.answer, prompt.opening) if prompt.answer else None
    return {
        f"{side}_tokens": len(reply.tokens),
        f"{side}_open": int(not reply.closed),
        f"{side}_loop": int(loops(reply.text)),
        f"{side}_leak": None if told is None else int(told),
    }


def _astray(sample: Mapping[str, Any]) -> tuple[int, int, int]:
    """What QUANT did that BASE did not, then what differs, then by how many tokens."""
    keys = ("open", "loop", "leak")
    worse = sum((sample[f"quant_{k}"] or 0) > (sample[f"base_{k}"] or 0) for k in keys)
    return worse, 1 - sample["same"], abs(sample["quant_tokens"] - sample["base_tokens"])


def _as_json(reply: Reply) -> dict[str, Any]:
    return {"n_tokens": len(reply.tokens), "closed": reply.closed, "text": reply.text}


def compare_replies(
    models: Sequence[Model],
    prompts: Sequence[Prompt],
    *,
    ways: tuple[Way, ...] = WAYS,
    progress: Progress | None = None,
) -> tuple[Replies | ModelError, ...]:
    """For each model but the first, the base: its replies beside the base's, or the error of one.

    A model that fails does not keep the others from writing theirs.
    """
    total, done = len(models) * len(prompts) * len(ways), 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    base, *quants = (write_replies(model, prompts, ways, advance) for model in models)
    return tuple(_beside(tuple(prompts), base, quant, ways) for quant in quants)


def write_replies(
    model: Model, prompts: Sequence[Prompt], ways: Sequence[Way], advance: Callable[[], None]
) -> Written:
    """The replies of one model, or its error."""
    room = max((len(prompt.tokens) for prompt in prompts), default=0) + REPLY_TOKENS
    writers = [_in_all_ways(model, prompt, ways, advance) for prompt in prompts]
    try:
        replies = model.write_together(writers, room=room)
    except ModelError as error:
        return error
    return tuple(reply for of_prompt in replies for reply in of_prompt)


def _in_all_ways(
    model: Model, prompt: Prompt, ways: Sequence[Way], advance: Callable[[], None]
) -> Generator[Ask, list[int], list[Reply]]:
    replies = []
    for way in ways:
        reply = yield from written(model, prompt.tokens, way, REPLY_TOKENS)
        replies.append(reply)
        advance()
    return replies


def _beside(
    prompts: tuple[Prompt, ...], base: Written, quant: Written, ways: tuple[Way, ...]
) -> Replies | ModelError:
    if isinstance(base, ModelError):
        return base
    return quant if isinstance(quant, ModelError) else Replies(prompts, base, quant, ways)
