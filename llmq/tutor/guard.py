"""The guard reads a reply before the student does, sentence by sentence.

While an exercise is open, a sentence is withheld that tells its key or the value of a step which
the student has not found: in any form, as a calculation, in a roundabout way, figure by figure over
several sentences; that asserts any value for what is asked; that points at an option; that speaks a
verdict, which is the verifier's; and that the guard cannot read, such as another language or a
code. What the question shows, and what the student has found, is free unless it is asserted.

It goes by rules (`guarding`), one subject a file. What is told by a story, without numbers and
without words that the rules know, is not seen, and now and then a harmless sentence is taken for
one that tells: an authored hint then stands in.
"""

import re
from collections.abc import Iterator, Sequence

from llmq.tutor.exercise import Exercise
from llmq.tutor.guarding.clock import tells_time
from llmq.tutor.guarding.closed import answers_closed
from llmq.tutor.guarding.formulas import tells_formula
from llmq.tutor.guarding.guesses import echoes
from llmq.tutor.guarding.options import options_of, points
from llmq.tutor.guarding.secrets import Secrets, secrets_of
from llmq.tutor.guarding.series import in_series, tells_digits
from llmq.tutor.guarding.signs import clean, flat
from llmq.tutor.guarding.telling import tells_number
from llmq.tutor.guarding.trivia import alludes
from llmq.tutor.guarding.unread import repeats, unread
from llmq.tutor.guarding.verdicts import is_verdict, is_yes
from llmq.tutor.guarding.words import tells_expression, tells_word, word_of
from llmq.tutor.moves import Level

REMEMBERED = 4  # sentences that are read together, for an answer that is told in parts
MOST_CHARACTERS = 1000  # of a sentence; a longer one is none that a tutor says
LONG_NUMBER = re.compile(r"\w{40}|\d{25}")


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
        self._told = [text[-MOST_CHARACTERS:] for text in told[-REMEMBERED:]]
        self._done = tuple(done)
        self._guess = " ".join(student[-1:])[-MOST_CHARACTERS:]

    def check(self, sentence: str) -> str | None:
        """Why `sentence` is withheld; None: it passes, and is remembered.

        >>> exercise = Exercise("sum", "sums", "What is 20 - 8?", "12")
        >>> guard = Guard(exercise, level=Level.GOAL)
        >>> [guard.check(text) for text in ("Count back from 20.", "It is 12.", "1 more than 11")]
        [None, 'a hidden number', 'a calculation of the answer']
        """
        if self._exercise is None or not sentence.strip():
            return None
        if len(sentence) > MOST_CHARACTERS:
            return "a sentence without end"
        text = clean(sentence)
        if LONG_NUMBER.search(text):
            return "a word without end"
        reason = next(self._reasons(self._exercise, text), None)
        if reason is None:
            self._told = [*self._told, sentence][-REMEMBERED:]
        return reason

    def _reasons(self, exercise: Exercise, sentence: str) -> Iterator[str]:
        secrets = secrets_of(exercise, self._done)
        if is_verdict(sentence) or is_yes(sentence, self._guess):
            yield "a verdict"
        yield from self._of_numbers(exercise, sentence, secrets)
        yield from self._of_words(exercise, sentence, secrets)
        if reason := unread(sentence, secrets.words):
            yield reason

    def _of_numbers(self, exercise: Exercise, sentence: str, secrets: Secrets) -> Iterator[str]:
        text = flat(sentence)
        if tells_digits(sentence, secrets):
            yield "a part of the answer"
        if reason := tells_number(text, secrets, " ".join(self._told)):
            yield reason
        if tells_time(text, exercise, self._done):
            yield "a hidden time"
        if tells_formula(text, secrets):
            yield "a formula of the answer"
        if echoes(text, self._guess, secrets):
            yield "the student's guess, as if it were settled"
        if in_series(sentence, self._told, secrets):
            yield "the answer in parts"
        if not secrets.hidden.isdisjoint(repeats(sentence)):
            yield "a hidden number, counted out"
        if secrets.hidden and alludes(text, secrets.words):
            yield "a hidden number, described"

    def _of_words(self, exercise: Exercise, sentence: str, secrets: Secrets) -> Iterator[str]:
        if (options := options_of(exercise)) and points(sentence, self._told, options):
            yield "the right option"
        word = None if secrets.key or secrets.expression else word_of(exercise)
        if (word and tells_word(sentence, word)) or answers_closed(sentence, exercise):
            yield "the answer"
        if tells_expression(flat(sentence), secrets, exercise):
            yield "the answer"
