"""The special tokens of a vocabulary, and where llama.cpp cuts a text at their names.

Before it looks at words, llama.cpp takes the names of special tokens out of a text
(`tokenizer_st_partition` in llama-vocab.cpp): the longest name first, each wherever it still finds
it, with the white space around it where the token says so. Names of control tokens and of the
unknown token only if it is asked to; those that a model's author added as words always.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# enum llama_token_attr in llama.h
UNKNOWN, CONTROL, USER_DEFINED, BYTE, LSTRIP, RSTRIP = (
    1 << 0,
    1 << 3,
    1 << 4,
    1 << 5,
    1 << 7,
    1 << 8,
)
SPACE = " \t\n\v\f\r"  # isspace in the C locale


@dataclass(frozen=True)
class SpecialToken:
    """A token that is cut out of a text by its name; `attributes` are llama.cpp's."""

    text: str
    id: int
    attributes: int

    @property
    def is_control(self) -> bool:
        """Whether llama.cpp leaves its name alone unless it is asked to read it as the token."""
        return bool(self.attributes & (CONTROL | UNKNOWN))


@dataclass(frozen=True)
class Span:
    """`text[start:stop]`: the name of `token`, or text where there is none."""

    start: int
    stop: int
    token: SpecialToken | None = None


def partition(text: str, tokens: Sequence[SpecialToken]) -> tuple[Span, ...]:
    """The spans of `text` in order; `tokens` are all special tokens, the longest name first.

    White space that a token swallows lies between spans.
    """
    spans: Sequence[Span] = [Span(0, len(text))] if text else []
    for token in tokens:
        if token.text in text:
            spans = [part for span in spans for part in _cut(text, span, token)]
    return tuple(spans)


def _cut(text: str, span: Span, token: SpecialToken) -> Iterator[Span]:
    if span.token:
        yield span
        return
    start = span.start
    while (found := text.find(token.text, start, span.stop)) >= 0:
        stop = found
        if token.attributes & LSTRIP:
            stop = start + len(text[start:found].rstrip(SPACE))
        if stop > start:
            yield Span(start, stop)
        start = found + len(token.text)
        yield Span(found, start, token)
        while token.attributes & RSTRIP and start < span.stop and text[start] in SPACE:
            start += 1
    if start < span.stop:
        yield Span(start, span.stop)


def at_marks(spans: Sequence[Span], marks: frozenset[int]) -> tuple[Span, ...]:
    """The same spans with everything between two tokens of `marks` (ids) as one span of text."""
    found: list[Span] = []
    for span in spans:
        if span.token and span.token.id in marks:
            found.append(span)
        elif found and not found[-1].token:
            found[-1] = Span(found[-1].start, span.stop)
        else:
            found.append(Span(span.start, span.stop))
    return tuple(found)
