"""Whether a sentence answers a question that has but two answers: yes or no, true or false."""

import re
from functools import lru_cache

from llmq.answers.readings import as_words
from llmq.tutor.exercise import Exercise

ANSWERS = frozenset({"yes", "no", "true", "false"})
LONG = 4  # letters of a word that says what is asked
OF_ANY = frozenset({"number", "statement", "true", "false", "does", "have"})
IS = r"(?:['\u2019]s|['\u2019]re|\s+(?:is|are|was|has|have|had|does|do|can|could|looks?|seems?|will|would|divides?|equals?))"
DENIED = re.compile(r"\b(?:not|never|neither|cannot|no)\b|n['\u2019]t\b", re.I)
TELLING = re.compile(
    r"\b(?:product|divisible|multiple|composite|factors?|divisors?|divides?)\b", re.I
)
OPEN = re.compile(r"\?|\b(?:whether|if|when|once|until|how|why|suppose|let['\u2019]s)\b", re.I)
PRONOUN = re.compile(
    rf"\b(?:it|this|that|they|these|the (?:number|statement|sentence|claim)){IS}", re.I
)


def answers_closed(sentence: str, exercise: Exercise) -> bool:
    """Whether a `clean` sentence says of what is asked that it is so, or that it is not.

    >>> prime = Exercise("p", "primes", "Is 91 a prime number?", "no", choices=("yes", "no"))
    >>> [answers_closed(t, prime) for t in ("It isn't!", "91 is odd.", "Is it?", "Some are.")]
    [True, True, False, False]
    """
    if as_words(exercise.key) not in ANSWERS or OPEN.search(sentence):
        return False
    subject, asked = _asked(exercise.question)
    if subject and subject.search(sentence):
        return True
    if not (said := PRONOUN.search(sentence)):
        return False
    behind = sentence[said.start() :]
    words = set(as_words(behind).split())
    return bool(DENIED.search(behind) or TELLING.search(behind) or words & asked)


@lru_cache(maxsize=64)
def _asked(question: str) -> tuple[re.Pattern[str] | None, frozenset[str]]:
    """Statements on the numbers of a question, and the words that say what is asked of them."""
    figures = re.findall(r"\d+(?:\.\d+)?", question)
    subject = rf"(?<![\d.])(?:{'|'.join(map(re.escape, figures))}){IS}" if figures else ""
    words = (word for word in as_words(question).split() if word.isalpha() and len(word) >= LONG)
    return re.compile(subject, re.I) if subject else None, frozenset(words) - OF_ANY
