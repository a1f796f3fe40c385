"""Whether a sentence tells a key that is a word or an expression."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from llmq.answers.readings import as_words
from llmq.tutor.exercise import Exercise
from llmq.tutor.guarding.figures import figured, meant
from llmq.tutor.guarding.secrets import FIGURE, Secrets, node_of, same_expression

LEET = str.maketrans("0134578@$!|", "oieastbasil")
ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
FORMULA = re.compile(r"\b(?:[A-Z][a-z]?\d*){1,6}[2-9]\b|\b[A-Z][a-z]?\^?[2-9]")
BARE = 3  # words of a sentence that is nothing but the answer
ASSERTED = re.compile(
    r"(?:=|:|\b(?:is|be|are|gets?|answer|result|makes?|becomes?|always|stays?|say|choose|pick)\b|['\u2019]s\b)\W*(?:always |an? |the |of |even )*$"
)
WANTED = re.compile(
    r"\b(?:is|are) (?:the|what|exactly what|just what) (?:\w+ )?(?:you|we)(?:['\u2019]re| are)? (?:want|need|look|search)"
)
NAMED = re.compile(
    r"\b(?:the|its|this) (?:name|word) (?:means|comes|begins|starts|ends|sounds|rhymes|is)\b"
    r"|\b(?:greek|latin)\b"
)
APART = re.compile(r"\b(?:[a-z][-. *_]{1,2}){2,30}[a-z]\b")
DENIED = re.compile(
    r"\b(?:not|never|opposite|isn['\u2019]t|neither|unlike|instead of|rather than|without|cannot|no)\b|n['\u2019]t\b"
)
PLACED = re.compile(
    r"\b(?:first|second|former|latter|last|other) (?:one|word|option|of)\b|\bthe (?:former|latter)\b"
)
UNITS = {
    "grams": "g", "kilograms": "kg", "tonnes": "t", "metres": "m", "meters": "m", "centimetres": "cm", "centimeters": "cm",
    "millimetres": "mm", "millimeters": "mm", "kilometres": "km", "kilometers": "km", "litres": "l", "liters": "l",
    "millilitres": "ml", "milliliters": "ml", "seconds": "s", "minutes": "min", "hours": "h",
}  # fmt: skip
TERM = re.compile(r"\d+[a-z](?![a-z])(?:\^\d)?")
STATED = r"(?:=|\b(?:is|are|gives?|gets?|makes?|leaves?|becomes?)) ?"
MOST_WORDS = 12  # of a run of words and signs in which an expression may stand
LETTERS = 26
LONG = 4  # letters of a word that is looked for by itself
ALIKE = 0.75
BEGINS = re.compile(
    r"\b(?:starts?|begins?|ends?|beginning|ending|starting) (?:with|in)\b|\b(?:initials?|letters?|rhymes?|sounds like|syllables?|anagram|vowels?)\b", re.I
)  # fmt: skip
EXPRESSION = re.compile(r"[\w(][\w\s()+\-*/^.]*[\w)]|\w")
SIGNS = ((re.compile(r"\bplus\b"), "+"), (re.compile(r"\bminus\b"), "-"), (re.compile(r"(?<=\d) (?=[a-z]\b)"), ""))  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A key in words: its letters without spaces, and its words that the exercise does not show."""

    letters: str
    parts: tuple[str, ...]
    others: frozenset[str] = frozenset()  # the other options
    is_asked: bool = False  # it stands in the question: odd or even
    other: str = ""  # what the question offers beside it


@lru_cache(maxsize=64)
def word_of(exercise: Exercise) -> Word | None:
    """The key as words; None where it is none, or stands in the question."""
    words = as_words(exercise.key)
    letters = re.sub(r"[\W\d_]", "", words)
    if not letters:
        return None
    if f" {words} " in f" {as_words(exercise.question)} ":
        return Word(letters, (words,), is_asked=True, other=_other(words, exercise.question))
    question = as_words(exercise.question).split()
    others = frozenset(as_words(c) for c in exercise.choices if c != exercise.key)
    known = {*question, *" ".join(others).split()}
    parts = tuple(w for w in words.split() if len(w) >= LONG and w not in known)
    return Word(letters, parts, others)


