"""The grammar of tutor turns: what it reads, and what it refuses."""

import pytest

from llmq.practice.phrases import FORMS, Kind, Verdict
from llmq.practice.turns import TutorTurn, parse_tutor_turn


@pytest.mark.parametrize("name", FORMS)
def test_every_sentence_of_every_form_is_read(name: str) -> None:
    form = FORMS[name]
    for opening in form.openings:
        for sentence in form.sentences:
            turn = TutorTurn(form.verdict, form.kind, opening, sentence)
            assert parse_tutor_turn(str(turn)) == turn


def test_the_first_word_gives_the_verdict_away() -> None:
    verdicts: dict[str, set[Verdict]] = {}
    for form in FORMS.values():
        for opening in form.openings:
            verdicts.setdefault(opening.split()[0].strip(".,!"), set()).add(form.verdict)
    assert all(len(found) == 1 for found in verdicts.values()), verdicts


@pytest.mark.parametrize(
    ("text", "verdict", "kind"),
    [
        ("Correct. What is left to add?", Verdict.CORRECT, Kind.ASK),
        ("Exactly. You found the answer yourself.", Verdict.CORRECT, Kind.PRAISE),
        ("Not quite. Work out -36/4.", Verdict.INCORRECT, Kind.HINT),
        ("You can find it yourself. Work out 3*12.", Verdict.NONE, Kind.DECLINE),
        ("I see. How did you work that out?", Verdict.NONE, Kind.CHECK),
        ("Hello! Which problem are you working on?", Verdict.NONE, Kind.ASK),
    ],
)
def test_turns_are_read(text: str, verdict: Verdict, kind: Kind) -> None:
    turn = parse_tutor_turn(text)
    assert turn is not None
    assert (turn.verdict, turn.kind) == (verdict, kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Correct.",
        "Correct. ",
        "The answer is 36.",
        "Correct. The answer is 36.",
        "Correct. Work out 3*12.",  # a right step is not hinted at
        "Not quite. Work out 3*12",
        "Not quite. Work out 3*12=36.",
        "Not quite.  Work out 3*12.",
        "Not quite. Work out 3*12. Work out 3*12.",
        "Hello! Subtract on both sides.",
        "not quite. Work out 3*12.",
        "Not quite. Work out 3*12.\n",
    ],
)
def test_what_is_no_turn_is_refused(text: str) -> None:
    assert parse_tutor_turn(text) is None
