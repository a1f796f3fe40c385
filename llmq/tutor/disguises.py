"""Numbers that are hidden, brought to figures: in other languages, letters apart, Roman."""

import re
from collections.abc import Mapping

# Number words up to twenty and the tens; English ones are read by `llmq.answers.quantities`.
WORDS: Mapping[str, str] = {
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz on onbir oniki onüç ondört onbeş onaltı onyedi onsekiz ondokuz",
}
TENS: Mapping[str, str] = {
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "tr": "yirmi otuz kırk elli altmış yetmiş seksen doksan",
}
LINKS = {"fr": ("-", " et "), "es": (" y ",), "it": ("",), "pt": (" e ",), "tr": (" ", "")}
HUNDREDS = {
    "de": "hundert",
    "fr": "cent",
    "es": "ciento",
    "it": "cento",
    "pt": "cento",
    "tr": "yüz",
}
TWENTIES = "veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
ENGLISH_TOO = frozenset({"six", "on", "sei", "once", "dix", "un", "um", "due", "bin", "cent"})
# Words of other languages that English text is full of, or that say no number there.
ROMAN = re.compile(
    r"\b(?=[IVXLCDM]{2,15}\b)M{0,3}(?:C[MD]|D?C{0,3})(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})\b"
    r"|(?<=[=:] )[VX]\b|\A\W*[VX](?=\W*\Z)"
)
APART = re.compile(r"(?<!\w)(?:\w[-.\s·*_]{1,2}){2,60}\w(?!\w)")
CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
HAN = re.compile(r"[零一二三四五六七八九十百两]+")


def _foreign() -> dict[str, int]:
    found: dict[str, int] = {}
    for language, words in WORDS.items():
        ones = words.split()
        table = {word: n for n, word in enumerate(ones)}
        for i, ten in enumerate(TENS[language].split(), start=2):
            table[ten] = 10 * i
            for n, one in enumerate(ones[1:10], start=1):
                if language == "de":
                    table[f"{'ein' if n == 1 else one}und{ten}"] = 10 * i + n
                for link in LINKS.get(language, ()):
                    table[f"{ten}{link}{one}"] = 10 * i + n
        table |= {
            f"{HUNDREDS[language]}{link}{word}": 100 + n
            for word, n in table.items()
            for link in ("", " ")
        }
        table[HUNDREDS[language]] = 100
        found |= table
    found |= {word: 21 + i for i, word in enumerate(TWENTIES.split())}
    for i, ten in enumerate(TENS["it"].split(), start=2):  # ventuno, ventotto
        found |= {f"{ten[:-1]}uno": 10 * i + 1, f"{ten[:-1]}otto": 10 * i + 8}
    return {word.casefold(): n for word, n in found.items() if word not in ENGLISH_TOO}


FOREIGN = _foreign()
WORD = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, FOREIGN), key=len, reverse=True))})(?!\w)"
)


FIRST = frozenset(re.split(r"[\s-]", word)[0] for word in FOREIGN)
LETTERS = re.compile(r"[^\W\d_]+")


def undisguised(text: str) -> str:
    """`text`, casefolded, with number words of other languages and Roman numerals in figures.

    >>> undisguised("Es sind zwölf."), undisguised("t-w-e-l-v-e, 1 - 2, XII")
    ('es sind 12.', 'twelve, 1 - 2, 12')
    """
    text = ROMAN.sub(_roman, APART.sub(_together, text)).casefold()
    if not FIRST.isdisjoint(LETTERS.findall(text)):
        text = WORD.sub(lambda m: str(FOREIGN[m[0]]), text)
    return HAN.sub(_han, text)


def _together(match: re.Match[str]) -> str:
    letters = re.findall(r"\w", match[0])
    alike = all(c.isalpha() for c in letters) or all(c.isdigit() for c in letters)
    spaced = " - " in match[0] or (letters[0].isdigit() and "." in match[0])
    return "".join(letters) if alike and not spaced else match[0]


def _roman(match: re.Match[str]) -> str:
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    numbers = [values[c] for c in match[0]]
    pairs = zip(numbers, [*numbers[1:], 0], strict=True)
    return str(sum(-n if n < after else n for n, after in pairs)) if numbers else match[0]


def _han(match: re.Match[str]) -> str:
    total, digit = 0, 0
    for c in match[0]:
        if c in "十百":
            total += (digit or 1) * (10 if c == "十" else 100)
            digit = 0
        else:
            digit = CHINESE[c]
    return f" {total + digit} "
