"""SentencePiece's settings, and a tokenizer.model beside a tokenizer.json."""

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models

from tests.field.bases import LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, byte_level_text, pieces_model
from tests.field.case import Case, Converts, refused
from tests.field.folder import Step, file, gone, settings

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 499723\n"
TIKTOKEN = "IQ== 0\nIg== 1\nIw== 2\n"


def trained(**options: Any) -> Step:
    """A tokenizer.model that was trained with these options."""
    return lambda folder: file("tokenizer.model", pieces_model(**options))(folder)  # noqa: PLW0108  # trained when it is used


def other_json(folder: Path) -> None:
    """A byte-level tokenizer.json of another model beside tokenizer.model."""
    file("tokenizer.json", byte_level_text("llama-bpe"))(folder)


CASES = (
    Case(
        "pieces: no space in front",
        PIECE_LLAMA,
        (trained(add_dummy_prefix=False),),
        refused("tokenizer.model", "add_dummy_prefix", "add_prefix_space"),
    ),
    Case(
        "pieces: spaces made one",
        PIECE_LLAMA,
        (trained(remove_extra_whitespaces=True),),
        refused("tokenizer.model", "remove_extra_whitespaces"),
    ),
    Case(
        "pieces: nmt_nfkc",
        PIECE_LLAMA,
        (trained(normalization_rule_name="nmt_nfkc"),),
        refused("tokenizer.model", "'nmt_nfkc'"),
    ),
    Case(
        "pieces: nfkc",
        PIECE_LLAMA,
        (trained(normalization_rule_name="nfkc"),),
        refused("tokenizer.model", "'nfkc'"),
    ),
    Case(
        "pieces: nfkc_cf",
        PIECE_LLAMA,
        (trained(normalization_rule_name="nfkc_cf"),),
        refused("tokenizer.model", "'nfkc_cf'"),
    ),
    Case(
        "pieces: space behind a word",
        PIECE_LLAMA,
        (trained(treat_whitespace_as_suffix=True),),
        refused("tokenizer.model", "treat_whitespace_as_suffix"),
    ),
    Case(
        "pieces: no bytes",
        PIECE_LLAMA,
        (trained(byte_fallback=False),),
        refused("tokenizer.model", "<0x00>", "60 unused rows"),
    ),
    Case(
        "pieces: Unigram",
        PIECE_LLAMA,
        (trained(model_type="unigram", hard_vocab_limit=False),),
        refused("tokenizer.model", "Unigram"),
    ),
    Case(
        "pieces: no bytes, and rows for them",
        PIECE_LLAMA,
        (trained(byte_fallback=False),),
        Converts(notes=("a character that is no token comes out as bytes",)),
        model={"vocab_size": 1200},
        known_only=True,
    ),
    Case(
        "pieces: no space in front, as the settings say too",
        PIECE_LLAMA,
        (trained(add_dummy_prefix=False), settings(add_prefix_space=False)),
    ),
    Case(
        "pieces: nmt_nfkc, and a tokenizer.json that is without",
        MISTRAL,
        (trained(normalization_rule_name="nmt_nfkc"),),
    ),
    Case("pieces: letters", PIECE_LLAMA, (trained(model_type="char", hard_vocab_limit=False),)),
    Case(
        "pieces: words",
        PIECE_LLAMA,
        (trained(model_type="word", hard_vocab_limit=False),),
        refused("tokenizer.model", "Word"),
    ),
    Case(
        "pieces: a pointer in place of the file",
        PIECE_LLAMA,
        (file("tokenizer.model", POINTER),),
        refused("tokenizer.model"),
    ),
    Case(
        "pieces: an empty file",
        PIECE_LLAMA,
        (file("tokenizer.model", ""),),
        refused("tokenizer.model"),
    ),
    Case("pieces: a pointer beside tokenizer.json", METASPACE, (file("tokenizer.model", POINTER),)),
    Case("pieces: an empty file beside tokenizer.json", LLAMA, (file("tokenizer.model", ""),)),
    Case(
        "pieces: tiktoken's file beside tokenizer.json", LLAMA, (file("tokenizer.model", TIKTOKEN),)
    ),
    Case("pieces: another model's beside tokenizer.json", LLAMA, (trained(),)),
    Case("pieces: both, of one model", MISTRAL),
    Case(
        "pieces: a space in front is turned off", PIECE_LLAMA, (settings(add_prefix_space=False),)
    ),
    Case("pieces: as it was before", PIECE_LLAMA, (settings(legacy=False),)),
    Case("pieces: neither file", LLAMA, (gone("tokenizer.json"),), refused("tokenizer.json")),
    Case(
        "pieces: tokenizer.json is Unigram",
        LLAMA,
        (
            lambda f: Tokenizer(models.Unigram([("a", 0.0)], 0, False)).save(
                str(f / "tokenizer.json")
            ),
        ),
        refused("tokenizer.json", "Unigram"),
    ),
    Case(
        "pieces: tokenizer.json is WordPiece",
        LLAMA,
        (
            lambda f: Tokenizer(models.WordPiece({"a": 0}, unk_token="a")).save(
                str(f / "tokenizer.json")
            ),
        ),
        refused("tokenizer.json", "WordPiece"),
    ),
)
