"""Prompts: dialogues of a suite up to the tutor's first turn, with no word of the tutor's in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from llmq.errors import ModelError, SuiteError
from llmq.runtime import Model
from llmq.spelling import counted
from llmq.suites import Dialogue, Message, Suite
from llmq_eval.measuring import read_differently

REPLY_TOKENS = 256  # the longest reply, its end included; tutors' turns are far shorter


@dataclass(frozen=True)
class Prompt:
    """The opening of a dialogue, up to where the tutor speaks first, as tokens.

    `answer` is what the tutor must not tell, where the dialogue says.
    """

    id: str
    tokens: tuple[int, ...]
    opening: tuple[Message, ...]
    subject: str = ""
    source: str = ""
    answer: str = ""

    @property
    def asked(self) -> str:
        """What the student said last."""
        return next((m.content for m in reversed(self.opening) if m.role == "user"), "")


def choose_prompts(models: Sequence[Model], suite: Suite, n: int) -> tuple[Prompt, ...]:
    """The prompts of `n` dialogues, spread evenly over those of `suite` that can be asked.

    Raises SuiteError where there are fewer, and ModelError where the models read one differently.
    """
    n_ctx = min(model.n_ctx for model in models)
    read = [_prompt(models[0], talk) for talk in suite.dialogues if opening_of(talk)]
    askable = [prompt for prompt in read if len(prompt.tokens) + REPLY_TOKENS <= n_ctx]
    if len(askable) < n:
        raise SuiteError(
            f"the suite {suite.name} has {counted(len(askable), 'dialogue')} in which a student speaks first and "
            f"a reply of {REPLY_TOKENS} tokens fits a context of {n_ctx}; {n} replies need more"
        )
    chosen = tuple(askable[i * len(askable) // n] for i in range(n))
    check_read_alike(models, chosen)
    return chosen


def check_read_alike(models: Sequence[Model], prompts: Sequence[Prompt]) -> None:
    """Raise ModelError where one of `models` reads a prompt otherwise than the first."""
    for model in models[1:]:
        for prompt in prompts:
            if _tokens(model, prompt.id, prompt.opening) != prompt.tokens:
                raise read_differently(models[0], model, f"dialogue {prompt.id!r}")


def opening_of(dialogue: Dialogue) -> tuple[Message, ...]:
    """The turns before the tutor's first; none where the tutor begins or never speaks."""
    roles = [message.role for message in dialogue.messages]
    n = roles.index("assistant") if "assistant" in roles else 0
    return dialogue.messages[:n] if "user" in roles[:n] else ()


def _prompt(model: Model, dialogue: Dialogue) -> Prompt:
    opening = opening_of(dialogue)
    tokens = _tokens(model, dialogue.id, opening)
    return Prompt(dialogue.id, tokens, opening, dialogue.subject, dialogue.source, dialogue.answer)


def _tokens(model: Model, name: str, opening: Sequence[Message]) -> tuple[int, ...]:
    try:
        return tuple(model.prompt(opening))
    except ModelError as error:
        raise ModelError(f"dialogue {name!r}: {error}") from error
