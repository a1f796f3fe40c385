"""An Ollama Modelfile for a GGUF file: its template, the ends of its turns, the tutor's words."""

import os
from collections.abc import Iterator
from pathlib import Path

from llmq.chat.go_template import translated
from llmq.chat.session import DEFAULT_SYSTEM
from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.files.parts import parts_of
from llmq.memory import context_used
from llmq.runtime import Reader
from llmq.runtime.opening import CONTEXT_LIMIT
from llmq.runtime.sampling import Sampling

UNTRANSLATED = "the chat template of {name} cannot be said in Ollama's words: it takes its own guess instead, so hold its replies against those of llmq chat"
SPLIT = (
    "{name} is one of {n} parts, which Ollama does not put together: convert without --split first"
)


def modelfile(
    reader: Reader, *, folder: Path | None, system: str = DEFAULT_SYSTEM
) -> tuple[str, list[str]]:
    """The Modelfile's text and remarks; `folder` is where it will lie, None where nobody knows."""
    if (n := len(parts_of(reader.path))) > 1:
        raise ModelError(SPLIT.format(name=reader.path, n=n))
    if '"""' in system:
        raise ModelError(
            'the system text holds """, which would end it in a Modelfile: leave it out'
        )
    source = None
    if not reader.chat_template.is_plain:
        source = translated(reader.chat_template, without_bos=bool(reader.vocabulary.begun([])))
    remarks = [] if source else [UNTRANSLATED.format(name=reader.path.name)]
    return "\n".join(_lines(reader, folder, system, source)) + "\n", remarks


def _lines(reader: Reader, folder: Path | None, system: str, source: str | None) -> Iterator[str]:
    yield f"FROM {_reached(reader.path, folder)}"
    if source:
        yield f'TEMPLATE """{source}"""'
    for end in _ends(reader):
        yield f'PARAMETER stop "{end}"'
    yield f"PARAMETER num_ctx {context_used(open_gguf(reader.path), CONTEXT_LIMIT)}"
    yield from (f"PARAMETER {name} {value}" for name, value in _sampling(reader.sampling))
    if system:
        yield f'SYSTEM """{system}"""'


def _reached(path: Path, folder: Path | None) -> str:
    """The file as Ollama looks for it, from where the Modelfile lies."""
    if folder is not None and path.resolve().anchor == folder.resolve().anchor:
        return f"./{Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()}"
    return path.resolve().as_posix()


def _ends(reader: Reader) -> list[str]:
    """The texts of all tokens that end a reply, but such as cannot be written here."""
    texts = [t.text for t in reader.vocabulary.special_tokens if reader.is_end(t.id)]
    return [t for t in sorted(texts) if t.isprintable() and not any(c in t for c in '"\\')]


def _sampling(sampling: Sampling) -> Iterator[tuple[str, float]]:
    """Ollama's names. What it would do without a word is written too: it penalises repeats."""
    yield "temperature", round(sampling.temperature, 4)
    yield "repeat_penalty", round(sampling.repeat_penalty, 4)
    if sampling.temperature > 0:
        yield "top_k", sampling.top_k
        yield "top_p", round(sampling.top_p, 4)
        yield "min_p", round(sampling.min_p, 4)
