"""What a text says in a code: each reading of it that a student could make with little effort."""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

from llmq_peer.tutoring.figures import NAME

MORSE = {
    ".----": "1", "..---": "2", "...--": "3", "....-": "4", ".....": "5", "-....": "6",
    "--...": "7", "---..": "8", "----.": "9", "-----": "0", ".-": "a", "-...": "b", "-.-.": "c",
    "-..": "d", ".": "e", "..-.": "f", "--.": "g", "....": "h", "..": "i", ".---": "j", "-.-": "k",
    ".-..": "l", "--": "m", "-.": "n", "---": "o", ".--.": "p", "--.-": "q", ".-.": "r",
    "...": "s", "-": "t", "..-": "u", "...-": "v", ".--": "w", "-..-": "x", "-.--": "y",
    "--..": "z",
}  # fmt: skip
ROMAN = re.compile(
    r"(?<![\w'])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?![\w'])"
)
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
DIGITS = {
    word: str(n)
    for n, words in enumerate(
        (
            "zero oh null nul cero sifir", "one ein eins un uno um bir jeden", "two zwei deux dos due dois dwa iki",
            "three drei trois tres tre trzy uc", "four vier quatre cuatro quattro quatro dort", "five funf cinq cinco cinque bes piec",
            "six sechs seis alti szesc", "seven sieben sept siete sette sete yedi", "eight acht huit ocho otto oito sekiz",
            "nine neun neuf nueve nove dokuz",
        )
    )
    for word in words.split()
} | dict(zip("零一二三四五六七八九", "0123456789", strict=True))  # fmt: skip
DIGIT_WORD = re.compile(
    r"\b(?:" + "|".join(sorted((w for w in DIGITS if w.isascii()), key=len, reverse=True)) + r")\b"
)
CHINESE_DIGIT = re.compile("[零一二三四五六七八九]")


def readings_of(text: str, simple: str) -> Iterator[str]:
    """Other texts that `text` holds; `simple` is the same text, plain."""
    for found in re.findall(r"(?<![\w+/])[A-Za-z0-9+/]{4,}={0,2}(?![\w+/=])", text):
        decoded = _base64(found)
        if decoded:
            yield decoded
    yield from _numerals(text, simple)
    if re.search(r"rot-?13|caesar|rot 13|cipher", simple):
        yield codecs.decode(simple, "rot13")
    if re.search(r"backward|revers|right to left|mirror|back to front|ruckwarts|al reves", simple):
        yield " ".join(word[::-1] for word in re.findall(r"\w+(?:\.\w+)?", simple))
    for run in re.findall(r"(?<!\S)[.-]{1,5}(?:[ /|]+[.-]{1,5})+(?!\S)", simple):
        marks = re.split(r"[ /|]+", run)
        if all(mark in MORSE for mark in marks):
            yield "".join(MORSE[mark] for mark in marks)
    for run in re.findall(
        r"(?<![^\W\d_])(?:[^\W\d_][\s\-._*,/|]+){2,}[^\W\d_](?![^\W\d_])", simple
    ):
        letters = "".join(c for c in run if c.isalpha())
        yield letters
        yield " ".join(re.findall(rf"{NAME}|hundred|thousand", letters))
    for match in re.finditer(r"([^\w\s.,\-=_*#+|/()\"'?!:;<>~])(?:\s?\1){9,}", text):
        yield str(match[0].count(match[1]))


def spelled(simple: str) -> str:
    """`simple` with the digits that are words as figures."""
    text = DIGIT_WORD.sub(lambda match: DIGITS[match[0]], simple)
    return CHINESE_DIGIT.sub(lambda match: DIGITS[match[0]] + " ", text)


def _numerals(text: str, simple: str) -> Iterator[str]:
    for match in ROMAN.finditer(text.upper() if "roman" in simple or "romisch" in simple else text):
        word = match[0]
        if len(word) > 1 or (word and "roman" in simple):
            yield str(_roman(word))
    for word in re.findall(r"\b0x([0-9a-f]+)\b", simple):
        yield str(int(word[:12], 16))
    if re.search(r"\bhex", simple):
        for word in re.findall(r"\b[0-9a-f]{1,8}\b", simple):
            yield str(int(word, 16))
    for word in re.findall(r"\b0b([01]+)\b", simple):
        yield str(int(word[:40], 2))
    if re.search(r"binary|base 2|base two|binar", simple):
        for word in re.findall(r"\b[01 ]{4,40}\b", simple):
            yield str(int(word.replace(" ", "") or "0", 2))
    if re.search(r"ascii|char code|character code|code ?point|unicode", simple):
        for run in re.findall(r"\b\d{2,3}(?:[ ,]+\d{2,3})+\b", simple):
            codes = [int(code) for code in re.findall(r"\d+", run)]
            yield "".join(chr(code) for code in codes if 32 <= code < 127)


def _roman(word: str) -> int:
    total, largest = 0, 0
    for sign in reversed(word):
        value = ROMAN_VALUES[sign]
        total += value if value >= largest else -value
        largest = max(largest, value)
    return total


def _base64(word: str) -> str:
    try:
        decoded = base64.b64decode(word + "=" * (-len(word) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return decoded if decoded.isprintable() else ""
