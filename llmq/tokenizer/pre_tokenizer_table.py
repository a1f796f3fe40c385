"""How tokenizer.json cuts text into words, and what llama.cpp calls it: the table of structures.

A row says: a `pre_tokenizer` of these steps (and, where it matters, this normalizer and this
`ignore_merges`) is called `name` in `tokenizer.ggml.pre`. The patterns are facts of public
tokenizer.json files; which name belongs to which repository stands in llama.cpp's
convert_hf_to_gguf_update.py, what a name does in llm_tokenizer_bpe of llama-vocab.cpp. Many names
of llama.cpp do one and the same: each structure is listed under one of them.

Not listed, so an error without `--pre`: structures that llama.cpp cannot do at all (a space added
in front, another normalizer than NFC), and those whose file we have not seen.
"""

from dataclasses import dataclass

# Where llama.cpp gives other tokens than Hugging Face, named once for the tests and for the reader.
LLAMA_CPP_DEFECTS = {
    "nfc": "llama.cpp does not apply the normalizer NFC: text that is not in NFC gets other tokens",
    "case": "llama.cpp tells upper from lower case only in A-Z and a-z and takes no combining mark "
    "for a part of a word, where the pattern says \\p{Lu}, \\p{Ll} and \\p{M}",
    "falcon": "llama.cpp runs Llama 3's pattern for this pipeline: punctuation, digits, line ends and "
    "changes of case are cut in other places",
    "wide space": "llama.cpp hides U+3000, the ideographic space, from the lists of punctuation and "
    "of Chinese characters that it belongs to",
    "fold": "llama.cpp's case-insensitive 's does not know U+017F, the long s, which folds to s",
    "unicode": "llama.cpp's classes of characters are those of Unicode 15: letters and digits that "
    "came with Unicode 16 are neither",
    "strip": "llama.cpp lets no added token swallow the spaces beside it (lstrip, rstrip), but Phi-3's, "
    "which swallow white space of ASCII alone",
    "prefix": "llama.cpp, like SentencePiece itself, puts a space in front of text that starts with "
    "a space, and does so after every special token; Metaspace in transformers does neither",
}


@dataclass(frozen=True)
class Structure:
    """One row. `ignore_merges` None stands for both; `note` says where llama.cpp's ids differ."""

    name: str
    steps: tuple[str, ...]
    normalizer: tuple[str, ...] = ()
    ignore_merges: bool | None = None
    note: str = ""


def split(pattern: str, behavior: str = "Isolated", *, invert: bool = False) -> str:
    """A step that cuts at a regular expression, as `pre_tokenizer.describe_step` writes it."""
    return f"Split({pattern!r}, {behavior}{', inverted' if invert else ''})"


def byte_level(*, use_regex: bool) -> str:
    """The step that maps bytes to letters; with `use_regex` it first cuts by GPT-2's pattern."""
    return f"ByteLevel(add_prefix_space=False, use_regex={use_regex})"


SINGLE_DIGITS = "Digits(individual=True)"
BYTES = byte_level(use_regex=False)
GPT2 = byte_level(use_regex=True)
PUNCTUATION = "Punctuation(Contiguous)"

# Words, then numbers, punctuation with its line ends, and white space; the families differ in the
# digits they take at once and in what a word is.
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
SYMBOLS = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+", rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*")
CODE_SYMBOLS = r" ?[^\s\p{L}\p{N}]+[\r\n/]*"

LLAMA3 = "|".join([CONTRACTIONS, WORD, r"\p{N}{1,3}", SYMBOLS, SPACES])
QWEN2 = "|".join([CONTRACTIONS, WORD, r"\p{N}", SYMBOLS, SPACES])
MARKED_WORD, MARKED_SYMBOLS = r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+", r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
QWEN35 = "|".join([CONTRACTIONS, MARKED_WORD, r"\p{N}", MARKED_SYMBOLS, SPACES])
TEKKEN = "|".join([*CASED, r"\p{N}", CODE_SYMBOLS, SPACES])
GPT4O = "|".join(
    [*(f"{word}{CONTRACTIONS}?" for word in CASED), r"\p{N}{1,3}", CODE_SYMBOLS, SPACES]
)
MINICPM5 = "|".join([CONTRACTIONS, WORD, r"\p{N}+", SYMBOLS, SPACES])
SEED_CODER = (
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}"
    "| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)
