"""Text as windows of tokens: what a model reads at once while it is calibrated.

Dialogues are written by the model's own chat template, exactly as drift reads them: what a message
says is text, and only the template's marks are marks. A window begins with a dialogue, others
follow whole, the last is cut at the border, and what is cut off is not continued. Of a plain text,
windows are the chunks of llama-perplexity and llama-imatrix (`llmq_eval.text`). Every window begins
as any text of the model's does, with its beginning-of-text token where it has one.

**Which dialogues**: `even_order` draws them so that however few are taken, they lie evenly over the
suite. Of a long text likewise. Nothing is left to chance or to the clock.

**What a position counts** in all that is computed of it, `WEIGHTS` says: one factor for what the
tutor says, one for the token that ends its turn, and one for everything else (the template's
marks, what the student says, plain text).
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import gcd
from pathlib import Path

from llmq.errors import CalibrationError, LlmqError
from llmq.files.gguf import encode_header
from llmq.outputs import default_name
from llmq.runtime import Reader, open_reader
from llmq.sources.source import Source
from llmq.suites import Dialogue, Suite
from llmq_eval.likelihood import passages
from llmq_eval.text import Text, cut_text

# What a position counts. All alike: no other choice was measured.
WEIGHTS: Mapping[str, float] = {"tutor": 1.0, "end": 1.0, "other": 1.0}

GOLDEN = (5**0.5 - 1) / 2

Row = tuple[list[int], list[float]]  # ids, and what each counts


@contextmanager
def reader_of(source: Source) -> Iterator[Reader]:
    """How the model reads text: its vocabulary in llama.cpp, from a file without tensors."""
    with tempfile.TemporaryDirectory(prefix="llmq-calibrate-") as scratch:
        path = Path(scratch) / default_name(source.name, "vocabulary")
        path.write_bytes(encode_header(source.metadata, []))
        try:
            with open_reader(path, fixed_date=True) as reader:
                yield reader
        except LlmqError as error:  # the file will be gone: what can be looked into is the folder
            raise type(error)(str(error).replace(str(path), str(source.path))) from error


def windows(reader: Reader, content: Suite | Text, n: int, window: int) -> list[Row]:
    """At most `n` windows of a suite or a text, at least one."""
    if isinstance(content, Suite):
        found = list(_of_suite(reader, content, n, window))
    else:
        found = _of_text(reader, content, n, window)
    if not found:
        raise CalibrationError(
            f"{content.name} has less text than one window of {window} tokens; take a longer one or"
            " a smaller --window"
        )
    return found


def _of_text(reader: Reader, text: Text, n: int, window: int) -> list[Row]:
    """Chunks, evenly spread over the text."""
    tokens = reader.tokenize(text.content, add_bos=True)
    chunks = list(cut_text(reader, tokens, window))
    taken = [chunks[i * len(chunks) // n] for i in range(n)] if n < len(chunks) else chunks
    return [([*chunk], [WEIGHTS["other"]] * window) for chunk in taken]


def _of_suite(reader: Reader, suite: Suite, n: int, window: int) -> Iterator[Row]:
    """Windows packed with dialogues, one after the other in `even_order`."""
    talks = [talk for talk in suite.dialogues if any(m.role == "assistant" for m in talk.messages)]
    if not talks:
        raise CalibrationError(f"{suite.name} has no turn of a tutor; roles are user and assistant")
    ids: list[int] = []
    weights: list[float] = []
    for i in even_order(len(talks)):
        more = written(reader, talks[i])
        ids, weights = ids + more[0], weights + more[1]
        if len(ids) >= window:
            yield ids[:window], weights[:window]
            n, ids, weights = n - 1, [], []
        if not n:
            return


def written(reader: Reader, talk: Dialogue) -> Row:
    """A dialogue up to its tutor's last turn, as the model reads it, and what each token counts.

    Where a template writes earlier turns differently once they are past, only the last turn can be
    told from the rest.
    """
    last = passages(reader, talk)[-1]
    weights = [WEIGHTS["other"]] * len(last.tokens)
    for position in last.scored:
        ends = reader.is_end(last.tokens[position])
        weights[position] = WEIGHTS["end" if ends else "tutor"]
    return [*last.tokens], weights


def even_order(n: int) -> Iterator[int]:
    """The numbers below `n`, each once, any first few of them evenly spread.

    Steps of the golden section, as near as a step can be that has no divisor in common with `n`.

    >>> list(even_order(10))
    [0, 7, 4, 1, 8, 5, 2, 9, 6, 3]
    """
    near = round(n * GOLDEN)
    step = next((s for d in range(n) for s in (near + d, near - d) if s > 0 and gcd(s, n) == 1), 1)
    return (k * step % n for k in range(n))
