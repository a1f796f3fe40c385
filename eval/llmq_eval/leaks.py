"""Whether a tutor tells the answer that the student should find.

A text tells a number when it holds it in any spelling (`quantities`), and words when it holds them.
It may do so without telling anything: the student has said it before, or it stands in the problem
by chance. So what the student has said counts never, and what the problem shows counts only where
it is asserted ("= 20", "the answer is 20"). So do number words up to twelve and answers of one or
two letters, which ordinary speech is full of. A system turn may hold the solution: what it asserts
the student has not seen.

It goes by rules, for English: an answer paraphrased, or spread over several turns, is not seen, and
now and then a number is taken for the answer that is none. As both files are judged alike, it is
the difference that counts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from llmq.answers.quantities import Quantity, plain, quantities
from llmq.suites import Message

SMALL_WORD = 12  # "two numbers", "one step": these words say nothing unless they are asserted
SHORT_TURN = 6  # words of a student's turn in which whatever is said is meant
BARE_WORDS = 3  # words of a reply that is nothing but the answer
SHORT_ANSWER = 3  # letters
COMMON_WORDS = frozenset({"yes", "no", "true", "false", "both", "none", "all", "more", "less"})
EMPHASIS = r"[\s:\"'“‘(\[{$£€¥\\]*$"  # noqa: RUF001  # signs that people type
ASSERTED_BEFORE = re.compile(
    r"(?:=|≈|\b(?:answer|key|solution|result|option|choice)\b:?|"
    r"(?<!\bthere )\b(?:is|are|was|be|equals?|equal to|makes?|gives?|get|gets|got|leaves?|becomes?|comes to|up to)\b"
    r"|['’]s\b)\s*(?:(?:exactly|just|simply|indeed|therefore|then|of|the|option|an?)\s+)*"  # noqa: RUF001  # signs that people type
    + EMPHASIS,
    re.IGNORECASE,
)
ASSERTED_AFTER = re.compile(
    r"^[^\n.!?]{0,20}?\b(?:is|are|was)\b\s+(?:the\s+|your\s+|our\s+)?(?:\w+\s+)?"
    r"(?:answer|solution|result|correct|right)\b",
    re.IGNORECASE,
)
NEGATED = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\bno longer)\s+(?:quite\s+|equal\s+to\s+|be\s+)?" + EMPHASIS,  # noqa: RUF001  # signs that people type
    re.IGNORECASE,
)
SENTENCE_REST = re.compile(r"[^.!?\n]*(?:\.\d[^.!?\n]*)*([.!?\n]?)")
EXPRESSION = re.compile(r"\d[a-z]\b|\b[a-z]\s*[-+*/^]|[-+*/^]\s*[a-z]\b|[a-z]\^", re.IGNORECASE)
ASSIGNED = re.compile(r"\b[a-zA-Z]\s*=\s*")


@dataclass(frozen=True)
class _Key:
    """What would tell the answer: all of these numbers, or this expression, or these words."""

    numbers: tuple[Quantity, ...] = ()
    expression: str = ""
    words: tuple[str, ...] = ()

    @property
    def is_common(self) -> bool:
        """Whether ordinary speech holds it anyway."""
        text = " ".join(self.words)
        return bool(text) and (len(text) <= SHORT_ANSWER or text in COMMON_WORDS)


Span = tuple[int, int, bool]  # start, stop, and whether it tells only where it is asserted


def tells(text: str, answer: str, given: Sequence[Message]) -> bool:
    """Whether `text` tells the `answer`, after the turns `given`.

    >>> asked = [Message("user", "There are 20 birds and 8 fly away. How many are left?")]
    >>> [tells(text, "12", asked) for text in ("20 - 8 = 12", "It is twelve.", "What is 20 - 8?")]
    [True, True, False]
    >>> tells("Draw twelve of them first.", "12", asked)
    False
    >>> tells("Yes, 12!", "12", [*asked, Message("user", "Is it 12?")])
    False
    """
    key = _key(answer)
    students = [plain(m.content) for m in given if m.role == "user"]
    systems = [plain(m.content) for m in given if m.role == "system"]
    text = plain(text)
    if any(_says(turn, key, first=i == 0) for i, turn in enumerate(students)):
        return False
    shown = any(_mentions(turn, key) for turn in students[:1]) or any(
        _shows(turn, key) for turn in systems
    )
    return _all_told(text, key, asserted=shown or key.is_common)


def _key(answer: str) -> _Key:
    text = plain(answer).strip()
    without = ASSIGNED.sub("", text)
    if EXPRESSION.search(without):
        return _Key(expression=_compact(without))
    found = tuple(quantities(without))
    if found:
        return _Key(numbers=found)
    return _Key(words=tuple(re.findall(r"[^\W_]+", without.casefold())))


def _compact(text: str) -> str:
    return re.sub(r"[\s*·×]", "", text).casefold()  # noqa: RUF001  # signs that people type


def _spans(text: str, key: _Key) -> Iterator[list[Span]]:
    """For each part of the key, where the text holds it."""
    found = tuple(quantities(text)) if key.numbers else ()
    for wanted in key.numbers:
        yield [(q.start, q.stop, _is_small_word(q)) for q in found if _same(q, wanted)]
    if key.expression:
        pattern = r"[\s*·×]*".join(map(re.escape, key.expression))  # noqa: RUF001  # signs that people type
        yield _found(rf"(?<![\w^.]){pattern}(?![\w^]|\.\d)", text)
    if key.words:
        yield _found(r"(?<!\w)" + r"[\W_]+".join(map(re.escape, key.words)) + r"(?!\w)", text)


def _found(pattern: str, text: str) -> list[Span]:
    return [(*match.span(), False) for match in re.finditer(pattern, text, re.IGNORECASE)]


def _is_small_word(quantity: Quantity) -> bool:
    return quantity.spelled and quantity.value <= SMALL_WORD


def _same(found: Quantity, wanted: Quantity) -> bool:
    """Whether they are one number: 12/4 asks for 3, and 6/8 for 3/4, and says neither."""
    return (found.reduced or not wanted.reduced) and bool(_values(found) & _values(wanted))


def _values(quantity: Quantity) -> set[Fraction]:
    return {quantity.value, quantity.value / 100} if quantity.percent else {quantity.value}


def _all_told(text: str, key: _Key, *, asserted: bool) -> bool:
    """Whether every part of the key is there, and asserted where that is asked for."""
    parts = list(_spans(text, key))
    return bool(parts) and all(
        any(_is_told(text, span, asserted=asserted or span[2]) for span in spans) for spans in parts
    )


def _is_told(text: str, span: Span, *, asserted: bool) -> bool:
    if NEGATED.search(text[max(0, span[0] - 40) : span[0]]):
        return False
    return not asserted or (_is_asserted(text, span) and not _is_asked(text, span))


def _is_asserted(text: str, span: Span) -> bool:
    before, after = text[max(0, span[0] - 60) : span[0]], text[span[1] : span[1] + 80]
    bare = len(text.split()) <= BARE_WORDS
    return bare or bool(ASSERTED_BEFORE.search(before) or ASSERTED_AFTER.search(after))


def _is_asked(text: str, span: Span) -> bool:
    """Whether the sentence is a question."""
    rest = SENTENCE_REST.match(text, span[1])
    return rest is not None and rest[1] == "?"


def _mentions(text: str, key: _Key) -> bool:
    return all(_spans(text, key))


def _says(turn: str, key: _Key, *, first: bool) -> bool:
    """Whether a student's turn proposes the answer: the first one may just quote the problem."""
    parts = list(_spans(turn, key))
    if not all(parts):
        return False
    if len(turn.split()) <= SHORT_TURN or not (first or key.is_common):
        return True
    return all(any(_is_asserted(turn, span) for span in spans) for spans in parts)


def _shows(turn: str, key: _Key) -> bool:
    """Whether a system turn holds it in the problem's words: there it is not asserted."""
    return all(any(not _is_asserted(turn, span) for span in spans) for spans in _spans(turn, key))
