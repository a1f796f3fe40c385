"""A tutor turn as a value, and the grammar that reads one back from text."""

import re
from dataclasses import dataclass

from llmq.practice.phrases import FORMS, Form, Kind, Verdict
from llmq.practice.problem import EXPRESSION

_LAST_RUNG = re.compile(rf"Work out {EXPRESSION}\.")


@dataclass(frozen=True, slots=True)
class TutorTurn:
    """What a tutor says: a verdict, what the turn does, and its two parts of text."""

    verdict: Verdict
    kind: Kind
    opening: str
    sentence: str

    def __str__(self) -> str:
        """The text of the turn."""
        return f"{self.opening} {self.sentence}"


def parse_tutor_turn(text: str) -> TutorTurn | None:
    """The turn that `text` is, or None where it is not one: the whole text must fit one form.

    >>> parse_tutor_turn("Not quite. Work out 3*12.").verdict
    <Verdict.INCORRECT: 'incorrect'>
    >>> parse_tutor_turn("The answer is 36.") is None
    True
    """
    for form in FORMS.values():
        for opening in form.openings:
            sentence = text.removeprefix(f"{opening} ")
            if sentence != text and _fits(sentence, form):
                return TutorTurn(form.verdict, form.kind, opening, sentence)
    return None


def _fits(sentence: str, form: Form) -> bool:
    hinting = form.kind in (Kind.HINT, Kind.DECLINE)
    return sentence in form.sentences or (hinting and _LAST_RUNG.fullmatch(sentence) is not None)
