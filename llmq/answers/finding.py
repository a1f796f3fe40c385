"""The final answer in what somebody wrote, by the ways in which people and models mark one."""

import re

from llmq.answers.nodes import symbols
from llmq.answers.readings import readings, tidy

MOST_CHARACTERS = 20_000  # of a text, from its end
CLOSING = "</think>"
KEY_MARK = re.compile(r"####\s*([^\n]+)")  # as GSM8K marks it
REST = r"(?=(\S[^\n]{0,200}))"  # looked at alone, so that a later announcement in it is found too
ANSWER = re.compile(
    r"(?:\banswer(?: is| equals| comes to| would be)?\s*:?\s+|\banswer\s*[:=]\s*"
    r"|\bantwort(?: ist| lautet)?\s*:?\s+|\bréponse(?: est)?\s*:?\s+|\brespuesta(?: es)?\s*:?\s+)"
    + REST,
    re.IGNORECASE,
)
SAID = re.compile(
    r"(?:\b(?:it|that|this|which) is\s+|\bwe get\s+|\bequals\s+|\bso\s+(?=\w ?=))" + REST,
    re.IGNORECASE,
)
BE = re.compile(r"(?:\b(?:is|are|be|gives|makes|have)\s+|=\s*)" + REST, re.IGNORECASE)
END = re.compile(r"(?:[.!?;](?=\s|$|\*)|,(?=\s)|\s+(?:because|since|so|as|which|when)\b).*$")
NUMBER = re.compile(
    r"(?<![\w.])[-\u2212\u2013]? ?[$€£]? ?(?:\d+ +\d+/\d+|\d[\d,]*(?:\.\d+)?(?:/\d+)?|[½¼¾⅓⅔]|\.\d+)(?: ?(?:%|°|[¼-¾⅐-⅞]))?"
)
MOST_LOOKED_AT = 10  # announcements of an answer, from the last one backwards
SHORT = 60  # characters of an answer that stands alone


def found_answer(text: str) -> str | None:
    r"""The final answer of `text`; None where it gives none.

    >>> found_answer("That makes 3*6.\n#### 18"), found_answer("So \\boxed{\\frac{3}{4}}.")
    ('18', '\\frac{3}{4}')
    >>> found_answer("First 2 + 3. The answer is 3/4."), found_answer("What do you think?")
    ('3/4', None)
    """
    text = text.rpartition(CLOSING)[2][-MOST_CHARACTERS:].strip()
    marked = KEY_MARK.findall(text)
    found = _boxed(text) or (tidy(marked[-1]) if marked else "")
    if found:
        return found
    alone = tidy(text)
    if len(alone) <= SHORT and readings(alone):
        return alone
    return (
        _said(ANSWER, text)
        or _said(SAID, text)
        or _term(text)
        or _last_number(text)
        or _alone(text)
    )


def _boxed(text: str) -> str:
    r"""What stands in the last \boxed{...}."""
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return ""
    start, depth = text.index("{", start) + 1, 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return tidy(text[start:place])
    return ""


def _said(pattern: re.Pattern[str], text: str) -> str:
    """What stands behind the last words that announce an answer, if it can be one."""
    for match in list(pattern.finditer(text))[: -MOST_LOOKED_AT - 1 : -1]:
        said = tidy(match[1])
        for candidate in (said, tidy(END.sub("", said))):
            if candidate and len(candidate) <= SHORT and readings(candidate):
                return candidate
        number = NUMBER.search(match[1])
        if number and pattern is ANSWER:
            return tidy(number[0])
    return ""


def _term(text: str) -> str:
    """The last thing that something is said to be, if it has letters: 4a + 3b is no number."""
    for match in list(BE.finditer(text))[: -MOST_LOOKED_AT - 1 : -1]:
        said = tidy(END.sub("", match[1]))
        if len(said) <= SHORT and any(symbols(reading.node) for reading in readings(said)):
            return said
    return ""


def _last_number(text: str) -> str:
    numbers = NUMBER.findall(text)
    return tidy(numbers[-1]) if numbers else ""


def _alone(text: str) -> str | None:
    """A text that is nothing but an answer in words."""
    words = tidy(text)
    said = ANSWER.search(words) or SAID.search(words)
    if said and len(words) <= 2 * SHORT:
        words = tidy(END.sub("", said[1]))
    return words if words and len(words) <= SHORT and "?" not in words else None
