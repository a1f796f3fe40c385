"""A model that words replies: tokens in, safe pieces out, as they come.

The way of a reply: tokens -> safe text, up to the token that ends it (`_decoded`) -> thoughts and
speech (`split`) -> no white space in front (`trimmed`) -> for a model without a chat template, one
line (`first_line`).

A reply that goes in circles is stopped. Thoughts that do, or that are longer than their budget, are
closed for the model: the closing tag is read as if it had written it, and the answer comes.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from llmq.chat.pieces import Kind, Piece, first_line, trimmed
from llmq.chat.sanitize import Sanitizer
from llmq.chat.thinking import CLOSING, OPENING, ThoughtSplitter, split
from llmq.loops import LoopWatch
from llmq.processors import free_cores
from llmq.runtime import GREEDY, Model, Sampling
from llmq.suites import Message

CUT = "the reply was cut short at its limit of tokens (--max-tokens, --ctx)"
CIRCLES = "the reply went in circles and was stopped; /regen asks for another"


@dataclass(frozen=True)
class Timings:
    """How quickly a reply came. `n_read` tokens of its prompt were not known from the turn before.

    Seconds are those of a clock on the wall, from the moment at which the reply was asked for.
    """

    n_prompt: int = 0
    n_read: int = 0
    n_tokens: int = 0
    first_seconds: float = 0.0
    last_seconds: float = 0.0

    @property
    def tokens_per_second(self) -> float:
        """Of writing, after the first token; 0 where fewer than two were written."""
        seconds = self.last_seconds - self.first_seconds
        return (self.n_tokens - 1) / seconds if self.n_tokens > 1 and seconds > 0 else 0.0


class ModelSpeaker:
    """Words replies with `model`, which it does not close.

    `think_budget`: the most tokens that thoughts may take, of a reply at most half. 0: the model is
    not asked for thoughts, and those that it begins are closed at once. None: neither asked for nor
    closed. `spreads`: each reply takes the cores that nobody else computes on when it begins.
    """

    def __init__(
        self,
        model: Model,
        sampling: Sampling = GREEDY,
        *,
        think_budget: int | None = None,
        spreads: bool = False,
    ) -> None:
        self.model = model
        self.spreads = spreads
        self.sampling = sampling
        self.timings = Timings()
        self.think_budget = think_budget

    @property
    def n_ctx(self) -> int:
        """The context in tokens."""
        return self.model.n_ctx

    def count(self, messages: Sequence[Message]) -> int:
        """The tokens of a prompt of these messages."""
        return len(self.prompt(messages))

    def speak(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Piece]:
        """Yield the reply to `messages` as it comes: thoughts, then speech, then remarks."""
        asked_at = time.perf_counter()
        return self.pieces(self.prompt(messages), max_tokens=max_tokens, asked_at=asked_at)

    def pieces(
        self, prompt: Sequence[int], *, max_tokens: int, asked_at: float | None = None
    ) -> Iterator[Piece]:
        """As `speak`, after these tokens; `asked_at` is where its timings begin, if not now."""
        asked_at = asked_at or time.perf_counter()
        if self.spreads:
            self.model.use_threads(free_cores())
        pieces = _Reply(self, prompt, max_tokens, asked_at).pieces()
        return first_line(pieces) if self.model.chat_template.is_plain else pieces

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of `messages`, after which the reply begins."""
        self.model.ask_for_thoughts(bool(self.think_budget))
        return self.model.prompt(messages)


class _Reply:
    """One reply while it is written."""

    def __init__(
        self, speaker: ModelSpeaker, prompt: Sequence[int], max_tokens: int, asked_at: float
    ) -> None:
        self._speaker = speaker
        self._asked_at = asked_at
        self._model = speaker.model
        self._prompt = prompt
        self._left = max_tokens
        room = min(max_tokens, self._model.n_ctx - len(prompt))
        budget = speaker.think_budget
        self._budget = None if budget is None else min(budget, room // 2)
        self._n_thought = 0
        self._splitter = ThoughtSplitter(opened=_opens_thought(self._model, prompt))
        self._watch = LoopWatch()
        self._circles = False

    def pieces(self) -> Iterator[Piece]:
        """The reply, each kind without white space in front."""
        return trimmed(split(self._decoded(), self._splitter))

    def _decoded(self) -> Iterator[Piece]:
        """The text up to the token that ends the reply; where none does, a remark."""
        sanitizer, remark = Sanitizer(), CUT
        with closing(self._timed()) as tokens:
            for token in tokens:
                if self._model.is_end(token):
                    remark = ""
                    break
                text = sanitizer.feed(self._model.piece(token))
                yield Piece(Kind.SPEECH, text)
                self._circles = self._watch.feed(text)
                if self._circles and not self._must_close():
                    remark = CIRCLES
                    break
        yield Piece(Kind.SPEECH, sanitizer.finish())
        if remark:
            yield Piece(Kind.REMARK, remark)

    def _timed(self) -> Generator[int, None, None]:
        """`_tokens`, and the speaker's timings after each."""
        read_before, first, n_read = self._model.tokens_read, 0.0, 0
        for n, token in enumerate(self._tokens(), start=1):
            now = time.perf_counter() - self._asked_at
            if n == 1:
                first, n_read = now, self._model.tokens_read - read_before
            self._speaker.timings = Timings(len(self._prompt), n_read, n, first, now)
            yield token

    def _tokens(self) -> Iterator[int]:
        """What the model writes, with a closing tag where thoughts have to end."""
        tokens = [*self._prompt]
        while True:
            if self._must_close():
                tag = self._model.tokenize(f"\n{CLOSING}\n\n", special=True)
                tokens += tag
                yield from tag
                self._watch, self._circles = LoopWatch(), False
            written = self._model.generate(
                [*tokens], max_tokens=self._left, sampling=self._speaker.sampling
            )
            for token in written:
                self._left -= 1
                tokens.append(token)
                yield token
                self._n_thought += self._splitter.is_thought
                if self._must_close():
                    break
            else:
                return

    def _must_close(self) -> bool:
        """Whether the model is at thoughts that must end now."""
        if self._budget is None or not self._splitter.is_thought:
            return False
        return self._circles or self._n_thought >= self._budget


def _opens_thought(model: Model, prompt: Sequence[int]) -> bool:
    """Whether the template ends the prompt with <think>, read as the reply itself will be."""
    tail = b"".join(map(model.piece, prompt[-2 * len(OPENING) :]))  # a token may be a single byte
    return tail.rstrip().endswith(OPENING.encode())
