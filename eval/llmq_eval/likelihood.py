"""Which tokens of a dialogue are scored, and what is kept of each.

Only the tutor's turns count. What a turn is, token by token, the file's own chat template says: the
text up to the turn (with the opening of the assistant's reply) and the text including the turn are
rendered and tokenized, and the tokens in which they differ are the turn. It ends with the first
end-of-generation token, which is scored, for stopping is part of a reply; where a template writes
none (as the plain fallback), it ends with the turn's text.

A template that opens the thoughts of the next reply (DeepSeek-R1), or says that it has none (the
larger Gemma 4), leaves them out of a turn that it is given: such a turn is scored from where its
own text begins.

A template may write earlier turns differently once they are past (Qwen3 leaves their thinking out).
Each turn is therefore scored in the very text that a chat would send; turns whose texts continue
each other share one passage, so that an ordinary dialogue is read once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from llmq.chat.thinking import without_opened_thought
from llmq.errors import ModelError
from llmq.runtime import Reader
from llmq.suites import Dialogue, Message
from llmq_eval.deciding import Role, roles

# What is kept of each scored token, 28 bytes: -ln p of the token that stands there by either model,
# KL(base || quant) over the vocabulary, whether both hold the same token likeliest, whether each
# holds the one that stands there likeliest, and what it decides (`deciding.Role`).
TOKEN = np.dtype(
    [
        ("nll_base_nats", "f8"),
        ("nll_quant_nats", "f8"),
        ("kl_nats", "f8"),
        ("same_top", "?"),
        ("base_right", "?"),
        ("quant_right", "?"),
        ("role", "u1"),
    ]
)
Tokens = npt.NDArray[Any]  # (n_tokens,) of TOKEN


@dataclass(frozen=True)
class Passage:
    """Tokens to read, and the ascending indices of those to score; never index 0.

    `roles` says of those that decide something what it is, by their index; passages of the same
    tokens are equal whatever it says, and the base's holds for all files.
    """

    tokens: tuple[int, ...]
    scored: tuple[int, ...]
    roles: Mapping[int, Role] = field(default_factory=dict, compare=False)

    @property
    def n_read(self) -> int:
        """How many tokens have to be read: the last one is scored, not read."""
        return max(self.scored, default=0)


def passages(model: Reader, dialogue: Dialogue) -> tuple[Passage, ...]:
    """The passages that hold the tutor's turns of `dialogue`, in order."""
    found: list[Passage] = []
    for i, message in enumerate(dialogue.messages, start=1):
        if message.role != "assistant":
            continue
        try:
            passage = _turn(model, dialogue.messages[:i])
        except ModelError as error:
            raise ModelError(f"dialogue {dialogue.id!r}, turn {i}: {error}") from error
        if found and passage.tokens[: len(found[-1].tokens)] == found[-1].tokens:
            before = found.pop()
            passage = Passage(
                passage.tokens, before.scored + passage.scored, {**before.roles, **passage.roles}
            )
        found.append(passage)
    return tuple(found)


def _turn(model: Reader, messages: Sequence[Message]) -> Passage:
    """The passage whose scored tokens are the last of `messages`."""
    before = model.transcript(messages[:-1], add_generation_prompt=True)
    whole = model.transcript(messages)
    if not whole.text.startswith((before.text, without_opened_thought(before.text))):
        raise ModelError(
            f"the chat template of {model.path.name} does not continue its own opening of a reply, "
            "so the tutor's words cannot be found in the text; give the file another template"
        )
    prompt, tokens = before.tokens, whole.tokens
    # A token may straddle the border (a tokenizer that joins ":" and " a"); then it is scored too.
    same = next((i for i, (a, b) in enumerate(zip(prompt, tokens, strict=False)) if a != b), None)
    start = max(1, min(len(prompt), len(tokens)) if same is None else same)
    ends = (i for i in range(start, len(tokens)) if model.is_end(tokens[i]))
    stop = next(ends, len(tokens) - 1) + 1
    decided = zip(range(start, stop), roles(model, tokens[start:stop]), strict=True)
    return Passage(
        tuple(tokens), tuple(range(start, stop)), {i: role for i, role in decided if role}
    )
