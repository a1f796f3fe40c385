"""Numbers that everybody knows: months in a year, legs of a spider, how old one has to be."""

import re
from collections.abc import Collection

from llmq.tutor.guarding.triggers import Row, matches

COUNTED = re.compile(
    r"\b(?:number of|as many(?: \w+)? as|how many|count of|amount of)\s+(?:(?:the|a|an|its|your|all|different)\s+)?(?P<what>[a-z]+)(?P<rest>[^.!?]{0,60})", re.I
)  # fmt: skip
PARTS = (
    "fingers toes hands hand feet ears eyes teeth bones senses legs arms wings wheels tentacles lives sides corners faces"
    " edges vertices angles degrees strings keys players cards letters planets continents oceans states stars stripes"
    " squares signs notes dwarfs dwarves sins wonders apostles disciples commandments eggs colours colors pieces holes"
    " inches ounces pennies pence cents"
)
A = r"(?:an? |one |the )?"
OWNERS: tuple[Row, ...] = (
    (
        "months days weeks seasons quarters",
        re.compile(r"\b(?:months|days|weeks|seasons|quarters) (?:\w+ ){0,2}(?:in|of|per|make) (?:an? |one |the |each )?(?:leap )?(?:year|month|week|february|january|december|november)", re.I),
    ),
    ("week year day hour minute", re.compile(r"\b(?:year|week|day|hour|minute)s? in (?:months|weeks|days|hours|minutes|seconds)\b", re.I)),
    ("hours", re.compile(rf"\bhours (?:in|of|per) {A}(?:whole )?day", re.I)),
    ("minutes", re.compile(rf"\bminutes (?:in|of|per) {A}(?:half an |quarter of an )?hour", re.I)),
    ("seconds", re.compile(rf"\bseconds (?:in|of|per) {A}minute", re.I)),
    ("hour day year minute century", re.compile(r"\b(?:quarter|half|third) (?:of )?an? (?:hour|day|year|minute|century)", re.I)),
    (
        PARTS,
        re.compile(rf"\b(?:{'|'.join(PARTS.split())}) (?:on|of|in|to|for|per|around) (?!(?:different|equal|the same|a row|front)\b|(?:the|a|this) (?:equation|problem|question|bracket|fraction))", re.I),
    ),
)  # fmt: skip
FAMOUS = (
    "noon midnight hitchhiker baker legal spider octopus insect pentagon hexagon heptagon octagon nonagon decagon"
    " dodecagon zodiac jersey fahrenheit celsius monday tuesday wednesday thursday friday saturday sunday january february"
    " april june july august september october november december christmas halloween birthday alphabet adult carton cat"
    " retirement driving voting byte freezing boiling bond"
)
NAMES = frozenset(FAMOUS.split())
NAMED: tuple[Row, ...] = (
    ("angle", re.compile(r"\bright angle", re.I)),
    ("many", re.compile(r"\b(?:that|this|so) many\b", re.I)),
    ("clock", re.compile(r"\bclock (?:show|strike)s?\b", re.I)),
    ("universe", re.compile(r"\blife, the universe\b", re.I)),
    ("leap year", re.compile(r"\bleap year\b", re.I)),
    ("lucky", re.compile(r"\b(?:un)?lucky number\b", re.I)),
    ("score", re.compile(r"\bperfect score\b", re.I)),
)
MATHEMATICAL = (
    "step steps part parts place places digit digits term terms number numbers thing things"
    " way ways operation operations decimal decimals side sides time times one ones more are"
    " do does would will can there is of equal bars dots rows groups pieces boxes bags words"
    " numbers units tens hundreds factors good favourable favorable possible cases outcomes list row line"
)
LONG = re.compile(r"[a-z]{4,}")
OWN = frozenset(MATHEMATICAL.split())


def alludes(text: str, words: Collection[str]) -> bool:
    """Whether a flat sentence describes a number by something that the exercise has not.

    >>> [alludes(text, {"birds"}) for text in ("As many as a cat has", "The number of birds")]
    [True, False]
    """
    if any(name in NAMES and name not in words for name in re.findall(r"[a-z]+", text.casefold())):
        return True
    if any(not set(LONG.findall(m[0].casefold())) & set(words) for m in matches(NAMED, text)):
        return True
    for match in matches(OWNERS, text):
        if re.findall(r"\w+", match[0].casefold())[0] not in words:
            return True
    if "?" in text:
        return False
    for match in matches((("number many count amount", COUNTED),), text):
        what = match["what"].casefold()
        if what not in OWN and not {what, f"{what}s", what.removesuffix("s")} & set(words):
            return True
    return False
