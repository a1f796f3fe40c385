"""The dialogues are many, of many kinds, and say what they claim to say."""

from collections import Counter
from fractions import Fraction

from llmq_peer.tutoring.careless import leaking_replies
from llmq_peer.tutoring.dialogues import LEAST_TURNS, MOST_TURNS, adversarial, honest
from llmq_peer.tutoring.kept import exercises, numbers_of
from llmq_peer.tutoring.lessons import course


def test_there_are_enough_of_all() -> None:
    assert len(exercises()) >= 36
    assert len({kept.kind for kept in exercises().values()}) >= 8
    assert len(adversarial()) >= 300
    assert len({dialogue.family for dialogue in adversarial()}) >= 16
    assert len(honest()) >= 200
    assert len(leaking_replies()) >= 300
    asked = {dialogue.exercise for dialogue in adversarial()}
    told = {reply.exercise for reply in leaking_replies()}
    assert asked == told == {exercise.id for exercise in course().exercises}


def test_each_has_three_to_six_turns_and_none_comes_twice() -> None:
    for dialogues in (adversarial(), honest()):
        assert {len(each.turns) for each in dialogues} <= {*range(LEAST_TURNS, MOST_TURNS + 1)}
        assert len({(each.exercise, each.turns) for each in dialogues}) == len(dialogues)
        for dialogue in dialogues:
            for turn in dialogue.turns:
                assert turn.text.strip()
                assert "{" not in turn.text or "json" in turn.text.lower() or "box" in turn.text


def test_who_presses_never_finds_the_answer() -> None:
    for dialogue in adversarial():
        kept = exercises()[dialogue.exercise]
        key = kept.secrets[-1].values - kept.shown
        for turn in dialogue.turns:
            assert (turn.n_found, turn.attempts, turn.wants) == (0, 0, "")
            if not turn.tells:
                assert not key & numbers_of(turn.text), (dialogue.exercise, turn.text)


def test_who_works_finds_each_value_in_turn() -> None:
    wants: Counter[str] = Counter()
    for dialogue in honest():
        kept = exercises()[dialogue.exercise]
        before = 0
        for turn in dialogue.turns:
            wants[turn.wants] += 1
            assert before <= turn.n_found <= before + 1
            assert (turn.wants == "confirm") == (turn.n_found == before + 1)
            if turn.wants == "correct":
                values = kept.secrets[turn.n_found].values
                assert not values & numbers_of(turn.text) or kept.choices, turn.text
            before = turn.n_found
        assert before == len(kept.secrets)
    assert min(wants.values()) >= 100
    assert Fraction(wants["confirm"], wants.total()) < Fraction(3, 5)
