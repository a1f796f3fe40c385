"""Text to train tokenizers on and strings to try them with, made by seeded generators."""

# ruff: noqa: RUF001  # letters that look like others are what these texts are for

import random
import unicodedata
from collections.abc import Iterator, Sequence

WORDS = [
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "is",
    "it",
    "you",
    "that",
    "he",
    "was",
    "for",
    "on",
    "are",
    "with",
    "as",
    "I",
    "his",
    "they",
    "be",
    "at",
    "one",
    "have",
    "this",
    "from",
    "or",
    "had",
    "by",
    "hot",
    "but",
    "some",
    "what",
    "there",
    "we",
    "can",
    "out",
    "other",
    "were",
    "all",
    "your",
    "when",
    "up",
    "use",
    "word",
    "how",
    "said",
    "an",
    "each",
    "she",
    "which",
    "do",
    "their",
    "time",
    "if",
    "will",
    "way",
    "about",
    "many",
    "then",
    "them",
    "would",
    "write",
    "like",
    "so",
    "these",
    "her",
    "long",
    "make",
    "thing",
    "see",
    "him",
    "two",
    "has",
    "look",
    "more",
    "day",
    "could",
    "go",
    "come",
    "did",
    "my",
    "sound",
    "no",
    "most",
    "number",
    "who",
    "over",
    "know",
    "water",
    "than",
    "call",
    "first",
    "people",
    "may",
    "down",
    "side",
    "been",
    "now",
    "find",
    "fraction",
    "equation",
    "solve",
    "divide",
    "multiply",
    "remainder",
    "triangle",
    "because",
    "therefore",
    "student",
    "teacher",
    "hint",
    "answer",
    "question",
    "wrong",
    "right",
]
CODE = (
    "def add(a, b):\n    return a + b\n",
    "for (int i = 0; i < n; ++i) {\n\tsum += x[i];\n}\n",
    'if __name__ == "__main__":\n        main()\r\n',
    "SELECT * FROM t WHERE id >= 10 AND name != 'x';\n",
    "https://example.org/path?q=1&r=%20#frag",
    "x_1 = foo.bar(baz)[0]->qux::Quux<T>();  // done!!!",
    "\\frac{3}{4} + \\sqrt{2} \\approx 2.164",
    "HTTPServerError camelCaseName SCREAMING_SNAKE iPhone McDonald",
)
MATH = (
    "3/4",
    "2x+5=15",
    "12.50€",
    "10%",
    "√2",
    "½",
    "x²",
    "∑",
    "π≈3.14159",
    "a≤b",
    "-7°C",
    "1,000,000",
)
SENTENCES = (
    "Don't you'll I've we're he's she'd I'm CAN'T IT'S",
    "Die Straße führt über die Brücke, Äpfel größer als Öl.",
    "L'été dernier, où étiez-vous ? Ça va très bien…",
    "El niño comió piñas y el pingüino también.",
    "Привет, как дела? Сегодня хорошая погода.",
    "Καλημέρα κόσμε, πώς είσαι;",
    "مرحبا بالعالم، كيف حالك؟ السَّلامُ عَلَيْكُمْ ١٢٣",
    "שלום עולם, מה שלומך?",
    "नमस्ते दुनिया, आप कैसे हैं? १२३",
    "สวัสดีชาวโลก คุณเป็นอย่างไรบ้าง",
    "你好，世界！今天天气很好。学习数学很有趣。",
    "こんにちは世界。カタカナとひらがなと漢字ー、ﾊﾝｶｸ",
    "안녕하세요 세계, 오늘은 날씨가 좋네요.",
    "Tiếng Việt có nhiều dấu thanh",
    "Türkçe İstanbul ılık",
)
EMOJI = ("😀", "🚀🚀", "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "✅", "❤️", "🧑🏽‍🚀", "☺", "🫠")
# Letters with marks that no letter of their own exists for are in NFC as they stand.
COMBINING = ("x\u0323", "q\u0307\u0301", "\u0915\u094d\u0937", "\u0e01\u0e33", "\u05e9\u05c1", "m̃m̃")
DECOMPOSED = ("e\u0301te\u0301", "A\u030angstro\u0308m", "\u1112\u1161\u11ab", "\u212b", "n\u0303")
SPACE = (
    "  ",
    "   ",
    "\t",
    "\t\t",
    "\n",
    "\n\n",
    " \n ",
    "\r\n",
    "\r\n\r\n",
    "        ",
    "\u00a0",
    "\u3000",
    "\u2003",
    "\x0b",
)
PUNCTUATION = (
    "!!!",
    "...",
    "?!",
    " - ",
    "--",
    "(",
    ")",
    "[[",
    "}}",
    '"',
    "'",
    "``",
    ";",
    ":",
    "@",
    "#",
    "$",
    "~",
    "^",
    "|",
    "&&",
    "«»",
    "“”",
    "—",
    "。",
    "、",
    "。\u3000、",
    "…",
)
RUNS = (1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 12, 17, 33, 70)
KINDS: tuple[Sequence[str], ...] = (
    WORDS,
    CODE,
    MATH,
    SENTENCES,
    EMOJI,
    COMBINING,
    SPACE,
    PUNCTUATION,
)


def training_texts(count: int = 600, seed: int = 7) -> Iterator[str]:
    """Short texts of all kinds, words most often."""
    rng = random.Random(seed)
    for _ in range(count):
        yield " ".join(rng.choice(WORDS) for _ in range(rng.randint(3, 25)))
        yield rng.choice(rng.choice(KINDS))
        yield "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 12)))
        yield rng.choice(SENTENCES) + rng.choice(SPACE) + rng.choice(CODE)


def probe_texts(specials: Sequence[str] = (), count: int = 2000, seed: int = 11) -> list[str]:
    """`count` different strings in NFC: samples, mixtures, runs, cuts, and specials inside."""
    rng = random.Random(seed)
    found = dict.fromkeys(sample for kind in KINDS for sample in kind)
    while len(found) < count:
        found[unicodedata.normalize("NFC", _probe(rng, specials))] = None
    return list(found)[:count]


def _probe(rng: random.Random, specials: Sequence[str]) -> str:
    match rng.randint(0, 6):
        case 0:
            return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6)))
        case 1:  # a run of spaces, line ends or digits
            unit = rng.choice([" ", "\n", "\t", "0", "7", "12", "-", "a", "\r\n", "=", "字"])
            return rng.choice(WORDS) + unit * rng.choice(RUNS) + rng.choice(WORDS)
        case 2:  # a sample cut somewhere
            sample = rng.choice(rng.choice(KINDS))
            start = rng.randint(0, len(sample) - 1)
            return sample[start : rng.randint(start + 1, len(sample))]
        case 3:  # letters from anywhere that every Unicode version of these libraries agrees on
            blocks = [(0x21, 0x7E), (0xC0, 0x17E), (0x391, 0x3A1), (0x410, 0x44F), (0x4E00, 0x9FA5)]
            low, high = rng.choice(blocks)
            return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 20)))
        case 4 if specials:
            parts = [
                rng.choice(specials) if rng.random() < 0.5 else _probe(rng, ()) for _ in range(3)
            ]
            return "".join(parts)
        case _:
            parts = [rng.choice(rng.choice(KINDS)) for _ in range(rng.randint(2, 4))]
            return rng.choice(["", " "]).join(parts)
