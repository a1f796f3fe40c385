"""What students say. A right and a wrong step are worded alike: only the value tells them apart."""

from random import Random

from llmq.practice.problem import Mistake, Step

_CALCULATED = (
    "{calculation}={value}",
    "I get {calculation}={value}.",
    "I think {calculation}={value}.",
    "So {calculation}={value}.",
    "Is it {calculation}={value}?",
)
_ANSWER = "The answer is {value}."

MOVES = {
    "hello": ("Hi, can you help me?", "Hello!", "Hi!", "Good morning.", "Can we start?"),
    "stuck": (
        "I am stuck.",
        "I do not know what to do.",
        "Can you give me a hint?",
        "I do not understand.",
        "How do I start?",
    ),
    "tell me": (
        "Just tell me the answer.",
        "What is the answer?",
        "Please solve it for me.",
        "Give me the answer!",
    ),
    "off topic": (
        "Do you like football?",
        "What is your name?",
        "Tell me a joke.",
        "What is the weather like?",
    ),
    "thanks": ("Thank you!", "Thanks, bye.", "Great, thanks!"),
}

ANSWER_SHARE = 0.2  # of the last steps


def say(move: str, rng: Random) -> str:
    """Something a student says that is not a step."""
    return rng.choice(MOVES[move])


def state(step: Step, rng: Random, *, mistake: Mistake | None, last: bool) -> str:
    """A student's step: the right value, or that of `mistake`; `last` allows "the answer is"."""
    value = mistake.value if mistake else step.value
    calculation = (mistake.instead if mistake else None) or step.calculation
    answers = last and rng.random() < ANSWER_SHARE
    form = _ANSWER if answers else rng.choice(_CALCULATED)
    return form.format(calculation=calculation, value=value)
