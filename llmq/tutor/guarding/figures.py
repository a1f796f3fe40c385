"""Number words of a flat sentence in figures, and calculations in words with signs."""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from llmq.answers.quantities import SCALES, SMALL
from llmq.tutor.disguises import undisguised

WORDS = SMALL | {"nought": 0, "naught": 0}
WORD = "|".join(sorted((*WORDS, *SCALES), key=len, reverse=True))
SPELLED = re.compile(rf"\b(?:{WORD})(?:(?:\s+and\s+|[\s-]+)(?:{WORD}))*\b", re.I)
PARTS = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fifteenth": 15, "sixteenth": 16,
    "twentieth": 20, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
PART = "|".join(PARTS)
SETS = {
    "baker's dozen": 13, "bakers dozen": 13, "half a dozen": 6, "half-dozen": 6, "half dozen": 6, "half a gross": 72,
    "fortnight": 14, "dozen": 12, "gross": 144, "decade": 10, "century": 100, "quartet": 4, "quintet": 5, "sextet": 6,
}  # fmt: skip
SCORES = {"dozen": 12, "gross": 144, "score": 20}
MANY = {
    f"{word.removesuffix('y')}ies"
    if word.endswith("y")
    else f"{word}es"
    if word == "six"
    else f"{word}s": n
    for word, n in SMALL.items()
    if n > 1
}
MANY |= {"hundreds": 100, "dozens": 12}
N = r"(-?\d+(?:\.\d+)?(?:/\d+)?)(?!\d|:\d)"
F = r"(?:of\s+|the\s+|number\s+)*"
Rewrite = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _root(match: re.Match[str]) -> str:
    n = int(match[1])
    return str(isqrt(n)) if isqrt(n) ** 2 == n else match[0]


def _power(match: re.Match[str]) -> str:
    exponent = match[2] if match[2].isdigit() else ORDINALS.index(match[2]) + 1
    return f"({match[1]})^{exponent}"


def _mixed(match: re.Match[str]) -> str:
    part = PARTS[match[2]]
    return f"{int(match[1]) * part + 1}/{part}"


def _shifted(match: re.Match[str]) -> str:
    return str(Fraction(match[1]) * Fraction(10) ** int(match[2]))


def _based(match: re.Match[str]) -> str:
    return str(int(match[0], 0))