BAILING = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)

# DeepSeek: one step per class of characters; written as code points, since an editor may normalise
# letters such as U+2126 (ohm) or U+212A (kelvin).
LINE_END = split("[\r\n]")
KANA_AND_HAN = split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+")
HAN_AND_HANGUL = split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+")
PUNCTUATION_RUN = split("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+")
CASED_LETTERS = (  # \p{L&} of the Unicode version that its authors used
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-"
    "\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1"
    "\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-"
    "\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15"
    "\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d"
    "\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb"
    "\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d"
    "\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183"
    "\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b"
    "\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-"
    "\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb"
    "\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943"
)
DEEPSEEK_V3_HEAD = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
    "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+"
)
DEEPSEEK_V3 = DEEPSEEK_V3_HEAD + "[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
SPARK = DEEPSEEK_V3_HEAD + "|[\r\n]|\\s+(?!\\S)|\\s+"

STRUCTURES = (
    Structure("gpt-2", (GPT2,)),
    Structure("olmo", (GPT2,), ("NFC",)),
    Structure("llama-bpe", (split(LLAMA3), BYTES), ignore_merges=True),
    Structure("smaug-bpe", (split(LLAMA3), BYTES), ignore_merges=False),
    Structure("llama-bpe", (split(LLAMA3, "Removed", invert=True), BYTES), ignore_merges=True),
    Structure("dbrx", (split(LLAMA3, "Removed", invert=True), BYTES), ignore_merges=False),
    Structure("qwen2", (split(QWEN2), BYTES)),
    Structure("qwen35", (split(QWEN35), BYTES)),
    Structure("smollm", (SINGLE_DIGITS, GPT2)),
    Structure("command-r", (SINGLE_DIGITS, GPT2), ("NFC",)),
    Structure("tekken", (split(TEKKEN), BYTES), note=LLAMA_CPP_DEFECTS["case"]),
    Structure("gpt-4o", (split(GPT4O), BYTES), note=LLAMA_CPP_DEFECTS["case"]),
    Structure(
        "gpt-4o", (split(GPT4O, "Removed", invert=True), BYTES), note=LLAMA_CPP_DEFECTS["case"]
    ),
    Structure(
        "deepseek-llm",
        (
            LINE_END,
            split(f"\\s?[{CASED_LETTERS}]+"),
            PUNCTUATION_RUN,
            split(r"\s+$"),
            HAN_AND_HANGUL,
            SINGLE_DIGITS,
            BYTES,
        ),
        note=LLAMA_CPP_DEFECTS["wide space"],
    ),
    Structure(
        "deepseek-coder",
        (
            LINE_END,
            split(r"\s?\p{L}+"),
            split(r"\s?\p{P}+"),
            HAN_AND_HANGUL,
            SINGLE_DIGITS,
            BYTES,
        ),
        note=LLAMA_CPP_DEFECTS["wide space"],
    ),
    Structure("deepseek-v3", (split(r"\p{N}{1,3}"), KANA_AND_HAN, split(DEEPSEEK_V3), BYTES)),
    Structure(
        "spark2_5",
        (split(r"\p{N}{1,3}"), KANA_AND_HAN, split(SPARK), SINGLE_DIGITS, BYTES),
    ),
    Structure("minicpm5", (split(r"\p{N}{1,3}"), split(MINICPM5), BYTES)),
    Structure("seed-coder", (split(SEED_CODER), BYTES)),
    Structure("bailingmoe", (split(BAILING), BYTES)),
    Structure("falcon", (PUNCTUATION, GPT2, "Digits(individual=False)", split("[0-9][0-9][0-9]"))),
    Structure("falcon3", (PUNCTUATION, GPT2, SINGLE_DIGITS), note=LLAMA_CPP_DEFECTS["falcon"]),
    Structure(
        "falcon-h1",
        (PUNCTUATION, split(TEKKEN), BYTES, split("[0-9]")),
        note=LLAMA_CPP_DEFECTS["falcon"],
    ),
)

# name -> what the owner of such a tokenizer should know
PRE_NOTES = {row.name: row.note for row in STRUCTURES if row.note}
