"""What a single turn claims: a table of turns, as students type them."""

import pytest

from llmq.tutor.course.typed import exercise_of_text
from llmq.tutor.exercise import Exercise, Step
from llmq.tutor.verifying import Outcome, verdict

CHOICE = Exercise("c", "s", "Which is larger?", "3/4", choices=("1/2", "3/4", "2/3"))
SWEETS = Exercise(
    "sweets",
    "stories",
    "Jack has 12 bags of 21 sweets and finds 19 more. How many are there?",
    "271",
    (
        Step("How many in all?", "Multiply.", "12 * 21", "252", (("264", "One bag too many."),)),
        Step("How many on top?", "Add.", "252 + 19", "271"),
    ),
)


SHORTEN = Exercise("shorten", "fractions", "Write 18/42 in lowest terms.", "3/7")
EXPAND = Exercise("expand", "terms", "Expand (x + 3)(x + 8).", "x^2 + 11x + 24")
SIMPLIFY = Exercise(
    "simplify",
    "terms",
    "Simplify 3(2x + 5) - 4x.",
    "2x + 15",
    (Step("Without brackets?", "Multiply.", "3 * 2x + 3 * 5", "6x + 15"),),
)
WALKERS = Exercise("walkers", "percent", "18 of 75 pupils walk. How many percent is that?", "24%")
BOXES = Exercise("boxes", "stories", "156 apples go into boxes of 12. How many boxes?", "13")
POINTS = Exercise("points", "decimals", "What is 9.6 / 0.4?", "24")


LOWEST = Exercise("lowest", "s", "Write 18/42 in lowest terms.", "3/7")
FACTOR = Exercise("factor", "s", "Factor 6a + 21.", "3(2a + 7)")
SHORTER = Exercise(
    "shorter",
    "s",
    "Simplify 3(2x + 5) - 4x.",
    "2x + 15",
    (Step("How?", "Multiply.", "3 * (2x + 5)", "6x + 15"), Step("And?", "Add.", "", "2x + 15")),
)
PUPILS = Exercise("pupils", "s", "18 of 75 pupils walk. How many percent is that?", "24%")
QUOTIENT = Exercise("quotient", "s", "What is 9.6 / 0.4?", "24")
PART = exercise_of_text("3/4 of 20")
BRACKET = exercise_of_text("4(x - 2) = 12")
TENTHS = Exercise("tenths", "s", "What is 0.1 + 0.2?", "0.3")
ELEVENTHS = Exercise("eleventh", "s", "What is 1/4 + 2/3?", "11/12")
PRODUCT = Exercise("product", "s", "Expand (x+1)(x-2).", "x^2 - x - 2")

SUM = Exercise("sum", "sums", "What is 2 + 3?", "5")
HALVES = Exercise("halves", "parts", "How much are five halves?", "5/2")
EQUATION = exercise_of_text("3x + 5 = 20")
THIRTY = Exercise("thirty", "percentages", "What is 30 percent of 100?", "30")
TENTHS = Exercise("tenths", "parts", "How much are three of ten parts?", "3/10")
SHARE = Exercise("share", "percentages", "What percent of 60 is 18?", "30")
SIGNED = Exercise("signed", "percentages", "How much of it is left?", "30%")


