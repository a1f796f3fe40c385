"""What a sentence does with the number that the student has guessed: settles or corrects it."""

import re
from fractions import Fraction

from llmq.tutor.guarding.figures import figured, meant, resolved
from llmq.tutor.guarding.roundabout import pairs_tell
from llmq.tutor.guarding.secrets import Secrets, numbers
from llmq.tutor.guarding.signs import clean, flat
from llmq.tutor.guarding.telling import calculates, is_asserted

MINUS = re.compile(r"\b(?:minus|negative|sign|below)\b")
COMPARED = r"\b(?:bigger|greater|larger|higher|lower|smaller|less|fewer|more)"
THAT = re.compile(r"\b(?:that|it|yours?|this)\b")


def echoes(text: str, guess: str, secrets: Secrets) -> bool:
    """Whether a flat sentence asserts a number that the student's last turn has guessed."""
    if not any(map(str.isdigit, guess)):
        return False
    whole = figured(text, whole=True)
    guessed = {n for n, _, _ in numbers(figured(flat(clean(guess)), whole=True))} - secrets.shown
    if any(_corrects(whole, n, secrets) for n in guessed):
        return True
    return "?" not in text and any(
        n in guessed and is_asserted(whole, *place) for n, *place in numbers(whole)
    )


def _corrects(whole: str, guess: Fraction, secrets: Secrets) -> bool:
    """Whether a sentence says how the student's guess becomes what is hidden, or on which side."""
    if -guess in secrets.hidden and MINUS.search(whole):
        return True
    if "?" not in whole and re.search(rf"{COMPARED} than {float(guess):g}(?!\d|\.\d)", whole):
        return True
    if not THAT.search(whole):
        return False
    about_it = f"{guess} {whole}"
    return pairs_tell(about_it, secrets) or calculates(meant(resolved(about_it)), secrets)
