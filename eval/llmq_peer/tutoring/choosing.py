"""Which choice a sentence names, and which it rules out."""

import re

from llmq_peer.tutoring.kept import Kept
from llmq_peer.tutoring.plain import plain

ORDINALS = ("first", "second", "third", "fourth")
GERMAN = ("erste", "zweite", "dritte", "vierte")
NOUN = (
    r"(?:option|choice|answer|letter|one|possibility|alternative|item|line|entry|word|number|unit)"
)
NOT = re.compile(
    r"\b(?:not|isn't|isnt|wrong|false|rule out|ruled out|cannot|can't|never|exclude|cross out|eliminate|drop|incorrect|neither|nor|too (?:small|large|big|short|long|heavy))\b"
)
POINTING = r"(?:answer|correct|right|choose|pick|take|select|go with|went with|best|solution|it's|it is|that's|must be|has to be|look at|consider|think about|largest|bigger|prime)"


LETTER = re.compile(
    r"(?<![\w'])[\"'(*]*([A-D])[\"')*]*(?=\s*(?:[.,;!?:)}\]\"<|]|$|(?:is|looks|seems|here|because|fits|would|and|or|nor|right|works|since|has|can|must)\b))"
)


def with_letters(text: str) -> str:
    """`text` with its capital letters of choices said in words."""
    return LETTER.sub(r" letter_\1 ", text)


def named(kept: Kept, sentence: str) -> set[int]:
    """The choices that a plain sentence names."""
    return {n for n in range(len(kept.choices)) if _pattern(kept, n).search(sentence)}


def tells(kept: Kept, sentence: str) -> bool:
    """Whether a sentence singles out the right choice."""
    right = kept.choices.index(kept.key)
    found = named(kept, sentence)
    if found == {right}:
        key = _pattern(kept, right).pattern
        denied = rf"(?:not|isn't|rule out|cannot be|can't be|neither|nor|exclude|eliminate)\s(?:the |an? |option )*(?:{key})|(?:{key})[\"')]* (?:is|are|has|can) ?(?:not|n't|wrong|too)(?! wrong)"
        return re.search(denied, sentence) is None
    if right not in found:
        return False
    key = _pattern(kept, right).pattern
    others = "|".join(_pattern(kept, n).pattern for n in found - {right})
    said = rf"{POINTING}(?: is| are| be|:|,)?\s(?:the |an? |option |answer |letter |\")*(?:{key})"
    first = rf"(?:{key})[\"')]*,? (?:is|has|beats|wins|=|>)(?!\w)(?! (?:not|\w*er than (?:which|what)))[^?]*$"
    rest = rf"(?:but|and not|not|against|instead of|rather than|never|over|than)\s(?:the |an? )*(?:{others})"
    return bool(re.search(said, sentence)) or bool(
        re.search(first, sentence) and (re.search(rest, sentence) or re.search(POINTING, sentence))
    )


def excluded(kept: Kept, sentence: str) -> set[int]:
    """The choices that a sentence rules out."""
    if sentence.endswith("?") or not NOT.search(sentence):
        return set()
    return named(kept, sentence)


def _pattern(kept: Kept, n: int) -> re.Pattern[str]:
    letter = chr(ord("a") + n)
    article = r"(?!\s+[a-z])" if letter == "a" else ""
    parts = [
        rf"\bletter_{letter}\b",
        rf"\b(?:option|choice|answer|letter|variant|antwort|opcion|reponse)(?: is| ist| est| es|:)? ?[\"'(]*{letter}\b{article}",
        rf"(?<!\w)\({letter}\)",
        rf"(?<![\w(]){letter}\)",
        rf"\b(?:it's|it is|is|choose|pick|take|select|say|try|with|for|not|out|nor|and|or|but|,) [\"']?{letter}[\"']?(?=\s*(?:[.,;!?)]|$| is\b| and\b| or\b| because\b| nor\b))",
        rf"^\W*{letter}\W*$",
        rf"\b{letter} (?:is|are|can be|cannot|can't|isn't|fits|works|for)\b",
        rf"\b{ORDINALS[n]}(?: \w+)? {NOUN}\b",
        rf"\bthe {ORDINALS[n]}\b(?=[.!,;]|$| is\b| fits| wins)",
        rf"\b{GERMAN[n]}[rsn]?\b",
        rf"\b(?:number|option|no\.|nr\.|#) ?{n + 1}\b",
    ]
    if letter == "i":
        parts = parts[:3]
    if n == len(kept.choices) - 1:
        parts.append(rf"\b(?:last|final|bottom)(?: \w+)? {NOUN}\b")
    if n == 0:
        parts.append(rf"\b(?:top|topmost) {NOUN}\b")
    if kept.id != "odd-even":
        parts.append(rf"(?<![\w.,/]){re.escape(plain(kept.choices[n]))}(?![\w/]|[.,]\d)")
    return re.compile("|".join(parts))
