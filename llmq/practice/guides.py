"""What a tutor says about a step without giving its value: a question, then the operation to do.

Generator and parser of tutor turns read this one table, so they cannot disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Guide:
    """The first two rungs of a step's hint ladder."""

    ask: str
    do: str


GUIDES: Mapping[str, Guide] = MappingProxyType(
    {
        # arithmetic
        "product first": Guide("Which part comes first?", "Multiply before you add or subtract."),
        "brackets first": Guide("What is in the brackets?", "Start inside the brackets."),
        "then add": Guide("What is left to add?", "Now add the other number."),
        "then subtract": Guide("What is left to take away?", "Now take the other number away."),
        "then multiply": Guide("What is outside the brackets?", "Multiply by the number outside."),
        "left to right": Guide("Where do you start?", "Work from left to right."),
        # fractions
        "unit part": Guide("How big is one part?", "Divide by the bottom number."),
        "all parts": Guide("How many parts do you need?", "Multiply by the top number."),
        "same bottom": Guide(
            "How do you get the same bottom number?", "Make the first fraction finer."
        ),
        "add tops": Guide("What happens to the top numbers?", "Add the top numbers only."),
        "subtract tops": Guide(
            "What happens to the top numbers?", "Subtract the top numbers only."
        ),
        "over bottom": Guide("Which fraction is that?", "Put it over the bottom number."),
        # ratios
        "total parts": Guide("How many parts are there in all?", "Add the parts of the ratio."),
        "share of one part": Guide("How much is one part?", "Divide the total by the parts."),
        "share": Guide("How many parts belong to the share?", "Multiply one part by the share."),
        "price of one": Guide("What does one cost?", "Divide the price by the number."),
        "price of many": Guide("What do they all cost?", "Multiply the price of one."),
        # percentages
        "ten percent": Guide("How much is ten percent?", "Divide by ten to get ten percent."),
        "percent part": Guide("How many times ten percent?", "Multiply the ten percent."),
        "price down": Guide("Does the price go up or down?", "Take the discount off the price."),
        "price up": Guide("What happens to the price?", "Add the increase to the price."),
        # equations
        "undo plus": Guide("How do you undo the plus?", "Subtract on both sides."),
        "undo minus": Guide("How do you undo the minus?", "Add on both sides."),
        "undo times": Guide("How do you undo the times?", "Divide both sides."),
        "undo division": Guide("How do you undo the division?", "Multiply both sides."),
        # word problems
        "how many in all": Guide(
            "How many are there in all?", "Multiply the groups by their size."
        ),
        "how many left": Guide("How many are left?", "Subtract what is gone."),
        "how many more": Guide("How many come on top?", "Add what comes on top."),
        "second amount": Guide("How much is the second lot?", "Multiply for the second lot too."),
        "both together": Guide("How much is it together?", "Add the two amounts."),
        "still missing": Guide("How much is still missing?", "Subtract what is there already."),
        "how often": Guide("How many times does it fit?", "Divide by the size of one."),
        "how far": Guide("How far is that?", "Multiply the speed by the hours."),
    }
)
