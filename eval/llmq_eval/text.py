"""Plain text cut and scored as llama-perplexity does it, so that its numbers and ours compare.

The text is tokenized as a whole, without its last newline and with what it spells as `<s>` being
mere text. The tokens are cut into chunks of `n_ctx`; what is left at the end is not used. Where the
file asks for a beginning-of-text token, that stands in the place of each chunk's first token.
Scored are the tokens from n_ctx / 2 + 1 on, so that each has at least half a chunk before it.
(llama.cpp, tools/perplexity/perplexity.cpp: `perplexity`, and common/arg.cpp for the newline.)
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmq.errors import SuiteError
from llmq.files.plain import check_plain
from llmq.runtime import Model, Reader
from llmq_eval.likelihood import Passage
from llmq_eval.material import Document, Material

LEAST_CONTEXT = 4  # tokens of a chunk, of which the last is scored
TEXT_CONTEXT = 512  # tokens of a chunk where nothing is said, as in llama-perplexity


@dataclass(frozen=True)
class Text:
    """A text that is no dialogue; `sha256` is that of the file."""

    name: str
    sha256: str
    content: str


def read_text(path: Path) -> Text:
    """Read a file of UTF-8 text, byte by byte as it is. Raises SuiteError."""
    check_plain(path, SuiteError)
    try:
        data = path.read_bytes()
        content = data.decode("utf-8")
    except OSError as error:
        raise SuiteError(f"cannot read the text {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path} is not UTF-8 text: byte {error.start} does not fit") from error
    if not content.strip():
        raise SuiteError(f"{path} holds no text")
    return Text(path.name, hashlib.sha256(data).hexdigest(), content.removesuffix("\n"))


def chunks(model: Model, text: Text, n_ctx: int) -> tuple[Passage, ...]:
    """The passages that llama-perplexity scores with `--ctx-size n_ctx`, in order.

    Raises SuiteError where the text has fewer than two chunks of tokens (llama-perplexity asks for
    as many), and where the model was trained for fewer tokens than one.
    """
    if n_ctx > model.n_ctx:
        raise SuiteError(
            f"{model.path} was trained for {model.n_ctx} tokens of context, so that chunks of {n_ctx} "
            f"are too long; --ctx {model.n_ctx} is the longest that fits"
        )
    tokens = model.tokenize(text.content, add_bos=True)
    if len(tokens) < 2 * n_ctx:
        raise SuiteError(
            f"{text.name} has {len(tokens)} tokens, but two chunks of {n_ctx} need {2 * n_ctx}; "
            "take a longer text or a smaller --ctx"
        )
    scored = tuple(range(n_ctx // 2 + 1, n_ctx))
    return tuple(Passage(chunk, scored) for chunk in cut_text(model, tokens, n_ctx))


def cut_text(reader: Reader, tokens: Sequence[int], n_ctx: int) -> Iterator[tuple[int, ...]]:
    """The whole chunks of `n_ctx` tokens of a text, each with the beginning of text in front."""
    opening = reader.tokenize("", add_bos=True)  # nothing, where the file asks for none
    for start in range(0, len(tokens) - n_ctx + 1, n_ctx):
        yield (*opening, *tokens[start + len(opening) : start + n_ctx])


def text_material(text: Text, n_ctx: int) -> Material:
    """The text as drift measures on it: each chunk is a document."""

    def documents(model: Model) -> tuple[Document, ...]:
        passages = chunks(model, text, n_ctx)
        return tuple(Document(f"{i}", (passage,)) for i, passage in enumerate(passages, start=1))

    return Material(
        text.name,
        text.sha256,
        documents,
        n_ctx=n_ctx,
        unit="chunk",
        scored="tokens in their second halves",
    )
