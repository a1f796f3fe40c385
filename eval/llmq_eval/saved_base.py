"""A base that was read once and saved: what later comparisons need of it, without its weights.

    8 bytes   MAGIC
    8         where the header begins, little-endian as all numbers
    32        SHA-256 of everything that follows, and then of those 8 bytes
    a record  for each scored token, in the order of the suite (`RECORD`, then tokens and logits)
    to the end of the file: the header, a JSON object

The header says which file it was, of which material these are the tokens (`tokens_sha256`: read and
scored, so that another tokenizer, template or context is found), and by which llama.cpp they were
computed. Records are at most 2.6 kB. A file is untrusted: sizes, hashes and numbers are checked.
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from llmq.errors import ModelError
from llmq.files.json import parse_json_object
from llmq.files.plain import check_plain
from llmq.runtime import Reader
from llmq_eval.kept import MOST_KEPT, SAMPLED, Kept
from llmq_eval.likelihood import Passage
from llmq_eval.material import Document, Material
from llmq_eval.model_file import ModelFile

MAGIC = b"LLMQBASE"
FORM = 1
START = struct.Struct("<8sQ32s")
PLACE = struct.Struct("<Q")
RECORD = struct.Struct("<dddHH")  # nll in nats, total, rest; how many likeliest and sampled tokens
ENTRY_BYTES = 8  # a token and its logit: all tokens first
LARGEST_HEADER = 1 << 16  # bytes


@dataclass(frozen=True)
class Header:
    """What a saved base is; `material` and its hash name the suite or text."""

    form: int
    llmq: str
    runtime: str
    file: ModelFile
    material: str
    material_sha256: str
    tokens_sha256: str
    n_tokens: int
    n_vocab: int
    n_ctx: int

    def as_json(self) -> bytes:
        """The bytes of the header."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8")


def tokens_sha256(documents: Sequence[Document]) -> str:
    """The hash of all tokens that are read, and of which of them are scored."""
    digest = hashlib.sha256()
    for document in documents:
        for passage in document.passages:
            digest.update(repr((passage.tokens[: passage.n_read + 1], passage.scored)).encode())
    return digest.hexdigest()


def is_saved_base(path: Path) -> bool:
    """Whether the file begins as a saved base does."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class SavedBase:
    """A saved base, whose records are read in the order of the suite. Raises ModelError."""

    def __init__(self, path: Path) -> None:
        check_plain(path, ModelError)
        self.path = path
        try:
            with path.open("rb") as file:
                self._data = mmap(file.fileno(), 0, access=ACCESS_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise ModelError(f"cannot read the saved base {path}: {error}") from error
        self.header, stop = self._header()
        self.file, self.n_ctx, self.n_vocab = (
            self.header.file,
            self.header.n_ctx,
            self.header.n_vocab,
        )
        self._offsets = list(self._records(stop))
        if len(self._offsets) != self.header.n_tokens:
            raise self._damaged(f"{len(self._offsets)} records for {self.header.n_tokens} tokens")
        self._next = 0

    def predictions(self, passage: Passage) -> Iterator[Kept]:
        """What was kept for each scored token of the next passage."""
        first, self._next = self._next, self._next + len(passage.scored)
        return map(self._kept, self._offsets[first : self._next])

    def check_fits(self, material: Material, documents: Sequence[Document], reader: Reader) -> None:
        """Raise ModelError where it was saved of other tokens than `reader`'s `documents`."""
        header = self.header
        if header.material_sha256 != material.sha256:
            raise ModelError(
                f"{self.path} was saved of {header.material}, which is not what is measured on now "
                f"({material.name}); name the same suite or text, or save the base anew"
            )
        if header.n_vocab != reader.n_vocab or header.tokens_sha256 != tokens_sha256(documents):
            raise ModelError(
                f"{reader.path} does not read {material.name} as the tokens that {self.path} was saved "
                f"of ({header.file.name}, {header.n_vocab} tokens in the vocabulary, a context of "
                f"{header.n_ctx}); drift needs files made from the same checkpoint"
            )

    def _header(self) -> tuple[Header, int]:
        """The header, and where the records end; the hash is checked first."""
        data = self._data
        if len(data) < START.size:
            raise self._damaged("it is cut short")
        magic, stop, sha256 = START.unpack(data[: START.size])
        if magic != MAGIC:
            raise ModelError(f"{self.path} is no saved base: it begins with {magic!r}")
        if not START.size <= stop < len(data) or len(data) - stop > LARGEST_HEADER:
            raise self._damaged("it is cut short")
        digest = hashlib.sha256(memoryview(data)[START.size :])
        digest.update(PLACE.pack(stop))
        if digest.digest() != sha256:
            raise self._damaged("its hash does not fit")
        record = parse_json_object(data[stop:], self.path, ModelError)
        if record.get("form") != FORM:
            raise ModelError(
                f"{self.path} is of form {record.get('form')!r}, and this llmq reads {FORM}; save it anew"
            )
        try:
            found = Header(**{**record, "file": ModelFile(**record["file"])})
        except (KeyError, TypeError) as error:
            raise self._damaged(f"its header is not whole ({error})") from None
        words = (found.runtime, found.material, found.file.name, found.file.sha256)
        if not all(isinstance(word, str) for word in words):
            raise self._damaged("its header names nothing")
        counts = (found.n_tokens, found.n_vocab, found.n_ctx, found.file.size_bytes)
        if not all(isinstance(count, int) and 0 < count < 1 << 50 for count in counts):
            raise self._damaged("its header counts nothing")
        return found, stop

    def _records(self, stop: int) -> Iterator[int]:
        """Where each record begins."""
        offset = START.size
        while offset < stop:
            if offset + RECORD.size > stop:
                raise self._damaged("a record is cut short")
            *_, likeliest, sampled = RECORD.unpack_from(self._data, offset)
            if not (0 < likeliest <= MOST_KEPT and sampled in (0, SAMPLED)):
                raise self._damaged(f"a record keeps {likeliest} and {sampled} tokens")
            yield offset
            offset += RECORD.size + ENTRY_BYTES * (likeliest + sampled)
        if offset != stop:
            raise self._damaged("a record is cut short")

    def _kept(self, offset: int) -> Kept:
        nll, total, rest, likeliest, sampled = RECORD.unpack_from(self._data, offset)
        n, start = likeliest + sampled, offset + RECORD.size
        tokens, logits = (
            np.frombuffer(self._data, kind, n, begin)
            for kind, begin in (("<u4", start), ("<f4", start + 4 * n))
        )
        # Sums and comparisons with what is no number are false.
        sound = 0 <= nll < np.inf and 0 <= rest <= total < np.inf and total >= 1
        if not (sound and tokens.max() < self.n_vocab and abs(logits).max() < np.inf):
            raise self._damaged("a record holds what is no prediction")
        if not (logits <= logits[0]).all() or len(set(tokens[:likeliest].tolist())) < likeliest:
            raise self._damaged("a record is out of order")
        return Kept(tokens.astype(np.int64), logits, likeliest, nll, total, rest)

    def _damaged(self, why: str) -> ModelError:
        return ModelError(f"{self.path} is damaged: {why}; save the base anew with --save-base")
