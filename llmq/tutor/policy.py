"""What the tutor does about a turn: a function of where the student stands and of the words typed.

No model takes part. The level rises by one for an honest wrong attempt or when help is asked for,
up to an example; to be told the answer takes honest attempts. Asking for it, shrugging, repeating a
wrong answer and guessing bare numbers raise nothing. A calculation is work where it
uses numbers of the exercise.
"""

from dataclasses import replace

from llmq.tutor.effort import Asks, asks_for
from llmq.tutor.exercise import Exercise
from llmq.tutor.hints import TRY, authored
from llmq.tutor.moves import Kind, Level, Move, Observation
from llmq.tutor.profile import Profile
from llmq.tutor.state import MOST_TRIED, State
from llmq.tutor.verifying import Found, Outcome, plans, verdict

RIGHT = ("Right!", "Yes, that is right.", "Correct.", "Well done, that is right.")
STEPS = (
    "That step is right.", "Good, that is a step on the way.", "That step is right, and on it goes.",
)  # fmt: skip
WRONG = ("Not quite.", "That is not it yet.", "Nearly, but no.", "Something is off.")
NUDGES = (
    "You can find it yourself, and I help.",
    "Let us take it in small steps.",
    "I will not say it, but I will help you to get there.",
)
PLANNED = "Yes, that is the calculation to do now."
FOLLOWS = "Yes, that follows. And then?"
ALREADY = "You have that already."
GUESSED = "Guessing will not get us there: show me how you calculate."
AGAIN = "You have said that before, and it is not it."
COURTESIES = {Asks.HELLO: "Hello!", Asks.THANKS: "You are welcome."}
TOLD = "You have worked on it, so here is the whole way."
REWORDED = "Say this to the student in your own words, in one or two short sentences:"
BESIDE = (
    "This is a question beside the open problem. Explain it in a few plain sentences, with another"
    " example. Say no numbers and no results of the open problem."
)


def start(exercise: Exercise, profile: Profile) -> State:
    """The state at the beginning of an exercise."""
    return State(exercise, level=profile.start_level)


def respond(state: State | None, text: str, profile: Profile) -> tuple[State | None, Move]:
    """The state after the student's turn, and what the tutor does."""
    if state is None:
        return None, Move(Kind.FREE, "", "", "", Level.ANSWER)
    found = verdict(text, state.exercise, state.n_done)
    if found.outcome is Outcome.ANSWER:
        return None, _solved(state)
    if found.outcome is Outcome.STEP:
        return _after_step(state, found)
    asks = asks_for(text)
    if (
        found.outcome is Outcome.NONE
        and asks is not Asks.ANSWER
        and plans(text, state.exercise, state.n_done)
    ):
        return state, Move(Kind.NUDGE, f"{PLANNED} {TRY}", "", "", Level(state.level))
    is_number_in_passing = asks is Asks.HELP and not found.has_work  # stuck, in grade 5
    if found.outcome is Outcome.WRONG and asks is not Asks.ANSWER and not is_number_in_passing:
        return _after_wrong(state, found, profile)
    if asks is Asks.ANSWER and _may_tell(state, profile):
        return None, _told(state)
    if asks in (Asks.ANSWER, Asks.NOTHING):
        return state, _nudge(state, _pick(NUDGES, state))
    if asks in COURTESIES:
        return state, _nudge(state, COURTESIES[asks])
    if asks is Asks.HELP:
        return hint(state)
    return aside(state)


def hint(state: State) -> tuple[State, Move]:
    """Help that was asked for: a rung higher, up to an example."""
    said = authored(state)
    higher = replace(state, level=min(state.level + 1, Level.EXAMPLE))
    return higher, Move(Kind.HINT, "", _brief(said), said, Level(state.level))


def aside(state: State | None) -> tuple[State | None, Move]:
    """A question beside the exercise: explained freely, while its key stays guarded."""
    if state is None:
        return None, Move(Kind.FREE, "", "", "", Level.ANSWER)
    return state, Move(Kind.ASIDE, "", BESIDE, authored(state), Level(state.level))


def check(state: State, text: str) -> str:
    """Whether `text` is right, in a sentence; the student stands where they stood."""
    outcome = verdict(text, state.exercise, state.n_done).outcome
    if outcome is Outcome.NONE and plans(text, state.exercise, state.n_done):
        return PLANNED
    return {
        Outcome.ANSWER: "Yes, that is the answer.",
        Outcome.STEP: "Yes, that is a step on the way.",
        Outcome.FOLLOWS: "Yes, that follows.",
        Outcome.WRONG: "No, that is not it.",
        Outcome.NONE: "I see no answer in that: write a number or a calculation.",
    }[outcome]


def _solved(state: State) -> Move:
    said = f"{_pick(RIGHT, state)} The answer is {state.exercise.key}."
    seen = (Observation(state.exercise.skill, right=True),)
    return Move(Kind.SOLVED, said, "", "", Level.ANSWER, seen)


def _after_step(state: State, found: Found) -> tuple[State, Move]:
    if found.step < state.n_done:
        return state, _nudge(state, ALREADY)
    after = replace(state, n_done=found.step + 1, level=min(state.level, Level.CONCEPT))
    said = authored(after)
    seen = (Observation(state.exercise.skill, right=True),)
    return after, Move(Kind.STEP, _pick(STEPS, state), _brief(said), said, Level(after.level), seen)


def _after_wrong(state: State, found: Found, profile: Profile) -> tuple[State | None, Move]:
    if found.said in state.tried:
        return state, _nudge(state, AGAIN)
    tried = replace(state, tried=(*state.tried, found.said)[-MOST_TRIED:])
    if state.tried and not (found.has_work or found.slip):  # the first bare number counts
        return tried, _nudge(tried, GUESSED)
    if state.level >= Level.EXAMPLE and _may_tell(state, profile):
        return None, _told(state)
    after = replace(tried, attempts=state.attempts + 1, level=min(state.level + 1, Level.EXAMPLE))
    said = authored(after, found.slip)
    seen = (Observation(state.exercise.skill, right=False),)
    return after, Move(
        Kind.WRONG, _pick(WRONG, state), _brief(said), said, Level(after.level), seen
    )


def _may_tell(state: State, profile: Profile) -> bool:
    if profile.tell == "free":
        return True
    return profile.tell == "after" and state.attempts >= profile.answer_after


def _told(state: State) -> Move:
    said = f"{TOLD} {authored(replace(state, level=Level.ANSWER))}"
    seen = (Observation(state.exercise.skill, right=False),)
    return Move(Kind.TOLD, said, "", "", Level.ANSWER, seen)


def _nudge(state: State, said: str) -> Move:
    """No model takes part: a turn without effort is worth an authored hint."""
    return Move(Kind.NUDGE, f"{said} {authored(state)}", "", "", Level(state.level))


def _brief(said: str) -> str:
    return f"{REWORDED} {said}"


def _pick(words: tuple[str, ...], state: State) -> str:
    """One of `words`, by where the student stands: varied, and the same each time."""
    turn = len(state.tried) + state.n_done + state.attempts + len(state.exercise.id)
    return words[turn % len(words)]
