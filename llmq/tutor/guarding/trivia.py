"""Numbers that everybody knows: months in a year, legs of a spider, how old one has to be."""

import re
from collections.abc import Collection

COUNTED = re.compile(
    r"\b(?:numbers? of|as many(?: \w+)? as|how many|count of|amount of)\s+(?:(?:the|a|an|its|your|all|different)\s+)?(?P<what>[a-z]+)(?P<rest>[^.!?]{0,60})", re.I
)  # fmt: skip
OWNERS = re.compile(
    r"\b(?:(?:months|days|weeks|seasons|quarters) (?:\w+ ){0,2}(?:in|of|per|make) (?:an? |one |the |each )?(?:leap )?(?:year|month|week|february|january|december|november)|(?:quarter|half|third) (?:of )?an? (?:hour|day|year|minute|century)|hours (?:in|of|per) (?:an? |one |the )?(?:whole )?day|minutes (?:in|of|per) (?:an? |one |the |half an )?(?:quarter of an )?hour|seconds (?:in|of|per) (?:an? |one )?minute"
    r"|(?:fingers|toes|hands?|feet|ears|eyes|teeth|bones|senses|legs|arms|wings|wheels|tentacles|lives|sides|corners|faces|edges|vertices|angles|degrees|strings|keys|players|cards|letters|planets|continents|oceans|states|stars|stripes|squares|signs|notes|dwarfs|dwarves|sins|wonders|apostles|disciples|commandments|eggs|colou?rs|pieces|holes|inches|feet|ounces|pennies|pence|cents) (?:on|of|in|to|for|per|around) (?!(?:the|a|this) (?:equation|problem|question|bracket|fraction)))",
    re.I,
)
NAMED = re.compile(
    r"\b(?:a week of days|hour at noon|noon|midnight|clock (?:show|strike)s?|life, the universe|hitchhiker|freezing point|boiling point|baker|legal|driving age|voting age|drinking age|cat has|spider|octopus|insect|pentagon|hexagon|heptagon|octagon|nonagon|decagon|dodecagon|zodiac|leap year|jersey|shirt number|unlucky number|lucky number|perfect score|james bond|fahrenheit|celsius|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march \d|april|june|july|august|september|october|november|december|christmas|halloween|birthday|alphabet|adult|carton)\b",
    re.I,
)
OWN = frozenset(
    "step steps part parts place places digit digits term terms number numbers thing things way ways operation operations decimal decimals side sides time times one ones more are do does would will can there is of equal bars dots rows groups pieces boxes bags words numbers units tens hundreds factors".split()  # fmt: skip
)


def alludes(text: str, words: Collection[str]) -> bool:
    """Whether a flat sentence describes a number by something that the exercise has not.

    >>> alludes("The number of lives a cat has.", {"birds"}), alludes("The number of birds.", {"birds"})
    (True, False)
    """
    for match in NAMED.finditer(text):
        if not any(word in words for word in re.findall(r"\w+", match[0].casefold())):
            return True
    for match in OWNERS.finditer(text):
        if re.findall(r"\w+", match[0].casefold())[0] not in words:
            return True
    if "?" in text:
        return False
    for match in COUNTED.finditer(text):
        what = match["what"].casefold()
        if what not in OWN and not {what, f"{what}s", what.removesuffix("s")} & set(words):
            return True
    return False
