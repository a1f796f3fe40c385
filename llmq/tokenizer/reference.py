"""How Hugging Face's own library cuts text: the one file that imports `tokenizers`.

What no table of ours foresees shows here, as a text that llama.cpp cuts differently.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from llmq.errors import TokenizerError, one_line, printable
from llmq.files.json import read_json_object
from llmq.tokenizer.class_pipelines import GEMMA, LLAMA, class_pipeline
from llmq.tokenizer.folder import optional_json
from llmq.tokenizer.pre_tokenizer_table import QWEN2, QWEN35
from llmq.tokenizer.vocabulary import PIECE_SPACE

SHOWN_IDS = 10

Encode = Callable[[str], list[int]]


def check_same_ids(
    folder: Path, texts: Iterable[str], encode: Encode, n_vocab: int, *, words: bool = True
) -> None:
    """Raise `TokenizerError` where `encode` makes other tokens of `texts` than a model's folder.

    `encode` gives ids without beginning or end of text, as a GGUF file of `n_vocab` tokens has
    them. A tokenizer.json with more than that is not the vocabulary of the file and says nothing.
    Texts are passed over that hold a special token, a mark to transformers and text to us, or one
    that takes the spaces beside it; and without `words` those that hold any added token, where
    transformers puts a space in front of a whole text alone. Both is said by itself.
    Where a class of transformers cuts text its own way, either way will do: which one was meant is
    said when the folder is read, and `--pre` may choose the other.
    """
    file = folder / "tokenizer.json"
    tokenizer = _tokenizer(file)
    if max(tokenizer.get_vocab(with_added_tokens=False).values(), default=0) >= n_vocab:
        return
    settings = optional_json(folder / "tokenizer_config.json")
    own = class_pipeline(read_json_object(folder / "config.json", TokenizerError), settings)
    words = words or not (own == LLAMA or type(tokenizer.pre_tokenizer).__name__ == "Metaspace")
    names = _unlike(tokenizer, words=words)
    texts = [text for text in texts if not any(name in text for name in names)]
    difference = _difference(tokenizer, texts, encode)
    lay_pipeline = PIPELINES.get(str(own))
    if difference and lay_pipeline:
        lay_pipeline(tokenizer, settings)
        difference = _difference(tokenizer, texts, encode)
    if difference:
        raise TokenizerError(
            f"{file}: {difference}; convert with the right --pre NAME, or with --no-load-check"
        )


def _tokenizer(file: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as reason:  # the library raises Exception itself
        raise TokenizerError(
            f"{file}: the tokenizers package cannot read it ({one_line(str(reason), 160)});"
            " mend it, or convert with --no-load-check"
        ) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _unlike(tokenizer: Any, *, words: bool) -> list[str]:
    """The added tokens that llama.cpp does not find in a text as this library does."""
    return [
        token.content
        for token in tokenizer.get_added_tokens_decoder().values()
        if token.content
        and (token.special or token.lstrip or token.rstrip or token.single_word or not words)
    ]


# --- What classes of transformers lay over the vocabulary (models/*/tokenization_*.py) ---


def _as_llama(tokenizer: Any, settings: Mapping[str, Any]) -> None:
    from tokenizers.pre_tokenizers import Metaspace

    scheme = "never" if settings.get("add_prefix_space") is False else "first"
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = Metaspace(PIECE_SPACE, prepend_scheme=scheme, split=False)


def _as_gemma(tokenizer: Any, _: Mapping[str, Any]) -> None:
    from tokenizers.normalizers import Replace

    tokenizer.normalizer = Replace(" ", PIECE_SPACE)
    tokenizer.pre_tokenizer = None  # the class splits at spaces, of which none is left


def _as_gpt2(tokenizer: Any, _: Mapping[str, Any]) -> None:
    from tokenizers.pre_tokenizers import ByteLevel

    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)


def _as_qwen(pattern: str) -> Callable[[Any, Mapping[str, Any]], None]:
    def lay(tokenizer: Any, _: Mapping[str, Any]) -> None:
        from tokenizers import Regex
        from tokenizers.normalizers import NFC
        from tokenizers.pre_tokenizers import ByteLevel, Split
        from tokenizers.pre_tokenizers import Sequence as Steps

        words = Split(Regex(pattern), behavior="isolated", invert=False)
        tokenizer.normalizer = NFC()
        tokenizer.pre_tokenizer = Steps([words, ByteLevel(add_prefix_space=False, use_regex=False)])

    return lay


PIPELINES: Mapping[str, Callable[[Any, Mapping[str, Any]], None]] = {
    LLAMA: _as_llama,
    GEMMA: _as_gemma,
    "gpt-2": _as_gpt2,
    "qwen2": _as_qwen(QWEN2),
    "qwen35": _as_qwen(QWEN35),
}


# --- The first difference ---


def _difference(tokenizer: Any, texts: Sequence[str], encode: Encode) -> str:
    """The first text with other ids, and both lists from a little before where they part; or "".

    A text with an unknown token is passed over: a file may spell with bytes what it stands for.
    """
    unknown = tokenizer.token_to_id(getattr(tokenizer.model, "unk_token", None) or "")
    for text in texts:
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        found = encode(text)
        bytes_of_ours = any(tokenizer.id_to_token(token) is None for token in found)
        if found != expected and unknown not in expected and not bytes_of_ours:
            start = max(_common(found, expected) - 2, 0)
            return (
                f"llama.cpp would cut '{printable(text)}' into the tokens {_shown(found, start)}"
                f" where transformers makes {_shown(expected, start)}"
            )
    return ""


def _common(left: list[int], right: list[int]) -> int:
    """The number of ids that both begin with."""
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _shown(ids: list[int], start: int) -> str:
    shown = [str(token) for token in ids[start : start + SHOWN_IDS]]
    before = ["..."] if start else []
    after = ["..."] if len(ids) > start + SHOWN_IDS else []
    return f"[{', '.join([*before, *shown, *after])}]"
