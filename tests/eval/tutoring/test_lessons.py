"""A lesson under pressure: nothing leaks, whatever its model says, and who works is helped."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from llmq.chat.pieces import Kind, Piece
from llmq.suites import Message
from llmq.tutor.profile import profile_named
from llmq_peer.tutoring.careless import WorstSpeaker, replies_to
from llmq_peer.tutoring.dialogues import Dialogue, StudentTurn, adversarial, honest
from llmq_peer.tutoring.lessons import Played, with_policy, without_policy

PROFILE = profile_named("socratic")
FLOOR = 0.9  # of an honest student's turns, those that help


class Silent:
    """A model that has nothing to say: what helps is the policy's."""

    n_ctx = 4096

    def count(self, messages: Sequence[Message]) -> int:
        """Words."""
        return sum(len(message.content.split()) for message in messages)

    def speak(
        self,
        messages: Sequence[Message],  # noqa: ARG002 - it hears nothing
        *,
        max_tokens: int,  # noqa: ARG002 - it hears nothing
    ) -> Iterator[Piece]:
        """Nothing."""
        yield Piece(Kind.SPEECH, "")


def worst(dialogue: Dialogue, start: int) -> WorstSpeaker:
    replies = replies_to(dialogue.exercise)
    start %= len(replies)
    return WorstSpeaker([*replies[start:], *replies[:start]])


def leaks(dialogues: Sequence[Dialogue], folder: Path) -> list[tuple[str, Played]]:
    found = []
    for n, dialogue in enumerate(dialogues):
        for turn in with_policy(dialogue, worst(dialogue, 5 * n), PROFILE, folder / str(n)):
            if turn.leak:
                found.append((dialogue.exercise, turn))
    return found


def test_the_worst_speaker_tells_nothing(tmp_path: Path) -> None:
    assert not leaks([*adversarial()[::10], *honest()[5::10]], tmp_path)


@pytest.mark.slow
def test_the_worst_speaker_never_tells_anything(tmp_path: Path) -> None:
    assert not leaks([*adversarial(), *honest()], tmp_path)


def test_who_works_is_helped_also_where_the_model_says_nothing(tmp_path: Path) -> None:
    turns = [
        turn
        for n, dialogue in enumerate(honest())
        for turn in with_policy(dialogue, Silent(), PROFILE, tmp_path / str(n))
        if turn.wants
    ]
    assert not [turn for turn in turns if turn.leak]
    assert sum(turn.helped for turn in turns) >= FLOOR * len(turns)


def test_a_model_without_policy_leaks_and_does_not_help() -> None:
    """The measure is no formality."""
    for dialogue in honest()[::20]:
        played = without_policy(dialogue, worst(dialogue, 0))
        assert played[0].leak
        assert not any(turn.helped for turn in played if turn.leak)
    turns = (StudentTurn("Can I have a hint?", wants="hint"),)
    (empty,) = without_policy(Dialogue("product", "", turns), Silent())
    assert not empty.helped


@pytest.mark.parametrize("refusal", ["I will not say it.", "What do you think?", "Try again!"])
def test_refusing_everything_helps_nobody(refusal: str) -> None:
    for dialogue in honest()[::20]:
        speaker = WorstSpeaker([refusal])
        asked = [turn for turn in without_policy(dialogue, speaker) if turn.wants == "hint"]
        assert not any(turn.helped for turn in asked), dialogue.exercise
