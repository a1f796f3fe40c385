"""Times of day, in figures and in words: 12:22, 12.22 pm, 22 past 12, twelve twenty-two."""

import re
from collections.abc import Callable, Iterator

from llmq.tutor.exercise import Exercise
from llmq.tutor.guarding.figures import figured
from llmq.tutor.guarding.secrets import TIME
from llmq.tutor.guarding.signs import clean, flat

HALF_DAY = 720  # minutes; a clock's face does not tell morning from evening
NOON = re.compile(r"\b(?:noon|midday|midnight|noontime)\b")
FRACTIONS = {"quarter": 15, "half": 30}
MINUTES = rf"(\d{{1,2}}|{'|'.join(FRACTIONS)})(?: minutes?)?"
Minutes = Callable[[int, int], int]
SAID: tuple[tuple[re.Pattern[str], Minutes], ...] = (
    (re.compile(r"(?<![\d:.])(\d{1,2}) ?(?:[:h]|\.(?=\d)|hours?(?: and)?) ?([0-5]?\d)(?![\d:])"), lambda hour, minute: 60 * hour + minute),
    (re.compile(r"(?<![\d:.])(\d{1,2}) ([0-5]\d)(?= ?(?:am|pm|a\.m|p\.m|o'clock|in the))"), lambda hour, minute: 60 * hour + minute),
    (re.compile(r"\bat (\d{1,2}) ([0-5]\d)(?![\d.]\d|\d)"), lambda hour, minute: 60 * hour + minute),
    (re.compile(r"(?<![\d:.,])(\d{1,2})([0-5]\d)(?![\d:]|[.,]\d)"), lambda hour, minute: 60 * hour + minute),
    (re.compile(rf"\b{MINUTES} (?:before|to) half past (\d{{1,2}})\b"), lambda minute, hour: 60 * hour + 30 - minute),
    (re.compile(rf"\b{MINUTES} (?:after|past) half past (\d{{1,2}})\b"), lambda minute, hour: 60 * hour + 30 + minute),
    (re.compile(rf"\b{MINUTES} (?:past|after) (\d{{1,2}})\b"), lambda minute, hour: 60 * hour + minute),
    (re.compile(rf"\b{MINUTES} (?:to|before|short of) (\d{{1,2}})\b"), lambda minute, hour: 60 * hour - minute),
)  # fmt: skip


def tells_time(text: str, exercise: Exercise, done: tuple[str, ...]) -> bool:
    """Whether a flat sentence names a time of day that the student has to find.

    >>> ride = Exercise("r", "times", "It is 9:47. What is it 2 h 35 min later?", "12:22")
    >>> [tells_time(t, ride, ()) for t in ("It is 22 past noon.", "Twelve twenty-two", "9:47?")]
    [True, True, False]
    """
    values = [step.value for step in exercise.steps if step.value not in done]
    times = [value for value in (exercise.key, *values) if TIME.fullmatch(value.strip())]
    if not times:
        return False
    hidden = {time for value in times for time in _times(value)}
    shown = {time for given in (exercise.question, *done) for time in _times(given)}
    return not (hidden - shown).isdisjoint(_times(text))


def _times(text: str) -> Iterator[int]:
    whole = figured(NOON.sub("12", flat(clean(text)).casefold()), whole=True)
    for pattern, minutes in SAID:
        for match in pattern.finditer(whole):
            yield minutes(*(FRACTIONS.get(said) or int(said) for said in match.groups())) % HALF_DAY
