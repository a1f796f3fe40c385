"""How Hugging Face's own library reads a tokenizer.json: the one file that imports `tokenizers`.

What no table of ours foresees shows here, as a text that llama.cpp cuts differently.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from llmq.errors import TokenizerError, one_line, printable

SHOWN_IDS = 10


def check_same_ids(
    tokenizer_json: Path, texts: Iterable[str], encode: Callable[[str], list[int]], n_vocab: int
) -> None:
    """Raise `TokenizerError` for the first text of which `encode` makes other tokens.

    `encode` gives ids without beginning or end of text, as a GGUF file of `n_vocab` tokens has
    them. A tokenizer.json with more than that is not the vocabulary of the file and says nothing.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_json))
    except Exception as reason:  # the library raises Exception itself
        raise TokenizerError(
            f"{tokenizer_json}: the tokenizers package cannot read it ({one_line(str(reason), 160)});"
            " mend it, or convert with --no-load-check"
        ) from None
    if max(tokenizer.get_vocab(with_added_tokens=False).values(), default=0) >= n_vocab:
        return
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for text in texts:
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        found = encode(text)
        if found != expected:
            raise TokenizerError(_difference(tokenizer_json, text, expected, found))


def _difference(tokenizer_json: Path, text: str, expected: list[int], found: list[int]) -> str:
    """The message: the text, and both lists from a little before where they part."""
    pairs = zip(expected, found, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(expected), len(found)))
    start = max(same - 2, 0)
    ours, theirs = (_shown(ids, start) for ids in (found, expected))
    return (
        f"{tokenizer_json}: llama.cpp would cut '{printable(text)}' into the tokens {ours} where"
        f" tokenizer.json makes {theirs}; convert with the right --pre NAME, or with --no-load-check"
    )


def _shown(ids: list[int], start: int) -> str:
    shown = [str(token) for token in ids[start : start + SHOWN_IDS]]
    before = ["..."] if start else []
    after = ["..."] if len(ids) > start + SHOWN_IDS else []
    return f"[{', '.join([*before, *shown, *after])}]"