@pytest.mark.parametrize(
    ("text", "exercise", "outcome"),
    [
        ("B", CHOICE, Outcome.ANSWER),
        ("I think the answer is b.", CHOICE, Outcome.ANSWER),
        ("(A)", CHOICE, Outcome.WRONG),
        ("E", CHOICE, Outcome.NONE),
        ("12*21=252", SWEETS, Outcome.STEP),
        ("252", SWEETS, Outcome.STEP),
        ("12*21=264", SWEETS, Outcome.WRONG),
        ("3*4=271", SWEETS, Outcome.WRONG),
        ("252+19=271", SWEETS, Outcome.ANSWER),
        ("252+19", SWEETS, Outcome.NONE),
        ("15 = 3x", EQUATION, Outcome.STEP),
        ("5 = x", EQUATION, Outcome.ANSWER),
        ("x = 15", EQUATION, Outcome.WRONG),
        ("x=20-5", EQUATION, Outcome.WRONG),
        ("3*5+5=20", EQUATION, Outcome.NONE),
        ("x=5 because 3*5+5=20", EQUATION, Outcome.ANSWER),
        ("4x - 8 = 12", BRACKET, Outcome.FOLLOWS),
        ("x-2=3", BRACKET, Outcome.FOLLOWS),
        ("x-2=4", BRACKET, Outcome.WRONG),
        ("x=x", BRACKET, Outcome.WRONG),
        (".3", TENTHS, Outcome.ANSWER),
        ("point three", TENTHS, Outcome.ANSWER),
        ("0.9167", ELEVENTHS, Outcome.WRONG),
        ("x*x - x - 2", PRODUCT, Outcome.ANSWER),
        ("x squared minus x minus 2", PRODUCT, Outcome.ANSWER),
        ("the second one", CHOICE, Outcome.ANSWER),
        ("option three", CHOICE, Outcome.WRONG),
        ("B because 3/4 is more than a half", CHOICE, Outcome.ANSWER),
        ("271 is wrong", SWEETS, Outcome.NONE),
        ("9/21", LOWEST, Outcome.WRONG),
        ("18/42", LOWEST, Outcome.NONE),
        ("18/42 = 3/7", LOWEST, Outcome.ANSWER),
        ("Something else: Write 18/42 in lowest terms.", LOWEST, Outcome.NONE),
        ("6a + 21", FACTOR, Outcome.NONE),
        ("(2a + 7)*3", FACTOR, Outcome.ANSWER),
        ("3(2x + 5) - 4x + 0", SHORTER, Outcome.WRONG),
        ("I get 6x + 15", SHORTER, Outcome.STEP),
        ("15 + 2x", SHORTER, Outcome.ANSWER),
        ("18 / 75 = 24 %", PUPILS, Outcome.ANSWER),
        ("9.6 / 0.4 = 24", QUOTIENT, Outcome.ANSWER),
        ("9.6/0.4", QUOTIENT, Outcome.NONE),
        ("1/0 = 3", QUOTIENT, Outcome.WRONG),
        ("a quarter is 5", PART, Outcome.STEP),
        ("a quarter is 6", PART, Outcome.WRONG),
        ("I get 12", SWEETS, Outcome.WRONG),
        ("What is 252+19?", SWEETS, Outcome.NONE),
        ("271 or 272", SWEETS, Outcome.NONE),
        ("two hundred and seventy-one!", SWEETS, Outcome.ANSWER),
        ("Is it 271?", SWEETS, Outcome.ANSWER),
        ("Why do I multiply 12 by 21?", SWEETS, Outcome.NONE),
        ("12 x 21 = 252", SWEETS, Outcome.STEP),
        ("12 times 21 is 252", SWEETS, Outcome.STEP),
        ("3 times 4 is 271", SWEETS, Outcome.WRONG),
        ("12*21=252+19=271", SWEETS, Outcome.ANSWER),
        ("252+19=271 because 12*21=252", SWEETS, Outcome.ANSWER),
        ("12*21=252, so the answer is 271", SWEETS, Outcome.ANSWER),
        ("it is 270. no wait, 271", SWEETS, Outcome.ANSWER),
        ("270, 271, 272", SWEETS, Outcome.NONE),
        ("It's not 271", SWEETS, Outcome.NONE),
        ("I'm not sure, 271?", SWEETS, Outcome.ANSWER),
        ("Is it more than 270?", SWEETS, Outcome.NONE),
        ("Does it end in 1?", SWEETS, Outcome.NONE),
        ("Jack has 12 bags", SWEETS, Outcome.NONE),
        ("What about 271?", SWEETS, Outcome.ANSWER),
        ("minus 271", SWEETS, Outcome.WRONG),
        ("x" * 590 + " 1271", SWEETS, Outcome.WRONG),
        ("negative 5", SUM, Outcome.WRONG),
        ("minus five", SUM, Outcome.WRONG),
        ("twenty-five", SUM, Outcome.WRONG),
        ("fünf", SUM, Outcome.ANSWER),
        ("c'est cinq", SUM, Outcome.ANSWER),
        ("son cinco", SUM, Outcome.ANSWER),
        ("sono cinque", SUM, Outcome.ANSWER),
        ("5,0", SUM, Outcome.ANSWER),
        ("5 cm", SUM, Outcome.ANSWER),
        ("two and a half", HALVES, Outcome.ANSWER),
        ("two point five", HALVES, Outcome.ANSWER),
        ("2,5", HALVES, Outcome.ANSWER),
        ("5 over 2", HALVES, Outcome.ANSWER),
        ("a half", HALVES, Outcome.WRONG),
        ("five", HALVES, Outcome.WRONG),
        ("18/42", SHORTEN, Outcome.NONE),
        ("9/21", SHORTEN, Outcome.WRONG),
        ("I get 3/7", SHORTEN, Outcome.ANSWER),
        ("(x + 3)(x + 8)", EXPAND, Outcome.NONE),
        ("= (x + 3)(x + 8)", EXPAND, Outcome.NONE),
        ("24 + 11x + x²", EXPAND, Outcome.ANSWER),
        ("is it x^2 + 24?", EXPAND, Outcome.WRONG),
        ("3(2x + 5) - 4x", SIMPLIFY, Outcome.NONE),
        ("I get 6x + 15", SIMPLIFY, Outcome.STEP),
        ("is it 6x + 5?", SIMPLIFY, Outcome.WRONG),
        ("Is 3 * 2x + 3 * 5 = 6x + 15 right?", SIMPLIFY, Outcome.STEP),
        ("it's 2x + 15", SIMPLIFY, Outcome.ANSWER),
        ("18 / 75 = 24 %", WALKERS, Outcome.ANSWER),
        ("I get 12", BOXES, Outcome.WRONG),
        ("it has to be 12", BOXES, Outcome.WRONG),
        ("156 / 12", BOXES, Outcome.NONE),
        ("9.6/0.4", POINTS, Outcome.NONE),
        ("9.6 / 0.4 = 24", POINTS, Outcome.ANSWER),
        ("3x + 5 = 20", EQUATION, Outcome.NONE),
        ("3x = 15", EQUATION, Outcome.STEP),
        ("3x = 14", EQUATION, Outcome.WRONG),
        ("x = five", EQUATION, Outcome.ANSWER),
        ("30", THIRTY, Outcome.ANSWER),
        ("30%", THIRTY, Outcome.WRONG),
        ("It is 30 percent.", THIRTY, Outcome.WRONG),
        ("thirty per cent", THIRTY, Outcome.WRONG),
        ("3/10", THIRTY, Outcome.WRONG),
        ("3000%", THIRTY, Outcome.ANSWER),
        ("30%", TENTHS, Outcome.ANSWER),
        ("It is 30 percent.", TENTHS, Outcome.ANSWER),
        ("0.3 = 30%", TENTHS, Outcome.ANSWER),
        ("30", TENTHS, Outcome.WRONG),
        ("30%", SHARE, Outcome.ANSWER),
        ("thirty percent", SHARE, Outcome.ANSWER),
        ("30", SHARE, Outcome.ANSWER),
        ("3%", SHARE, Outcome.WRONG),
        ("30 %", SIGNED, Outcome.ANSWER),
        ("3/10", SIGNED, Outcome.ANSWER),
        ("is it B?", CHOICE, Outcome.ANSWER),
        ("not B", CHOICE, Outcome.NONE),
        ("I do not know", SWEETS, Outcome.NONE),
        ("", SWEETS, Outcome.NONE),
    ],
)
def test_what_a_turn_claims(text: str, exercise: Exercise, outcome: Outcome) -> None:
    assert verdict(text, exercise).outcome is outcome


def test_a_known_slip_is_pointed_at() -> None:
    assert verdict("12*21=264", SWEETS).slip == "One bag too many."
