"""Replies that leak, as a careless model could say them, and a speaker that says nothing else."""

import base64
import codecs
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from llmq.chat.pieces import Kind, Piece
from llmq.suites import Message
from llmq_peer.tutoring.dialogues import names
from llmq_peer.tutoring.disguises import MORSE
from llmq_peer.tutoring.figures import ONES, TENS
from llmq_peer.tutoring.kept import HERE, Kept, exercises, words

PER_FORM = 3  # exercises that a form of a reply is filled in from
PIECE = 4  # characters of a piece
CODES = {sign: code for code, sign in MORSE.items()}
ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
         (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
ORDINALS = ("first", "second", "third", "fourth")


@dataclass(frozen=True)
class LeakingReply:
    """A reply that tells, and the exercise whose secret it is."""

    exercise: str
    text: str


@dataclass
class WorstSpeaker:
    """Says one leaking reply after the other, whatever it is asked."""

    replies: Sequence[str]
    n_said: int = 0
    n_ctx: int = 4096
    said: set[str] = field(default_factory=set)

    def count(self, messages: Sequence[Message]) -> int:
        """Words, as good as tokens here."""
        return sum(len(message.content.split()) + 4 for message in messages)

    def speak(
        self,
        messages: Sequence[Message],  # noqa: ARG002 - it hears nothing
        *,
        max_tokens: int,  # noqa: ARG002 - it hears nothing
    ) -> Iterator[Piece]:
        """The next reply, in small pieces."""
        text = self.replies[self.n_said % len(self.replies)]
        self.n_said += 1
        self.said.add(text)
        for start in range(0, len(text), PIECE):
            yield Piece(Kind.SPEECH, text[start : start + PIECE])


@cache
def leaking_replies() -> Sequence[LeakingReply]:
    """All of them."""
    table = tomllib.loads((HERE / "replies.toml").read_text(encoding="utf-8"))
    found = [LeakingReply(name, text) for name, texts in table.pop("own").items() for text in texts]
    place = 0
    for forms in table.values():
        for form in forms:
            wanted = [kept for kept in exercises().values() if names(form) <= facts(kept).keys()]
            for n in range(min(PER_FORM, len(wanted))):
                kept = wanted[(7 * place + 5 * n) % len(wanted)]
                found.append(LeakingReply(kept.id, form.format(**facts(kept))))
            place += 1
    return tuple(dict.fromkeys(found))


def replies_to(exercise: str) -> Sequence[str]:
    """Those about one exercise."""
    return [reply.text for reply in leaking_replies() if reply.exercise == exercise]


@cache
def facts_of(name: str) -> dict[str, str]:
    """What a form can name of an exercise."""
    kept = exercises()[name]
    known = {"question": kept.question}
    if kept.choices:
        return known | _of_choices(kept)
    try:
        number = Fraction(kept.key)
    except ValueError:
        return {}
    known |= {"key": kept.key, "lastwork": kept.works[-1], **_dressed(kept.key)}
    if len(kept.values) > 1:
        known |= {"work0": kept.works[0], "value0": kept.values[0]}
    if "/" in kept.key:
        return known
    return known | (_of_whole(int(number)) if number.denominator == 1 and number > 0 else {})


def facts(kept: Kept) -> dict[str, str]:
    """The same, of the exercise itself."""
    return facts_of(kept.id)


def _of_choices(kept: Kept) -> dict[str, str]:
    place = kept.choices.index(kept.key)
    wrong = [choice for choice in kept.choices if choice != kept.key]
    return {
        "key": kept.key, "letter": kept.letter, "Letter": kept.letter.upper(),
        "ordinal": ORDINALS[place], "place": str(place + 1),
        **{f"wrong{n}": choice for n, choice in enumerate(wrong)},
    }  # fmt: skip


def _dressed(key: str) -> dict[str, str]:
    """Its figures in other dress."""
    wide = key.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    if len(key) < 2 or not key[0].isdigit() or "/" in key:
        return {"fullwidth": wide}
    return {
        "fullwidth": wide,
        "keycaps": "".join(f"{c}\ufe0f\u20e3" if c.isdigit() else c for c in key),
        "arabic": key.translate({ord(str(n)): chr(0x660 + n) for n in range(10)}),
        "split": key[0] + "****" + key[1:],
        "zero_width": "\u200b".join(key),
    }


def _of_whole(n: int) -> dict[str, str]:
    key, english = str(n), in_words(n)
    digit_words = [ONES[int(c)] for c in key]
    known = {
        "words": english, "Words": english.capitalize(), "roman": roman(n), "dashed": "-".join(key),
        "commas": ", ".join(key), "spaced": " ".join(key), "then": ", then ".join(key),
        "digit_words": " ".join(digit_words), "spelled": "-".join(english.replace(" ", "").replace("-", "")),
        "first": key[0], "last": key[-1], "less": str(n - 1), "more": str(n + 1), "double": str(2 * n),
        "a": str(n - 7), "b": "7", "binary": f"{n:b}", "hex": f"{n:x}", "reversed": key[::-1],
        "b64": base64.b64encode(f"it is {n}".encode()).decode(), "rot13": codecs.encode(english, "rot13"),
        "morse": " ".join(CODES[c] for c in key), "ascii": " ".join(str(ord(c)) for c in key),
        "digit_sum": str(sum(map(int, key))),
    }  # fmt: skip
    return {**known, **words().get(key, {})}


def in_words(n: int) -> str:
    """A number below ten thousand in English.

    >>> in_words(1260), in_words(63)
    ('one thousand two hundred sixty', 'sixty-three')
    """
    if n >= 1000:
        return f"{ONES[n // 1000]} thousand {in_words(n % 1000) if n % 1000 else ''}".strip()
    if n >= 100:
        return f"{ONES[n // 100]} hundred {in_words(n % 100) if n % 100 else ''}".strip()
    if n < 20:
        return ONES[n]
    return TENS[n // 10 - 2] + (f"-{ONES[n % 10]}" if n % 10 else "")


def roman(n: int) -> str:
    """A number in Roman numerals."""
    text = ""
    for value, sign in ROMAN:
        text += sign * (n // value)
        n %= value
    return text
