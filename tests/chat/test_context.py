"""What is pinned stands in every prompt; turns are added; the oldest go when a policy says so."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from llmq.chat.context import (
    COMPACT_AT,
    COMPACT_TO,
    Fitted,
    Policy,
    compacted,
    context_use,
    fit,
)
from llmq.errors import ModelError
from llmq.suites import Message

PINNED = (Message("system", "be kind. Problem: 3/4 of 20. Learner: fractions 42 %"),)


def words(messages: Sequence[Message]) -> int:
    """A token is a word here, and each turn has three marks."""
    return sum(3 + len(message.content.split()) for message in messages)


def lesson(
    n_turns: int, policy: Policy, room: int, seed: int
) -> list[tuple[list[Message], Fitted]]:
    """Each prompt of a lesson as Lesson keeps it: what was dropped is given no more."""
    rng = random.Random(seed)
    turns: list[Message] = []
    summary, prompts = "", []
    for n in range(n_turns):
        turns.append(Message("user", " ".join([f"q{n}", *["word"] * rng.randrange(20)])))
        found = fit(PINNED, turns, count=words, room=room, policy=policy, earlier=summary)
        prompts.append((turns, found))
        turns, summary = turns[found.n_dropped :], found.summary
        turns = [*turns, Message("assistant", " ".join(["answer"] * rng.randrange(1, 25)))]
    return prompts


@pytest.mark.parametrize("policy", [Policy.SUMMARISE, Policy.DROP])
@pytest.mark.parametrize("seed", range(10))
def test_what_is_pinned_is_in_every_prompt_at_any_length(policy: Policy, seed: int) -> None:
    prompts = lesson(300, policy, 120 + 17 * seed, seed)
    for turns, found in prompts:
        first, *rest = found.messages
        assert first.content.startswith(PINNED[0].content)
        assert rest == turns[found.n_dropped :]
        assert rest[0].role == "user"
        assert rest[-1] == turns[-1]
        assert words(found.messages) <= COMPACT_AT * (120 + 17 * seed)
        assert bool(found.remark) == bool(found.n_dropped)
    assert any(found.n_dropped for _, found in prompts)


def test_a_prompt_begins_with_the_one_before_it_until_the_policy_runs() -> None:
    prompts = lesson(200, Policy.SUMMARISE, 600, 1)
    for (_, before), (_, after) in pairwise(prompts):
        if not after.n_dropped:
            assert after.messages[: len(before.messages)] == before.messages
    assert sum(found.n_dropped > 0 for _, found in prompts) < 40


@pytest.mark.parametrize("policy", [Policy.SUMMARISE, Policy.DROP])
def test_a_policy_leaves_room_for_many_more_turns(policy: Policy) -> None:
    """A turn takes about 5 % of this room: after a remark a third of it is free for others."""
    prompts = lesson(200, policy, 600, 1)
    ran = [n for n, (_, found) in enumerate(prompts) if found.n_dropped]
    assert all(words(prompts[n][1].messages) <= COMPACT_TO * 600 for n in ran)
    assert min(after - before for before, after in pairwise(ran)) >= 5


def test_the_summary_is_in_the_prompt_and_goes_on() -> None:
    ran = [(t, f) for t, f in lesson(200, Policy.SUMMARISE, 400, 2) if f.n_dropped]
    (turns, first), (_, second) = ran[:2]
    asked = [turn.content for turn in turns[: first.n_dropped] if turn.role == "user"]
    assert f'"{asked[-1].split()[0]}' in first.summary
    assert first.summary in first.messages[0].content
    assert second.summary in second.messages[0].content
    assert second.summary != first.summary


def test_a_model_may_tell_what_went() -> None:
    turns = [Message("user", "a " * 30), Message("assistant", "b " * 30), Message("user", "c")]
    found = fit(
        PINNED, turns, count=words, room=80, earlier="x", summary=lambda gone, e: f"{len(gone)}{e}"
    )
    assert (found.summary, found.n_dropped) == ("2x", 2)


def test_stop_drops_nothing_and_says_so_before_it_is_full() -> None:
    turns = [Message("user", "word " * 70)]
    found = fit(PINNED, turns, count=words, room=98, policy=Policy.STOP)
    assert (found.n_dropped, found.messages[1:]) == (0, tuple(turns))
    assert "(88%)" in found.remark
    with pytest.raises(ModelError, match="my context is full"):
        fit(PINNED, turns, count=words, room=80, policy=Policy.STOP)


def test_a_message_that_cannot_fit_is_refused_in_words_for_a_student() -> None:
    with pytest.raises(ModelError, match=r"^That is too long for me, please say it shorter"):
        fit(PINNED, [Message("user", "word " * 500)], count=words, room=100)


def test_by_hand_about_half_goes() -> None:
    turns = [Message(role, "word " * 7) for _ in range(20) for role in ("user", "assistant")]
    found = compacted(PINNED, turns, count=words, room=4000)
    assert 14 <= found.n_dropped <= 26
    assert "short summary" in found.remark


def test_the_meter_adds_up() -> None:
    turns = [Message("user", "how so"), Message("assistant", "look here")]
    use = context_use(PINNED, turns, count=words, limit=100, earlier="much")
    assert use.used == sum(n for _, n in use.parts) == words([*PINNED, *turns]) + 5
