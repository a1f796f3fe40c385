"""The tutor's phrases: a turn is an opening, which carries the verdict, and one sentence after it.

The first word of an opening belongs to one verdict only, so a reader, a program and a small model
all know after one word whether the student's step was right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from llmq.practice.guides import GUIDES


class Verdict(StrEnum):
    """What a tutor turn says about the student's last step."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NONE = "none"


class Kind(StrEnum):
    """What a tutor turn does next."""

    ASK = "ask"  # puts the next question
    HINT = "hint"  # gives one rung of the ladder
    PRAISE = "praise"  # closes a solved problem
    CHECK = "check"  # asks how the student got there
    DECLINE = "decline"  # does not give the answer away, and hints instead
    FAREWELL = "farewell"  # says goodbye


@dataclass(frozen=True, slots=True)
class Form:
    """One shape of a tutor turn: any of its openings, then any of its sentences."""

    verdict: Verdict
    kind: Kind
    openings: tuple[str, ...]
    sentences: tuple[str, ...]


_RIGHT = ("Correct.", "Yes, that is right.", "Exactly.", "Well worked out.")
_WRONG = ("Not quite.", "Nearly, but no.", "Check that again.", "Something is off.")

_ASKS = tuple(guide.ask for guide in GUIDES.values())
_HINTS = (*_ASKS, *(guide.do for guide in GUIDES.values()))
_OWN_PROBLEM = (
    "Which problem are you working on?",
    "What does the problem say?",
    "Please type the problem and your first step.",
)
_OWN_HINTS = (
    "Write down what you know.",
    "Which numbers does the problem give you?",
    "Which operation fits the story?",
    "Start with the smallest part.",
)
_OWN_STEPS = ("What is your first step?", "What would you try first?")
_CLOSINGS = (
    "That was the last step. You solved it!",
    "You found the answer yourself.",
    "The problem is solved. Great work!",
)
_CHECKS = (
    "How did you work that out?",
    "Can you check it another way?",
    "Does that fit the problem?",
)
_GOODBYES = ("Come back any time.", "Good luck with the next one.")

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "right": Form(Verdict.CORRECT, Kind.ASK, _RIGHT, _ASKS),
        "solved": Form(Verdict.CORRECT, Kind.PRAISE, _RIGHT, _CLOSINGS),
        "wrong": Form(Verdict.INCORRECT, Kind.HINT, _WRONG, _HINTS),
        "stuck": Form(
            Verdict.NONE,
            Kind.HINT,
            ("No problem.", "Let us look at it together.", "Take your time."),
            (*_HINTS, *_OWN_HINTS),
        ),
        "tell me": Form(
            Verdict.NONE,
            Kind.DECLINE,
            ("I will not tell you, but I can help.", "You can find it yourself."),
            (*_HINTS, *_OWN_HINTS),
        ),
        "hello": Form(
            Verdict.NONE,
            Kind.ASK,
            ("Hello!", "Hi, good to see you."),
            (*_ASKS, *_OWN_PROBLEM),
        ),
        "off topic": Form(
            Verdict.NONE,
            Kind.ASK,
            ("Another time.", "First the maths."),
            (*_ASKS, *_OWN_PROBLEM),
        ),
        "own problem": Form(Verdict.NONE, Kind.ASK, ("Thank you.", "Good."), _OWN_STEPS),
        "own step": Form(Verdict.NONE, Kind.CHECK, ("I see.", "Interesting."), _CHECKS),
        "thanks": Form(
            Verdict.NONE, Kind.FAREWELL, ("You are welcome.", "My pleasure."), _GOODBYES
        ),
    }
)