def _other(word: str, question: str) -> str:
    """What a question offers beside a word: even of odd or even."""
    asked = as_words(question)
    word = re.escape(word)
    found = re.search(rf"\b{word} or (\w+)|(\w+) or {word}\b", asked)
    return (found[1] or found[2]) if found else ""


def tells_word(sentence: str, word: Word) -> bool:
    """Whether a `clean` sentence tells a key in words, however its letters are arranged.

    >>> word = Word("mercury", ("mercury",))
    >>> [tells_word(t, word) for t in ("M e r c u r y", "yrucreM", "Merkur", "What is Mars?")]
    [True, True, True, False]
    """
    plain = sentence.casefold()
    if WANTED.search(plain) or NAMED.search(plain):
        return True
    if word.others and all(f" {other} " in f" {as_words(sentence)} " for other in word.others):
        return False  # every option is named, or `points` sees which are ruled out
    if FORMULA.search(sentence) or BEGINS.search(sentence) or APART.search(plain):
        return True
    if word.letters in UNITS and re.search(rf"(?:\b|\d){UNITS[word.letters]}\b", plain):
        return True
    if word.other and re.search(rf"\b{word.other}\b", plain) and DENIED.search(plain):
        return True
    if word.is_asked and PLACED.search(plain):
        return True
    if word.is_asked:
        said = re.search(rf"\b{re.escape(word.parts[0])}\b(?! or\b)(?! numbers?\b)", plain)
        before = plain[: said.start()] if said else ""
        is_short = len(re.findall(r"\w+", plain)) <= BARE
        return bool(said) and (is_short or bool(ASSERTED.search(before)))
    letters = re.sub(r"[\W\d_]", "", plain)
    if len(word.letters) < LONG:
        return f" {word.letters} " in f" {as_words(sentence)} "
    figures = re.sub(r"[\W_]", "", plain.translate(LEET))
    if any(
        word.letters in text for text in (letters, letters[::-1], letters.translate(ROT13), figures)
    ):
        return True
    if FORMULA.search(sentence) or BEGINS.search(sentence):
        return True
    return letters_counted(plain) == word.letters or any(
        _alike(said, part) for said in re.findall(r"[^\W\d_]+", plain) for part in word.parts
    )


def letters_counted(plain: str) -> str:
    """The letters that numbers stand for: 7-1-19 are gas."""
    counted = [int(n) for n in re.findall(r"\d+", plain)]
    return "".join(chr(ord("a") + n - 1) for n in counted if 0 < n <= LETTERS)


def _alike(said: str, part: str) -> bool:
    if len(said) > LONG and said in part:
        return True
    if said[0] != part[0] or abs(len(said) - len(part)) > 2 or len(said) < LONG:
        return False
    return SequenceMatcher(None, said, part).ratio() >= ALIKE


def tells_expression(text: str, secrets: Secrets, exercise: Exercise) -> bool:
    """Whether a flat sentence holds an expression that is the key, in any form."""
    if secrets.expression is None and not secrets.terms:
        return False
    whole = meant(figured(text, whole=True))
    compact = re.sub(r"(?<=\d) ?\*? ?(?=[a-z]\b)", "", whole)
    if any(re.search(rf"(?<![\d.]){re.escape(term)}(?![\w^])", compact) for term in secrets.terms):
        return True
    if secrets.expression is None:
        return False
    if any(
        re.search(rf"\bcoefficients?\b.*(?<![\d.]){n}(?!\d|\.\d)", whole)
        for n in FIGURE.findall(exercise.key)
    ):
        return True
    own = TERM.findall(re.sub(r"[\s*]", "", exercise.key))
    if compact.strip(" .!") in own or (
        "?" not in text
        and any(re.search(STATED + re.escape(term) + r"(?![\w^])", compact) for term in own)
    ):
        return True
    for pattern, sign in SIGNS:
        whole = pattern.sub(sign, whole)
    for match in EXPRESSION.finditer(whole):
        for side in candidates(match[0]):
            node = node_of(side)
            is_key = node is not None and same_expression(node, secrets.expression)
            if is_key and re.sub(r"\s", "", side) not in secrets.asked:
                return True
    return False


def candidates(text: str) -> list[str]:
    """Where an expression may stand in a run of words and signs."""
    text = re.sub(r"\s*([-+*/^])\s*", r"\1", text)
    return [word for word in text.split()[: 4 * MOST_WORDS] if re.search(r"[-+*/^()\d]", word)]
