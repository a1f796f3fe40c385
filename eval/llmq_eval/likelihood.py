"""What a model thinks of a tutor's words: which tokens are scored, and how two models differ there.

Only the tutor's turns count. What a turn is, token by token, the file's own chat template says: the
text up to the turn (with the opening of the assistant's reply) and the text including the turn are
rendered and tokenized, and the tokens in which they differ are the turn. It ends with the first
end-of-generation token, which is scored, for stopping is part of a reply; where a template writes
none (as the plain fallback), it ends with the turn's text.

A template may write earlier turns differently once they are past (Qwen3 leaves their thinking out).
Each turn is therefore scored in the very text that a chat would send; turns whose texts continue each
other share one passage, so that an ordinary dialogue is read once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.suites import Dialogue, Message

CELLS_AT_ONCE = 1 << 20  # float64 logits per step: 8 MB, whatever the vocabulary


@dataclass(frozen=True)
class Passage:
    """Tokens to read, and the ascending indices of those to score; never index 0."""

    tokens: tuple[int, ...]
    scored: tuple[int, ...]


@dataclass(frozen=True)
class Divergence:
    """Sums over scored tokens. Nats: -log p of the token that stands there, and KL(base || quant)."""

    n_tokens: int = 0
    nll_base_nats: float = 0.0
    nll_quant_nats: float = 0.0
    kl_nats: float = 0.0
    same_top: int = 0

    def __add__(self, other: "Divergence") -> "Divergence":
        return Divergence(
            self.n_tokens + other.n_tokens,
            self.nll_base_nats + other.nll_base_nats,
            self.nll_quant_nats + other.nll_quant_nats,
            self.kl_nats + other.kl_nats,
            self.same_top + other.same_top,
        )


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
    template = model.chat_template
    before = template.render(messages[:-1], add_generation_prompt=True)
    text = template.render(messages, add_generation_prompt=False)
    if not text.startswith(before):
        raise ModelError(
            f"the chat template of {template.name} does not continue its own opening of a reply, "
            "so the tutor's words cannot be found in the text; give the file another template"
        )
    prompt = model.tokenize(before, special=True, add_bos=True)
    tokens = model.tokenize(text, special=True, add_bos=True)
    # A token may straddle the border (a tokenizer that joins ":" and " a"); then it is scored too.
    same = next((i for i, (a, b) in enumerate(zip(prompt, tokens, strict=False)) if a != b), None)
    start = max(1, min(len(prompt), len(tokens)) if same is None else same)
    ends = (i for i in range(start, len(tokens)) if model.is_end(tokens[i]))
    stop = next(ends, len(tokens) - 1) + 1
    return Passage(tuple(tokens), tuple(range(start, stop)))


def diverge(base: Model, quant: Model, passage: Passage) -> Divergence:
    """How `quant` differs from `base` on the scored tokens; both must be able to hold them."""
    if not passage.scored:
        return Divergence()
    read = passage.tokens[: passage.scored[-1]]  # nothing after the last scored token is needed
    positions = [index - 1 for index in passage.scored]  # the logits before a token predict it
    targets = np.array([passage.tokens[index] for index in passage.scored])
    total, done = Divergence(), 0
    pairs = zip(base.score(read, positions), quant.score(read, positions), strict=True)
    for base_logits, quant_logits in pairs:
        stop = done + len(base_logits)
        total += _compare(base_logits, quant_logits, targets[done:stop])
        done = stop
    return total


def _compare(
    base: npt.NDArray[np.float32], quant: npt.NDArray[np.float32], targets: npt.NDArray[np.int64]
) -> Divergence:
    """Sums over rows of logits (rows, n_vocab); `targets` holds the token that followed each row."""
    total = Divergence()
    for rows in _row_blocks(*base.shape):
        p, q = _log_softmax(base[rows]), _log_softmax(quant[rows])  # (rows, n_vocab)
        each, token = np.arange(len(p)), targets[rows]
        total += Divergence(
            n_tokens=len(p),
            nll_base_nats=-float(p[each, token].sum()),
            nll_quant_nats=-float(q[each, token].sum()),
            kl_nats=float((np.exp(p) * (p - q)).sum()),
            same_top=int((base[rows].argmax(axis=1) == quant[rows].argmax(axis=1)).sum()),
        )
    return total


def _row_blocks(n_rows: int, n_vocab: int) -> Iterator[slice]:
    step = max(1, CELLS_AT_ONCE // n_vocab)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Natural log probabilities of each row, in float64: KL is a small difference of large terms."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    log_sum: npt.NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    shifted -= log_sum
    return shifted
