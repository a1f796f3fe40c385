"""What a student says in words, written in figures: numbers, and calculations with them.

"minus five", "two and a half", "twelve point five", "seven twelfths", "zwölf",
"12 times 21 is 252".
"""

import re

from llmq.answers.quantities import SCALES, SMALL, quantities
from llmq.tutor.disguises import FOREIGN
from llmq.tutor.disguises import WORD as FOREIGN_WORD

WORD = "|".join(sorted((*SMALL, *SCALES), key=len, reverse=True))
DIGIT = "|".join(word for word, value in SMALL.items() if value < 10)
POINT = re.compile(
    rf"\b(?:(?P<whole>(?:{WORD}|\d+)) )?point (?P<places>(?:{DIGIT})(?: (?:{DIGIT}))*)\b", re.I
)
PARTS = {
    "seventh": 7, "ninth": 9, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14,
    "fifteenth": 15, "sixteenth": 16, "eighteenth": 18, "twentieth": 20, "thirtieth": 30,
    "fortieth": 40, "fiftieth": 50, "hundredth": 100,
}  # fmt: skip
PART = re.compile(rf"\b(?P<over>an?|one|\d+)[ -](?P<part>{'|'.join(PARTS)})(?P<many>s?)\b", re.I)
ONE = re.compile(
    r"(?:^\W*|\b(?:is|it|it's|be|equals|answer|get|got|think|say|makes|minus|negative|plus|times)\s+)$",
    re.I,
)  # before a "one" that is a number, and not "this one"
BEHIND_ONE = re.compile(r"\s+(?:of|more|that|who|step|thing|question)\b", re.I)
# A number alone, or after these, where it is also a word of English.
ALONE = {"dix": 10, "once": 11, "sei": 6, "due": 2, "un": 1, "six": 6}
SAID = re.compile(rf"^(?:c'est|es|son|sono|è|ça fait)?\s*(?P<word>{'|'.join(ALONE)})\W*$", re.I)
N = r"(?<=[\d)])"
SIGNS = {"plus": "+", "minus": "-"}


def _between(match: re.Match[str]) -> str:
    return f"{match[1]} {SIGNS[match[2].casefold()]} "


OPERATIONS = (
    (re.compile(r"(\d) and (\d+/\d+)"), r"\1 \2"),
    (re.compile(r"\b([a-z]|\d+) squared\b", re.I), r"\1^2"),
    (re.compile(r"\b([a-z]) (minus|plus) (?=[a-z]\b|\d)", re.I), _between),
    (re.compile(r"(\^2) (minus|plus) (?=[a-z]\b|\d)", re.I), _between),
    (re.compile(rf"{N} ?(?:per ?cent|prozent)\b", re.I), "%"),
    (re.compile(rf"{N}\s*(?:\btimes\b|\bmultiplied by\b|[x×])\s*(?=[\d(])", re.I), " * "),  # signs that people type
    (re.compile(rf"{N}\s*\b(?:divided by|over)\b\s*(?=[\d(-])", re.I), "/"),
    (re.compile(rf"{N}\s*\b(?:plus|added to)\b\s*(?=[\d(-])", re.I), " + "),
    (re.compile(rf"{N}\s*\b(?:minus|take away)\b\s*(?=[\d(])", re.I), " - "),
    (re.compile(r"\b(?:minus|negative)\s+(?=\d)", re.I), "-"),
    (
        re.compile(
            r"(?<=[\d(])(?P<sum>\s*[-+*/]\s*\(?-?\d[\d.]*\)?)\s+"
            r"(?:is equal to|is|equals|makes|gives|are|comes to|ist|macht|fait)\s+(?=-?\d)",
            re.I,
        ),
        r"\g<sum> = ",
    ),
)  # fmt: skip


def in_figures(text: str) -> str:
    """A `plain` text with what is said in words written in figures.

    >>> in_figures("minus twelve point five"), in_figures("It is two and a half")
    ('-12.5', 'It is 2 1/2')
    >>> in_figures("12 times 21 is 252"), in_figures("seven twelfths"), in_figures("This one?")
    ('12 * 21 = 252', '7/12', 'This one?')
    """
    text = POINT.sub(_decimal, text)
    if not re.search(r"\d", text) and not any(quantities(text)):
        text = _translated(text)
    for quantity in sorted(quantities(text), key=lambda q: -q.start):
        word = text[quantity.start : quantity.stop]
        if quantity.spelled and (word.casefold() != "one" or _is_number(text, quantity.start)):
            text = f"{text[: quantity.start]}{quantity.value}{text[quantity.stop :]}"
    text = PART.sub(_fraction, text)
    for pattern, written in OPERATIONS:
        text = pattern.sub(written, text)
    return text


def _is_number(text: str, start: int) -> bool:
    behind = BEHIND_ONE.match(text, start + len("one"))
    return bool(ONE.search(text[:start])) and not behind


def _decimal(match: re.Match[str]) -> str:
    whole = SMALL.get((match["whole"] or "zero").casefold(), match["whole"])
    places = "".join(str(SMALL[word]) for word in match["places"].casefold().split())
    return f"{whole}.{places}" if str(whole).isdigit() else match[0]


def _fraction(match: re.Match[str]) -> str:
    over = "1" if match["over"].casefold() in ("a", "an", "one") else match["over"]
    is_ordinal = over != "1" and not match["many"]  # the 5 twelfth graders
    return match[0] if is_ordinal else f"{over}/{PARTS[match['part'].casefold()]}"


def _translated(text: str) -> str:
    if said := SAID.match(text.strip()):
        return str(ALONE[said["word"].casefold()])
    return FOREIGN_WORD.sub(lambda match: str(FOREIGN[match[0]]), text.casefold())
