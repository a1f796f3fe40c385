"""Whether a claim is right is never guessed: thousands of right and wrong ones in many forms."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product

from llmq.tutor.course import built_in_course
from llmq.tutor.spoken import in_figures
from llmq.tutor.verifying import Outcome, verdict

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["x", "x", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int) -> str:
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    if number >= 1000:
        rest = f" {in_words(number % 1000)}" if number % 1000 else ""
        return f"{ONES[number // 1000]} thousand{rest}"
    rest = f" and {in_words(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"


def fraction(value: Fraction) -> str:
    return f"I think it's {value.numerator}/{value.denominator}."


def decimal(value: Fraction) -> str | None:
    finite = all(p in (2, 5) for p in prime_factors(value.denominator))
    return f"{float(value):.10g}" if finite else None


def mixed(value: Fraction) -> str | None:
    whole, rest = divmod(value.numerator, value.denominator)
    return f"It is {whole} {rest}/{value.denominator}" if value > 1 and rest else None


def percent(value: Fraction) -> str | None:
    return f"{value * 100}%" if (value * 100).denominator == 1 else None


def words(value: Fraction) -> str | None:
    small = value.denominator == 1 and 0 <= value < 10_000
    return f"The answer is {in_words(int(value))}." if small else None


def unit(value: Fraction) -> str:
    return f"I get {value} apples"


def equation(value: Fraction) -> str:
    return f"So x = {value}"


def question(value: Fraction) -> str:
    return f"is it {value}?"


FORMATS: tuple[Callable[[Fraction], str | None], ...] = (
    fraction,
    decimal,
    mixed,
    percent,
    words,
    unit,
    equation,
    question,
)


def prime_factors(number: int) -> set[int]:
    return {p for p in range(2, number + 1) if number % p == 0 and all(p % q for q in range(2, p))}


def test_no_wrong_answer_is_called_correct_and_hardly_a_right_one_incorrect() -> None:
    right = wrong = missed = 0
    for exercise in built_in_course().exercises:
        key = Fraction(exercise.key)
        way = {Fraction(step.value) for step in exercise.steps}
        for say in FORMATS:
            text = say(key)
            if text:
                right += 1
                missed += verdict(text, exercise).outcome is not Outcome.ANSWER
            for other in {key + 1} - way:
                text = say(other)
                if text:
                    wrong += 1
                    assert verdict(text, exercise).outcome is not Outcome.ANSWER, text
    assert right >= 2000
    assert wrong >= 2000
    assert missed <= 0.01 * right


LETTERS = ("{}", "({})", "It is {}.", "option {}", "The answer is {}", "{}!", "I think it's {}")


def test_a_letter_is_right_where_it_names_the_key() -> None:
    n_right = 0
    for i, exercise in enumerate(built_in_course().exercises[::2]):
        key = Fraction(exercise.key)
        choices = [str(value) for value in (key + 1, key + 10, -key - 1)]
        choices.insert(i % 4, exercise.key)
        asked = replace(exercise, choices=tuple(choices))
        for say, letter in product(LETTERS, "ABCD"):
            is_key = ord(letter) - ord("A") == i % 4
            for text in (say.format(letter), say.format(letter.lower())):
                wanted = Outcome.ANSWER if is_key else Outcome.WRONG
                assert verdict(text, asked).outcome is wanted, (text, asked)
                n_right += is_key
    assert n_right >= 1000


def test_every_number_word_of_english_is_its_number() -> None:
    for number in range(10_000):
        assert in_figures(f"It is {in_words(number)}.") == f"It is {number}."


def test_number_words_of_other_languages() -> None:
    said = [
        "vierundzwanzig",
        "neunundneunzig",
        "vingt-quatre",
        "quatre-vingt-dix-neuf",
        "veinticuatro",
    ]
    assert [in_figures(word) for word in said] == ["24", "99", "24", "99", "24"]
    assert [in_figures(text) for text in ("noventa y nueve", "ventiquattro", "ventotto")] == [
        "99", "24", "28",
    ]  # fmt: skip