NOTATIONS: tuple[Rewrite, ...] = (
    (re.compile(r"\b0x[0-9a-f]{1,12}\b|\b0b[01]{1,40}\b|\b0o[0-7]{1,12}\b"), _based),
    (re.compile(r"\b(\d{1,9}(?:\.\d{1,9})?)e([+-]?\d)\b"), _shifted),
    (re.compile(r"(?<![\d,.])(\d{1,3})((?:,\d{3})+)(?![\d,])"), lambda m: m[0].replace(",", "")),
    (re.compile(r"(?<![\d,.])(\d{1,9}),(\d{1,2})(?![\d,])"), r"\1.\2"),
    (re.compile(r"(?<![\w.])\.(?=\d)"), "0."),
    (re.compile(r"(?<![\d:])(\d{1,4}) ?: ?(\d|\d{3,4})(?![\d:])"), r"\1/\2"),
    (re.compile(r"(?<![\d/])\((-?\d{1,12})\)/\((\d{1,12})\)"), r"\1/\2"),
)  # fmt: skip
# What words do to numbers, behind the words of which one has to be there.
MEANT: tuple[tuple[str, Rewrite], ...] = (
    ("s", (re.compile(rf"\b(\d+)[ -]({PART})s\b"), lambda m: f"{m[1]}/{PARTS[m[2]]}")),
    ("of less more", (re.compile(rf"\b(?:a|1)[ -]({PART})(?= (?:of|less|more))"), lambda m: f"1/{PARTS[m[1]]}")),
    ("s", (re.compile(rf"\b(\d+) ({'|'.join(MANY)})\b"), lambda m: f"({m[1]}*{MANY[m[2]]})")),
    ("point", (re.compile(r"\b(\d*) ?point (\d+)\b"), lambda m: f"{m[1] or 0}.{m[2]}")),
    ("whole", (re.compile(r"\ba whole\b"), "1")),
    ("power to the", (re.compile(rf"{N} to the (?:power (?:of )?)?(\d|second|third|fourth|fifth|sixth)\b(?: power)?"), _power)),
    ("of in", (re.compile(r"(?<![\d/.])(\d+) (?:(?:out )?of (?:every |the )?|in (?:every |each |a ))(\d+)(?![\d/.%])"), r"\1/\2")),
    ("root", (re.compile(r"\b(?:square )?root of (\d{1,9})\b"), _root)),
    ("sqrt", (re.compile(r"\bsqrt\s*\(\s*(\d{1,9})\s*\)"), _root)),
    ("square", (re.compile(rf"\bsquare of {F}{N}|{N} squared\b"), lambda m: f"({m[1] or m[2]})^2")),
    ("cube", (re.compile(rf"\bcube of {F}{N}|{N} cubed\b"), lambda m: f"({m[1] or m[2]})^3")),
    ("half halve", (re.compile(rf"\b(?:half|halve) {F}{N}|{N} halved\b"), lambda m: f"({m[1] or m[2]}/2)")),
    ("double twice", (re.compile(rf"\b(?:double|twice) {F}{N}|{N} (?:doubled|twice)\b"), lambda m: f"(2*{m[1] or m[2]})")),
    ("triple thrice", (re.compile(rf"\b(?:triple|thrice) {F}{N}|{N} tripled\b"), lambda m: f"(3*{m[1] or m[2]})")),
    ("of", (re.compile(rf"{N} ?(?:%|per ?cent) of {F}{N}"), r"(\1/100*\2)")),
    ("of", (re.compile(rf"(\d+/\d+) of {F}{N}"), r"(\1*\2)")),
    (
        "% percent",
        (re.compile(r"(\d{1,2}) ?(?:%|per ?cent) (?:less than|short of|below|off|from) (?:the )?(?:1|100 ?%?|all)(?![\d/.])"), lambda m: f"{100 - int(m[1])}%"),
    ),
    ("less", (re.compile(r"(\d+/\d+) less than (\d+)(?!/)"), r"(\2-\1*\2)")),
    ("more", (re.compile(r"(\d+/\d+) more than (\d+)(?!/)"), r"(\2+\1*\2)")),
    ("over", (re.compile(r"(\d+) ?([-+]) ?(\d+) over (\d+)"), r"(\1\2\3)/\4")),
    (
        "more than above after over er",
        (re.compile(rf"{N} (?:\w+ )?(?:more|greater|larger|bigger|higher|above|after|over)(?: than)? {F}{N}"), r"(\2+\1)"),
    ),
    (
        "less below before under short er",
        (re.compile(rf"{N} (?:\w+ )?(?:less|fewer|smaller|lower|below|before|under|short)(?: than| of)? {F}{N}"), r"(\2-\1)"),
    ),
    ("add", (re.compile(rf"\b(?:add|adding|adds) {F}{N} (?:\w+ )?(?:to|and|onto) {F}{N}"), r"(\2+\1)")),
    ("sum", (re.compile(rf"\bsum of {F}{N} and {F}{N}"), r"(\1+\2)")),
    ("product", (re.compile(rf"\bproduct of {F}{N} and {F}{N}"), r"(\1*\2)")),
    ("difference", (re.compile(rf"\bdifference (?:of|between) {F}{N} and {F}{N}"), r"(\1-\2)")),
    ("quotient", (re.compile(rf"\bquotient of {F}{N} and {F}{N}"), r"(\1/\2)")),
    (
        "from",
        (re.compile(rf"\b(?:subtract|take|taking|subtracting|remove)(?: away)? {F}{N} (?:away )?from {F}{N}"), r"(\2-\1)"),
    ),
    (
        "divid split share",
        (re.compile(rf"\b(?:divide|dividing|split|share) {F}{N} (?:by|into|among) {F}{N}"), r"(\1/\2)"),
    ),
    ("multipl", (re.compile(rf"\b(?:multiply|multiplying) {F}{N} (?:by|with|and) {F}{N}"), r"(\1*\2)")),
    ("times x multipl", (re.compile(r"(?<=[\d)]) (?:times|multiplied by|x) (?=[\d(])|(?<=\d)x(?=\d)"), " * ")),
    ("and", (re.compile(rf"\b(\d+)(?: [a-z]+)? and (?:a|1)[ -]({PART})\b"), _mixed)),
    ("a 1", (re.compile(rf"\b(is|than|exactly|equals?) (?:a|1)[ -]({PART})\b"), lambda m: f"{m[1]} 1/{PARTS[m[2]]}")),
    ("times", (re.compile(rf"{N} (\d) times\b"), r"(\1*\2)")),
    ("divid over shared", (re.compile(r"(?<=[\d)]) (?:divided by|over|shared by) (?=[\d(])"), " / ")),
    (
        "plus add with then another also",
        (re.compile(r"(?<=[\d)]) (?:plus|added to|together with|and then|and another|and also) (?=[\d(])"), " + "),
    ),
    ("more", (re.compile(r"(?<=[\d)]),? and (\d+) more\b"), r" + \1")),
    ("minus take less without", (re.compile(r"(?<=[\d)]) (?:minus|take away|less|without) (?=[\d(])"), " - ")),
    ("minus negative", (re.compile(r"\b(?:minus|negative) (?=\d)"), "-")),
)  # fmt: skip
DIGIT = re.compile(r"\d")
TRIGGERED = tuple((words.split(), rewrite) for words, rewrite in MEANT)
SCORED = re.compile(r"\b(\d+) (dozen|gross|score)\b")
SET = re.compile(rf"\b(?:an? )?(?P<set>{'|'.join(SETS)})\b")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
COMPOUND = re.compile(
    rf"[ -](twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[ -]({'|'.join(ORDINALS)})s\b"
)
GLUE = re.compile(rf"{WORD}|and")
GLUED = re.compile(rf"\b(?:{WORD})(?:{WORD}|and)+\b")
ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
STRETCHED = re.compile(r"([a-z])\1{2,}")
MOST_SPELLED = 120  # characters of a number in words
KEPT = 256  # sentences whose figures are remembered: those told before are read again
FREE_WORDS = frozenset({"one", "two", "three"})  # ordinary speech is full of them


