"""The guard reads a reply before the student does, sentence by sentence.

While an exercise is open, a sentence is withheld that tells its key or the value of a step which
the student has not found, in any form that `llmq.answers` and `disguises` know; that says it in a
roundabout way (one more than 11, its first digit); that names the right option; or that speaks a
verdict, which is the verifier's. What the question shows, and what the student has found, is free
unless it is asserted. It goes by rules: a paraphrase without numbers is not seen, and now and then
a harmless sentence is taken for one that tells.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from llmq.answers.algebra import same
from llmq.answers.nodes import TooLargeError, rational, symbols
from llmq.answers.quantities import plain, quantities
from llmq.answers.readings import as_words, readings, tidy
from llmq.tutor.disguises import undisguised
from llmq.tutor.exercise import Exercise
from llmq.tutor.moves import Level

VERDICT = re.compile(
    r"^\W*(?:yes|yep|yeah|correct|exactly|right|precisely|indeed|bingo|perfect|no|nope|wrong|incorrect|richtig|genau|falsch|correcto|exacto|oui|exactement|sì|esatto|sim)\b(?=\W|$)"
    r"|\b(?:that|this|it|you|answer|your\s+\w+)(?:['’]?s|\s+is|\s+are|['’]re)\s+(?:\w+\s+)?(?:correct|right|incorrect|wrong|exact|spot on)\b"  # signs that people type
    r"|\b(?:you(?:['’]ve| have)?|you)\s+(?:got|get|found|nailed)\s+(?:it|the answer)\b"  # signs that people type
    r"|\b(?:not quite|well done|good job|great job)\b",
    re.IGNORECASE,
)
ASSERTED = re.compile(
    r"(?:=|≈|\b(?:answer|key|solution|result|option|choice)\b\W*|"
    r"\b(?:is|are|be|equals?|equal to|makes?|gives?|get|gets|got|leaves?|becomes?|comes to|ist|sind|est|es|è|são)\b)"
    r"[\s:\"'(\[{$£€*]*(?:exactly|just|simply)?\s*$",
    re.IGNORECASE,
)
TERM = re.compile(r"[\d(][\d\s.()+\-*/×÷·^]{0,60}[\d)]")  # signs that people type
OPERATOR = re.compile(r"[-+*/×÷·^]")  # signs that people type
DIGITS = re.compile(
    r"\b(?:first|last|second|third|tens?|units?|ones|hundreds)['\s-]*(?:digit|figure|place|letter)|\bdigits?\s+(?:is|are|sum|add)|\bends? (?:in|with)\b|\b(?:starts?|begins?) with\b|\brhymes with\b",
    re.IGNORECASE,
)
N = r"(\d+(?:\.\d+)?)"
# What is meant by a number, or by two, said in a roundabout way.
Meaning = Callable[[Fraction, Fraction], frozenset[Fraction]]


def _sum(a: Fraction, b: Fraction) -> frozenset[Fraction]:
    return frozenset({a + b})


def _difference(a: Fraction, b: Fraction) -> frozenset[Fraction]:
    return frozenset({b - a})


def _middle(a: Fraction, b: Fraction) -> frozenset[Fraction]:
    return frozenset({(a + b) / 2} if b - a <= 4 else ())


def _times(factor: Fraction) -> Meaning:
    return lambda a, _: frozenset({a * factor})


def _beside(*offsets: int) -> Meaning:
    return lambda a, _: frozenset(a + offset for offset in offsets)


ROUNDABOUT: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(rf"\b(\d+) (?:more|greater|larger|higher|above|after) (?:than )?{N}"), _sum),
    (re.compile(rf"\b(\d+) (?:less|fewer|smaller|lower|below|before|under) (?:than )?{N}"), _difference),
    (re.compile(rf"\bhalf (?:of )?{N}()"), _times(Fraction(1, 2))),
    (re.compile(rf"\b(?:double|twice) (?:of )?{N}()"), _times(Fraction(2))),
    (re.compile(rf"\b(?:just|right|next number|comes) (?:after|above|over) {N}()"), _beside(1)),
    (re.compile(rf"\b(?:just|right|comes) (?:before|below|under) {N}()"), _beside(-1)),
    (re.compile(rf"\bbetween {N} and {N}"), _middle),
    (re.compile(rf"\b(?:bigger|greater|more|larger|less|smaller) than {N}()"), _beside(1, -1)),
)  # fmt: skip
DOZEN = re.compile(r"\ba dozen\b", re.IGNORECASE)
OPTION = r"(?:\b(?:option|choice|letter|answer)\b\W*(?:is\W+)?|^\W*|\b(?:is|pick|choose|take|select)\s+\(?)\(?{letter}\b"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
REMEMBERED = 4  # sentences that are read together, for an answer that is told in parts


class Guard:
    """Reads what is said about `exercise` on a rung of the ladder; None: everything passes.

    `done` are the values that the student has found, `student` the student's turns, `told` the
    tutor's.
    """

    def __init__(
        self,
        exercise: Exercise | None,
        *,
        level: Level,
        done: Sequence[str] = (),
        student: Sequence[str] = (),
        told: Sequence[str] = (),
    ) -> None:
        self._exercise = exercise if level < Level.ANSWER else None
        self._level = level
        self._told = list(told)[-REMEMBERED:]
        if self._exercise is None:
            return
        self._done = frozenset(_numbers(" ; ".join(done)))
        self._shown = frozenset(_numbers(self._exercise.question)) | self._done
        steps = self._exercise.steps
        values = (step.value for step in steps if step.value not in done)
        self._hidden = frozenset(_numbers(" ; ".join((self._exercise.key, *values)))) - self._done
        self._key = frozenset(_numbers(self._exercise.key))
        self._works = [plain(step.work) for step in steps[: len(done) + 1]]
        self._guesses = frozenset(_numbers(" ; ".join(student[-1:])))

    def check(self, sentence: str) -> str | None:
        """Why `sentence` is withheld; None: it passes, and is remembered.

        >>> exercise = Exercise("sum", "sums", "What is 20 - 8?", "12")
        >>> guard = Guard(exercise, level=Level.GOAL)
        >>> [guard.check(text) for text in ("Count back from 20.", "It is 12.", "Es sind zwölf.")]
        [None, 'a hidden number', 'a hidden number']
        """
        if self._exercise is None:
            return None
        reason = next(self._reasons(sentence), None)
        if reason is None:
            self._told = [*self._told, sentence][-REMEMBERED:]
        return reason

    def _reasons(self, sentence: str) -> Iterator[str]:
        assert self._exercise is not None
        if VERDICT.search(sentence):
            yield "a verdict"
        if DIGITS.search(sentence):
            yield "a part of the answer"
        for text in dict.fromkeys(map(plain, undisguised(sentence))):
            if self._tells_number(DOZEN.sub("12", text)):
                yield "a hidden number"
            if self._calculates(text):
                yield "a calculation of the answer"
            if self._goes_around(text):
                yield "the answer in a roundabout way"
        if self._exercise.choices and self._names_option(sentence):
            yield "the right option"
        if not self._key and self._says_words(sentence):
            yield "the answer"

    def _tells_number(self, text: str) -> bool:
        for quantity in quantities(text):
            values = (
                {quantity.value, quantity.value / 100} if quantity.percent else {quantity.value}
            )
            if not values & self._hidden:
                continue
            asserted = ASSERTED.search(text[max(0, quantity.start - 40) : quantity.start])
            small = quantity.spelled and quantity.value <= 3
            free = values & self._shown or small or _is_in_work(text, quantity.start, self._works)
            if asserted or not free:
                return True
        return False

    def _calculates(self, text: str) -> bool:
        """Whether a calculation comes to what is hidden, and is not the one to do next."""
        for match in TERM.finditer(text):
            term = match[0].strip()
            if not OPERATOR.search(term[1:]) or _compact(term) in map(_compact, self._works):
                continue
            value = _value(term)
            if value is not None and value in self._hidden:
                return _compact(term) not in _compact(plain(self._question()))
        return False

    def _question(self) -> str:
        assert self._exercise is not None
        return self._exercise.question

    def _goes_around(self, text: str) -> bool:
        figures = text.casefold()
        for quantity in sorted(quantities(figures), key=lambda q: -q.start):
            if quantity.spelled:
                stop = quantity.stop
                figures = f"{figures[: quantity.start]}{quantity.value}{figures[stop:]}"
        for pattern, meant in ROUNDABOUT:
            for match in pattern.finditer(figures):
                numbers = [Fraction(group or 0) for group in match.groups()]
                if meant(*numbers) & self._hidden:
                    return True
        return False

    def _names_option(self, sentence: str) -> bool:
        assert self._exercise is not None
        keys = [as_words(choice) for choice in self._exercise.choices]
        index = next((i for i, c in enumerate(keys) if c == as_words(self._exercise.key)), None)
        if index is None:
            return False
        letter = OPTION.format(letter=chr(ord("A") + index))
        ordinal = rf"\b(?:the )?(?:{ORDINALS[index % 8]}|{'last' if index == len(keys) - 1 else '(?!)'}) (?:one|option|choice|answer)\b"
        others = [k for i, k in enumerate(keys) if i != index]
        told = as_words(" ".join([*self._told, sentence]))
        excluded = len(others) > 1 and all(k in told for k in others) and "not" in told.split()
        return bool(
            re.search(letter, sentence) or re.search(ordinal, sentence, re.IGNORECASE) or excluded
        )

    def _says_words(self, sentence: str) -> bool:
        assert self._exercise is not None
        key = tidy(self._exercise.key)
        if symbolic := [r.node for r in readings(key) if symbols(r.node)]:
            parts = re.findall(r"[\w(][\w\s()+\-*/^.]*[\w)]|\w", plain(sentence))
            return any(_same(part, symbolic[0]) for part in parts)
        words = as_words(key)
        said = f" {as_words(sentence)} " in f" {as_words(self._question())} "
        return bool(words) and f" {words} " in f" {as_words(sentence)} " and not said


def _numbers(text: str) -> Iterator[Fraction]:
    for version in map(plain, undisguised(text)):
        for quantity in quantities(version):
            yield quantity.value
        for figure in re.findall(r"\d+(?:\.\d+)?", version):
            yield Fraction(figure)


def _value(term: str) -> Fraction | None:
    try:
        found = readings(
            term.replace("×", "*").replace("÷", "/").replace("·", "*")
        )  # signs that people type
        return rational(found[0].node) if found else None
    except (TooLargeError, ZeroDivisionError):
        return None


def _compact(text: str) -> str:
    return (
        re.sub(r"\s", "", text).replace("×", "*").replace("÷", "/").replace("·", "*")
    )  # signs that people type


def _is_in_work(text: str, start: int, works: Sequence[str]) -> bool:
    """Whether the number at `start` stands in a calculation that the student is to do."""
    for match in TERM.finditer(text):
        if match.start() <= start < match.end():
            return _compact(match[0]) in map(_compact, works)
    return False


def _same(part: str, node: object) -> bool:
    try:
        return any(same(reading.node, node) for reading in readings(tidy(part)))  # type: ignore[arg-type]
    except TooLargeError:
        return False
