"""What of a lesson the model still reads. Pure: no model, no terminal.

A prompt is what is pinned, then the turns. What is pinned, the system text with the open problem
and the learner card, stands in every prompt to the letter. Turns are only added, so that a prompt
begins with the one before it, whose keys and values llama.cpp still holds. When a prompt takes
COMPACT_AT of its room, the policy runs, and leaves so much room that it does not run again soon.
Units: tokens.
"""

import textwrap
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from llmq.errors import ModelError
from llmq.suites import Message

COMPACT_AT, COMPACT_TO = 0.85, 0.5  # of the room
SUMMARY_SHARE = 0.1  # of the room: a longer summary would soon be in the way again
SUMMARY_CHARACTERS = 600
QUOTED_CHARACTERS = 80
EARLIER = "Earlier in this lesson: "
SUMMARISED = "{n} more messages from the beginning are now only a short summary to me, to make room in my context"
DROPPED = "{n} more messages from the beginning are now forgotten, to make room in my context"
NEARLY_FULL = "my context is nearly full ({percent}): /compact makes room, /new begins a new lesson"
FULL = (
    "my context is full ({used} of {limit} tokens): /compact makes room, /new begins a new lesson"
)
TOO_LONG = "That is too long for me, please say it shorter: it needs {used} tokens beside what I must keep in mind, and {limit} fit (--context)"

Count = Callable[[Sequence[Message]], int]
Tell = Callable[[Sequence[Message], str], str]
"""The turns that go, and what was told of those that went before them, in short."""


class Policy(Enum):
    """What happens to the oldest turns when the context is nearly full."""

    SUMMARISE = "summarise"
    DROP = "drop"
    STOP = "stop"


@dataclass(frozen=True)
class ContextUse:
    """The meter: of `limit` tokens `used` are, and what for."""

    used: int
    limit: int
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Fitted:
    """The messages of a prompt.

    The oldest `n_dropped` of the turns that were given are not in it: the caller leaves them out
    from now on, and gives `summary` back as `earlier`. `remark` is what to say of it, if anything.
    """

    messages: tuple[Message, ...]
    n_dropped: int = 0
    summary: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Room:
    """So many tokens for a prompt, as `count` counts them."""

    tokens: int
    count: Count

    def share(self, messages: Sequence[Message]) -> float:
        """How much of it the messages take."""
        return self.count(messages) / self.tokens


def fit(
    pinned: Sequence[Message],
    turns: Sequence[Message],
    *,
    count: Count,
    room: int,
    policy: Policy = Policy.SUMMARISE,
    summary: Tell | None = None,
    earlier: str = "",
) -> Fitted:
    """The messages of the next prompt: `pinned`, and of `turns` what the policy leaves.

    The student's last turn stays. `summary` tells the turns that go in short (default: `quoted`);
    `earlier` is what it told the last time. Raises ModelError where what must stay does not fit.
    """
    space, whole = Room(room, count), joined(pinned, turns, earlier)
    share = space.share(whole)
    if share <= COMPACT_AT:
        return Fitted(whole, summary=earlier)
    if policy is Policy.STOP:
        if share > 1:
            raise ModelError(FULL.format(used=round(share * room), limit=room))
        return Fitted(whole, summary=earlier, remark=NEARLY_FULL.format(percent=f"{share:.0%}"))
    tell = None if policy is Policy.DROP else (summary or quoted)
    most = COMPACT_TO - SUMMARY_SHARE if tell else COMPACT_TO
    return _without_oldest(pinned, turns, space, tell, earlier, at_most=most)


def compacted(
    pinned: Sequence[Message],
    turns: Sequence[Message],
    *,
    count: Count,
    room: int,
    summary: Tell | None = None,
    earlier: str = "",
) -> Fitted:
    """As `fit`, now: what is asked for by hand. About half of the conversation goes."""
    space = Room(room, count)
    fixed, whole = (space.share(joined(pinned, part, earlier)) for part in (turns[-1:], turns))
    most = min(fixed + (whole - fixed) / 2, COMPACT_AT)
    return _without_oldest(pinned, turns, space, summary or quoted, earlier, at_most=most)


def _without_oldest(
    pinned: Sequence[Message],
    turns: Sequence[Message],
    space: Room,
    tell: Tell | None,
    earlier: str,
    *,
    at_most: float,
) -> Fitted:
    """Without as many of the oldest exchanges as must go; what remains begins with a student's."""
    starts = [i for i, turn in enumerate(turns) if turn.role == "user"] or [0]
    fits = bisect_left(
        starts, True, key=lambda i: space.share(joined(pinned, turns[i:], "")) <= at_most
    )
    start = starts[min(fits, len(starts) - 1)]
    gone, kept = turns[:start], turns[start:]
    text = "" if not tell else tell(gone, earlier) if gone else earlier
    most = min(space.share(joined(pinned, kept, "")) + SUMMARY_SHARE, COMPACT_AT)
    text = _shortened(text, lambda text: space.share(joined(pinned, kept, text)) <= most)
    messages = joined(pinned, kept, text)
    if space.share(messages) > 1:
        used = space.count(messages)
        raise ModelError(TOO_LONG.format(used=used, limit=space.tokens))
    said = (SUMMARISED if text else DROPPED).format(n=len(gone)) if gone else ""
    return Fitted(messages, len(gone), text, said)


def _shortened(text: str, fits: Callable[[str], bool]) -> str:
    """The beginning of `text` that fits; nothing where no beginning does."""
    while text and not fits(text):
        half = text[: len(text) // 2]
        text = half.rpartition(" ")[0] or half  # Chinese has no spaces
    return text


def joined(
    pinned: Sequence[Message], turns: Sequence[Message], earlier: str
) -> tuple[Message, ...]:
    """What is pinned, with `earlier` at its end, then the turns.

    No turn of its own: templates such as Gemma's refuse what is neither a student's nor a tutor's.
    """
    if not earlier:
        return (*pinned, *turns)
    before, last = pinned[:-1], pinned[-1] if pinned else Message("system", "")
    text = f"{last.content}\n\n{EARLIER}{earlier}".strip()
    return (*before, Message(last.role, text), *turns)


def quoted(gone: Sequence[Message], earlier: str) -> str:
    """What a student wrote, the last first, each in a few words; without a model.

    >>> quoted([Message("user", "What is 3/4 of 20?"), Message("assistant", "What is 1/4?")], "")
    'the student wrote: "What is 3/4 of 20?"'
    """
    asked = [turn.content for turn in gone if turn.role == "user"]
    short = (textwrap.shorten(text, QUOTED_CHARACTERS, placeholder=" ...") for text in asked[::-1])
    told = "; ".join(f'"{text}"' for text in short)
    text = f"the student wrote: {told}" if told else ""
    return "\n".join(part for part in (text, earlier) if part)[:SUMMARY_CHARACTERS].rstrip()


def context_use(
    pinned: Sequence[Message], turns: Sequence[Message], *, count: Count, limit: int, earlier: str
) -> ContextUse:
    """The meter of these messages."""
    turn = Message("user", "")  # templates refuse a conversation without any
    empty, fixed, told = (
        count(part)
        for part in ([turn], joined(pinned, [turn], ""), joined(pinned, [turn], earlier))
    )
    used = count(joined(pinned, turns or [turn], earlier))
    parts = (
        ("instructions, problem and learner card", fixed - empty),
        ("summary of earlier turns", told - fixed),
        ("turns", used - told + empty),
    )
    return ContextUse(used, limit, tuple(part for part in parts if part[1]))