@lru_cache(maxsize=KEPT)
def figured(text: str, *, whole: bool) -> str:
    """A flat text with number words in figures; those of FREE_WORDS only with `whole`.

    >>> figured("two steps, twelve, zweiunddreißig, 0x0c, 1.2e1", whole=False)
    'two steps, 12, 32, 12, 12'
    """
    text = SPELLED.sub(
        lambda m: m[0] if not whole and m[0] in FREE_WORDS else _figures(m), _unglued(text)
    )
    if not DIGIT.search(text):
        return text
    for pattern, written in NOTATIONS:
        text = pattern.sub(written, text)
    return ORDINAL.sub(r"\1", text)


@lru_cache(maxsize=KEPT)
def _unglued(text: str) -> str:
    text = STRETCHED.sub(r"\1\1", undisguised(text))
    text = COMPOUND.sub(lambda m: f" over {WORDS[m[1]] + ORDINALS.index(m[2]) + 1}", text)
    return GLUED.sub(lambda m: GLUE.sub(r"\g<0> ", m[0]).strip(), text)


@lru_cache(maxsize=KEPT)
def meant(text: str) -> str:
    """A `figured` text with what words do to numbers in signs.

    >>> meant("it is 1 more than 11, half of 24, 3 fours, 5 sixths")
    'it is (11+1), (24/2), (3*4), 5/6'
    """
    text = SCORED.sub(lambda m: f"({m[1]}*{SCORES[m[2]]})", text)
    text = SET.sub(lambda m: str(SETS[m["set"]]), text)
    if not DIGIT.search(text):
        return text
    for words, (pattern, written) in TRIGGERED:
        if any(word in text for word in words):
            text = pattern.sub(written, text)
    return text


NUMERAL = re.compile(r"\d+(?:\.\d+)?")
REFERRED = frozenset(("that", "it", "this"))
REFERRING = re.compile(
    r"((?<=half of )\w+|(?<=\bdouble )\w+|(?<=\btwice )\w+|(?<=\btriple )\w+|(?<=\bhalve )\w+)"
)


def resolved(whole: str) -> str:
    """A `figured` text with the number itself where "that" stands for it: half of that."""
    said = ""
    for part in REFERRING.split(whole):
        last = NUMERAL.findall(said)[-1:]
        said += last[0] if part in REFERRED and last else part
    return said


BEHIND = re.compile(r"\s+(?:times|more|less|steps?|of)\b", re.I)


def _figures(match: re.Match[str]) -> str:
    """The numbers that stand side by side: two fifty-two is 252."""
    if len(match[0]) > MOST_SPELLED:
        return match[0]
    said, total, group, room = "", 0, 0, 0
    joint = ""
    for word in re.split(r"[\s-]+", match[0].lower()):
        if word == "and":
            joint = " and "
        elif word in SCALES:
            group, room = (group or 1) * SCALES[word], SCALES[word]
            if SCALES[word] > 100:
                total, group = total + group, 0
        else:
            if room and WORDS[word] >= room:  # another number begins
                between = joint or (" " if BEHIND.match(match.string, match.end()) else "")
                said, total, group = f"{said}{total + group}{between}", 0, 0
            group += WORDS[word]
            joint, room = "", 10 if WORDS[word] >= 20 else 1
    return f"{said}{total + group}"
