"""Writing a saved base (`saved_base.py`), token by token; it has its name when it is whole."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from llmq.errors import OutputError
from llmq.runtime import Model, llama_cpp_version
from llmq.version import __version__
from llmq_eval.distribution import Distribution
from llmq_eval.kept import kept
from llmq_eval.material import Document, Material
from llmq_eval.measuring import common_context
from llmq_eval.model_file import described
from llmq_eval.saved_base import FORM, MAGIC, PLACE, RECORD, START, Header, tokens_sha256


class BaseWriter:
    """Takes the base's predictions in the order in which they are scored."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.n_tokens = 0
        file.write(bytes(START.size))

    def keep(self, p: Distribution, target: int) -> None:
        """Write what is kept of a prediction."""
        found = kept(p, target, self.n_tokens)
        n_sampled = len(found.tokens) - found.n_likeliest
        counts = (found.n_likeliest, n_sampled)
        self._write(RECORD.pack(found.nll_nats, found.total, found.rest, *counts))
        self._write(found.tokens.astype("<u4").tobytes() + found.logits.astype("<f4").tobytes())
        self.n_tokens += 1

    def finish(self, header: Header) -> None:
        """Write what the records are, and the hash of all."""
        stop = self._file.tell()
        self._write(header.as_json())
        self._digest.update(PLACE.pack(stop))
        self._file.seek(0)
        self._file.write(START.pack(MAGIC, stop, self._digest.digest()))

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


@contextmanager
def saving(
    path: Path, models: Sequence[Model], material: Material, documents: Sequence[Document]
) -> Iterator[BaseWriter]:
    """What writes the first of `models`, the base, to `path`.

    Nothing is left there where not every token was compared. Raises OutputError.
    """
    hidden = path.with_name(f".{path.name[:200]}.{os.getpid()}.partial")
    n_tokens = sum(document.n_scored for document in documents)
    try:
        with hidden.open("wb") as file:
            writer = BaseWriter(file)
            yield writer
            if writer.n_tokens == n_tokens:
                writer.finish(_header(models, material, documents))
        if writer.n_tokens == n_tokens:
            hidden.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write the saved base {path}: {error.strerror}") from error
    finally:
        hidden.unlink(missing_ok=True)


def _header(models: Sequence[Model], material: Material, documents: Sequence[Document]) -> Header:
    base = models[0]
    return Header(
        form=FORM,
        llmq=__version__,
        runtime=llama_cpp_version(),
        file=described(base.path),
        material=material.name,
        material_sha256=material.sha256,
        tokens_sha256=tokens_sha256(documents),
        n_tokens=sum(document.n_scored for document in documents),
        n_vocab=base.n_vocab,
        n_ctx=common_context(models, material),
    )
