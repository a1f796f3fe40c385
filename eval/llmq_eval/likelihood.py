"""What a model thinks of a tutor's words: which tokens are scored, and how two models differ there.

Only the tutor's turns count. What a turn is, token by token, the file's own chat template says: the
text up to the turn (with the opening of the assistant's reply) and the text including the turn are
rendered and tokenized, and the tokens in which they differ are the turn. It ends with the first
end-of-generation token, which is scored, for stopping is part of a reply; where a template writes
none (as the plain fallback), it ends with the turn's text.

A template that opens the thoughts of the next reply (DeepSeek-R1) leaves them out of a turn that it
is given: such a turn is scored from where its own text begins.

A template may write earlier turns differently once they are past (Qwen3 leaves their thinking out).
Each turn is therefore scored in the very text that a chat would send; turns whose texts continue
each other share one passage, so that an ordinary dialogue is read once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from llmq.chat.thinking import without_opened_thought
from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.suites import Dialogue, Message

CELLS_AT_ONCE = 1 << 20  # float64 logits per step: 8 MB, whatever the vocabulary

# What is kept of each scored token, 25 bytes: -ln p of the token that stands there by either model,
# KL(base || quant) over the vocabulary, and whether both hold the same token likeliest.
TOKEN = np.dtype(
    [("nll_base_nats", "f8"), ("nll_quant_nats", "f8"), ("kl_nats", "f8"), ("same_top", "?")]
)
Tokens = npt.NDArray[Any]  # (n_tokens,) of TOKEN


@dataclass(frozen=True)
class Passage:
    """Tokens to read, and the ascending indices of those to score; never index 0."""

    tokens: tuple[int, ...]
    scored: tuple[int, ...]


def passages(model: Model, dialogue: Dialogue) -> tuple[Passage, ...]:
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
            passage = Passage(passage.tokens, found.pop().scored + passage.scored)
        found.append(passage)
    return tuple(found)


def _turn(model: Model, messages: Sequence[Message]) -> Passage:
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
    return Passage(tuple(tokens), tuple(range(start, stop)))


def diverge(base: Model, quant: Model, passage: Passage) -> Tokens:
    """How `quant` differs from `base` on each scored token; both must be able to hold them."""
    found = np.empty(len(passage.scored), TOKEN)
    read = passage.tokens[
        : max(passage.scored, default=0)
    ]  # the last one scored is not read itself
    positions = [index - 1 for index in passage.scored]  # the logits before a token predict it
    targets = np.array([passage.tokens[index] for index in passage.scored])
    done = 0
    pairs = zip(base.score(read, positions), quant.score(read, positions), strict=True)
    for base_logits, quant_logits in pairs:
        stop = done + len(base_logits)
        _compare(base_logits, quant_logits, targets[done:stop], out=found[done:stop])
        done = stop
    return found


def _compare(
    base: npt.NDArray[np.float32],
    quant: npt.NDArray[np.float32],
    targets: npt.NDArray[np.int64],
    *,
    out: Tokens,
) -> None:
    """Fill `out` from logits (n_tokens, n_vocab); `targets` are the tokens that followed them."""
    for rows in _row_blocks(*base.shape):
        p, q = _log_softmax(base[rows]), _log_softmax(quant[rows])  # (rows, n_vocab)
        each, token = np.arange(len(p)), targets[rows]
        found = out[rows]
        found["nll_base_nats"] = -p[each, token]
        found["nll_quant_nats"] = -q[each, token]
        found["kl_nats"] = (np.exp(p) * (p - q)).sum(axis=1)
        found["same_top"] = base[rows].argmax(axis=1) == quant[rows].argmax(axis=1)


def _row_blocks(n_rows: int, n_vocab: int) -> Iterator[slice]:
    step = max(1, CELLS_AT_ONCE // n_vocab)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """ln p of each row, in float64: KL is a small difference of large terms."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    log_sum: npt.NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    shifted -= log_sum
    return shifted
