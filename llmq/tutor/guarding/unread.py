"""What the guard cannot read: other languages, codes, pictures, letters out of order.

A sentence that cannot be read does not pass while an exercise is open. Readable is what consists
mostly of common English words (`english.txt`, 1,800 of them, and what is derived from them) and of
those of the exercise, with formulas, figures and punctuation.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import cache
from importlib.resources import files

CODES = (
    "rot base64 base32 base16 binary hex hexadecimal octal morse braille backwards backward reversed mirror mirrored"
    " cipher ciphered encoded encode encrypted decode decrypt anagram acrostic pinyin emoji emojis ascii unicode leet semaphore"
    " charade riddle numeral numerals rhyme rhymes rhyming syllable syllables vowel vowels consonant consonants spell spells"
    " spelled spelling spelt roman german french spanish italian portuguese turkish polish russian chinese mandarin cantonese"
    " japanese korean arabic hebrew hindi urdu bengali tamil greek latin dutch swedish danish norwegian finnish hungarian"
    " czech ukrainian romanian swahili esperanto welsh irish gaelic persian farsi vietnamese thai indonesian malay tagalog"
    " klingon deutsch français español catalan basque"
)  # of codes and languages, which one speaks to hide something
SPOKEN = frozenset(CODES.split())
BASES = re.compile(r"\bbase[- ](?:64|32|16|2|two)\b", re.I)
BACKWARDS = re.compile(r"\b(?:work|works|working|go|going|count|counting|think) backwards?\b", re.I)
CODED = re.compile(
    r"[a-z]\d+[a-z]{2}|[a-z]{2}\d+[a-z]|[a-z][@$!|][a-z]|[A-Za-z0-9+/]{3,}={1,2}(?![=\w])|\b(?=\w*[a-z])(?=\w*\d)[0-9a-f]{6,}\b"
    r"|\b[01]{4,}\b|\b[01]{2,} [01]{4}\b|[.\-·•]{2,}(?:\s+[.\-·•]{1,6}){1,}|\b[a-z][A-Z]+[a-z]|\b[a-z]{2,}[A-Z]",
)
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
COMMAND = re.compile(r"\\[A-Za-z]+|\b[a-zA-Z]\b")  # a formula's, and its letters
ENDINGS = (
    "'s",
    "s",
    "es",
    "d",
    "ed",
    "ing",
    "ly",
    "er",
    "est",
    "r",
    "st",
    "n",
    "ity",
    "ness",
    "al",
    "ful",
    "able",
)
ALLOWED = frozenset("°©®…")
FACES = range(0x1F600, 0x1F638)
MEANT_WELL = frozenset("🤔💡✏📝🌟⭐✨🧮📐💪🙂😊")
LEFT = re.compile(r"[A-Za-z\d\s]")
MOST_UNKNOWN = 0.4  # of a sentence's words
SHORT = 3  # words of a sentence in which each has to be known
NAMED = re.compile(
    r"\b(?:answer|result|solution|value|key|number|total|word|says?|say|called|it|that|x)\s*(?:is|are|was|:|=|would be|will be|becomes)?"
    r"\s*[:\"'(“«]*\s*([^\W\d_]{3,})\W*$", re.I,
)  # fmt: skip


@cache
def _english() -> frozenset[str]:
    text = (files("llmq.tutor.guarding") / "english.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def unread(text: str, known: Collection[str] = ()) -> str | None:
    """Why a `clean` sentence cannot be read, beside the words that are `known`; None: it can.

    >>> [unread(text) for text in ("What is left?", "Odpowiedź to 12.", "x = 5", "It's gjryir")]
    [None, 'no words that are known', None, 'no words that are known']
    """
    if text.isascii():
        if not LEFT.search(text):
            return "signs only" if len(text.strip()) > SHORT else None
    elif _has_foreign_sign(text):
        return "signs that are not read"
    words = [word.casefold() for word in WORD.findall(COMMAND.sub(" ", text))]
    if not SPOKEN.isdisjoint(words) and not SPOKEN.isdisjoint(
        WORD.findall(BACKWARDS.sub("", text).casefold())
    ):
        return "a code or a language"
    if BASES.search(text) or (not _is_prose(text) and CODED.search(text)):
        return "a code"
    unknown = [word for word in words if not is_known(word, known)]
    if unknown and (len(words) <= SHORT or len(unknown) > MOST_UNKNOWN * len(words)):
        return "no words that are known"
    named = NAMED.search(text)
    if unknown and named and named[1].casefold() in unknown:
        return "no words that are known"
    return None


def _is_prose(text: str) -> bool:
    """Whether every word is of letters alone, small ones behind the first."""
    tokens = (token.strip(".,?!:;()\"'") for token in text.split())
    return all(token.isalpha() and (token[1:].islower() or len(token) == 1) for token in tokens)


def is_known(word: str, known: Collection[str] = ()) -> bool:
    """Whether a casefolded word is English, or one of those that are `known`."""
    word = word.replace("\u2019", "'")
    english = _english()
    if word in english or word in known:
        return True
    if "'" in word:
        return all(part in english or part in known for part in word.split("'") if len(part) > 1)
    for ending in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < SHORT:
            continue
        doubled = stem[:-1] if stem[-1] == stem[-2] else stem
        if not english.isdisjoint((stem, f"{stem}e", doubled, f"{stem[:-1]}y")) or stem in known:
            return True
    return False


def _has_foreign_sign(text: str) -> bool:
    strange = [c for c in text if not c.isascii() and c not in ALLOWED]
    pictures = 0
    for character in strange:
        kind = unicodedata.category(character)
        if kind == "So" or ord(character) >= 0x1F000:
            pictures += 1
            if ord(character) not in FACES and character not in MEANT_WELL:
                return True
        elif kind[0] == "L" and not _is_latin_or_greek(character):
            return True
        elif kind[0] in "MCN":
            return kind not in ("Mn", "Mc") or not character.isspace()
    return pictures > 1


def _is_latin_or_greek(character: str) -> bool:
    return character < "\u0250" or "\u0370" <= character < "\u0400"


def repeats(text: str) -> frozenset[int]:
    """How often a sign or a word stands side by side: tally marks, apples, knocks.

    >>> sorted(repeats("||||| ||||| ||")), sorted(repeats("tap tap tap tap"))
    ([2, 5, 12], [4])
    """
    found: set[int] = set()
    signs: Counter[str] = Counter()
    for match in RUN.finditer(text):
        n = len(match[0])
        if n >= LONG or match[1] not in ORDINARY:
            signs[match[1]] += n
            found.add(n)
    words: Counter[str] = Counter(match[1].casefold() for match in AGAIN.finditer(text))
    return frozenset((found | set(signs.values()) | {n + 1 for n in words.values()}) - {1})


RUN = re.compile(r"([^\w\s]|[IlLxXoO])\1+")
AGAIN = re.compile(r"\b(\w+)\W+(?=\1\b)", re.I)
ORDINARY = frozenset(".-!?*=_#~<>\\'\"$()[]{}`lo")
LONG = 4
