"""Units behind a number, and words that are none: "5 cm", "$5", "5 apples"."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from llmq.answers.tokens import WORDS


@dataclass(frozen=True)
class Unit:
    """Units of one `dimension` can be compared; `factor` says how many of its first one it is."""

    dimension: str
    factor: Fraction
    name: str


# Of each dimension the units with what they are in its first one, under all their names.
TABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "length": (
        ("1", "m metre metres meter meters"),
        ("0.001", "mm millimetre millimetres millimeter millimeters"),
        ("0.01", "cm centimetre centimetres centimeter centimeters"),
        ("0.1", "dm"),
        ("1000", "km kilometre kilometres kilometer kilometers"),
        ("0.0254", "in inch inches"),
        ("0.3048", "ft foot feet"),
        ("0.9144", "yd yard yards"),
        ("1609.344", "mi mile miles"),
    ),
    "mass": (
        ("1", "g gram grams"),
        ("0.001", "mg milligram milligrams"),
        ("1000", "kg kilogram kilograms"),
        ("1000000", "t tonne tonnes"),
    ),
    "time": (
        ("1", "s sec second seconds"),
        ("60", "min mins minute minutes"),
        ("3600", "h hr hrs hour hours"),
        ("86400", "d day days"),
        ("604800", "week weeks"),
    ),
    "volume": (
        ("1", "l L litre litres liter liters dm^3"),
        ("0.001", "ml mL millilitre millilitres milliliter milliliters cm^3"),
        ("0.01", "cl cL"),
        ("1000", "m^3"),
    ),
    "area": (
        ("1", "m^2"), ("0.0001", "cm^2"), ("0.000001", "mm^2"), ("1000000", "km^2"),
        ("10000", "ha"),
    ),
    "speed": (("1", "m/s"), ("5/18", "km/h kph")),
    "acceleration": (("1", "m/s^2"),),
    "density": (("1", "g/cm^3"), ("0.001", "kg/m^3")),
    "energy": (("1", "J joule joules"), ("1000", "kJ"), ("3600000", "kWh")),
    "force": (("1", "N newton newtons"),),
    "power": (("1", "W watt watts"), ("1000", "kW")),
    "pressure": (("1", "Pa pascal pascals"), ("1000", "kPa")),
    "resistance": (("1", "\u03a9 ohm ohms"),),
    "voltage": (("1", "V volt volts"),),
    "current": (("1", "A amp amps ampere amperes"),),
    "angle": (("1", "° deg degree degrees"),),
    "temperature": (("1", "°C"),),
    "fahrenheit": (("1", "°F"),),
    "share": (("1", "% percent"),),
    "dollars": (("1", "$ dollar dollars USD"),),
    "euros": (("1", "€ euro euros EUR"),),
    "pounds": (("1", "£ pound pounds GBP"),),
    "cents": (("1", "¢ cent cents"),),
    "pence": (("1", "p pence"),),
}  # fmt: skip
UNITS = {
    name: Unit(dimension, Fraction(factor), name)
    for dimension, rows in TABLE.items()
    for factor, names in rows
    for name in names.split()
}
# As people write areas and volumes in words.
POWERS = (
    (re.compile(r"\b(?:square|sq\.?) (\w+)"), "^2"), (re.compile(r"\b(?:cubic|cu\.?) (\w+)"), "^3"),
    (re.compile(r"\b(\w+) squared"), "^2"), (re.compile(r"\b(\w+) cubed"), "^3"),
)  # fmt: skip
CURRENCY = re.compile(r"^(?P<sign>-? ?)(?P<unit>[$€£])(?=[ \d.])")
BEHIND = re.compile(r"^(?P<number>.*?[\d)}\]%]) ?(?P<unit>°C|°F|[$€£¢%°]|[^\W\d_][\w/^ .-]{0,40})$")
LABEL = re.compile(r"[^\W\d_]{2,}(?: [^\W\d_]+){0,3}")
NO_LABELS = {*WORDS, "or", "and"}
PER = {"km per hour": "km/h", "m per second": "m/s", "metres per second": "m/s"}


def unit_split(text: str) -> tuple[str, Unit | None, str]:
    """What is measured, its unit if it is a known one, and otherwise the words behind a number.

    >>> unit_split("5 square cm")[1].name, unit_split("$5")[0], unit_split("5 apples")[2]
    ('cm^2', '5', 'apples')
    """
    front = CURRENCY.match(text)
    if front:
        return front["sign"] + text[front.end() :].strip(), UNITS[front["unit"]], ""
    for pattern, power in POWERS:
        text = pattern.sub(partial(_raised, power), text)
    text = re.sub(r"\^\((\d)\)$", r"^\1", text)
    match = BEHIND.match(text)
    if match is None:
        return text, None, ""
    words = match["unit"].strip(" .")
    words = PER.get(words, words)
    unit = UNITS.get(words) or UNITS.get(words.lower())
    if unit:
        return match["number"].strip(), unit, ""
    if LABEL.fullmatch(words) and not set(words.lower().split()) & NO_LABELS:
        return match["number"].strip(), None, words
    return text, None, ""


def _raised(power: str, match: re.Match[str]) -> str:
    return _short(match[1]) + power


def _short(word: str) -> str:
    """The symbol of a unit: `cm` for centimetres."""
    for rows in TABLE.values():
        for _, names in rows:
            if word.lower() in names.split():
                return names.split()[0]
    return word
