"""A strict, bounded reader of `tokenizer.model`, the protobuf message that SentencePiece writes.

The message is `ModelProto` of sentencepiece_model.proto: pieces (field 1: text 1, score 2, type 3),
the trainer's settings (field 2: kind of model 3, white space as suffix 24) and those of the
normalizer (field 3: name 1, map 2, dummy prefix 3, removing white space 4, escaping it 5).
Everything else is skipped. The wire format is the public one of protocol buffers: a varint key
(field number * 8 + wire type), then the value.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from llmq.errors import TokenizerError
from llmq.files.stand_ins import check_no_stand_in
from llmq.tokenizer.json_values import MAX_TOKENS
from llmq.tokenizer.vocabulary import Token, TokenType

MAX_MODEL_BYTES = 1 << 26
KINDS = {1: "Unigram", 2: "BPE", 3: "Word", 4: "Char"}  # TrainerSpec.ModelType
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Normalizing:
    """What is done to a text before it is cut; the defaults are those of the message."""

    name: str = ""
    maps: bool = False
    """Characters are replaced, by a map that the file holds."""
    adds_space: bool = True
    removes_spaces: bool = True
    """Spaces at both ends, and all but one of several."""
    escapes_spaces: bool = True
    suffix: bool = False
    """The space that is added, and that pieces hold, stands behind a word."""


@dataclass(frozen=True)
class SentencePieceModel:
    """The pieces in the order of their ids, and the kind of model (a value of `KINDS`)."""

    pieces: tuple[Token, ...]
    kind: str
    normalizing: Normalizing


def read_sentencepiece_model(path: Path) -> SentencePieceModel:
    """Read `tokenizer.model`; raises `TokenizerError` for anything that is not one."""
    data = _read(path)
    check_no_stand_in(path, data, TokenizerError)
    try:
        pieces, kind, normalizing = _parsed(data)
    except (ValueError, IndexError, struct.error) as reason:  # UnicodeDecodeError is a ValueError
        raise TokenizerError(f"{path}: not a SentencePiece model ({reason})") from None
    if not 0 < len(pieces) < MAX_TOKENS or kind not in KINDS:
        raise TokenizerError(
            f"{path}: not a SentencePiece model ({len(pieces)} pieces, kind {kind})"
        )
    return SentencePieceModel(tuple(pieces), KINDS[kind], normalizing)


def _read(path: Path) -> bytes:
    """The whole file, if it is not too large."""
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise TokenizerError(
                f"{path}: {size} bytes are more than the {MAX_MODEL_BYTES} allowed"
            )
        return path.read_bytes()
    except OSError as reason:
        raise TokenizerError(f"{path}: cannot be read ({reason.strerror})") from None


def _parsed(data: bytes) -> tuple[list[Token], int, Normalizing]:
    """The pieces and the number of the kind: 0 where the trainer's settings are cut off."""
    pieces: list[Token] = []
    kind = 0
    trainer: dict[int, int | bytes] = {}
    normalizer: dict[int, int | bytes] = {}
    for field, value in _fields(data):
        if field == 1 and isinstance(value, bytes):
            pieces.append(_piece(value))
        elif field == 2 and isinstance(value, bytes):
            trainer |= dict(_fields(value))
            kind = _number(trainer, 3, 1)
        elif field == 3 and isinstance(value, bytes):
            normalizer |= dict(_fields(value))
    return pieces, kind, _normalizing(trainer, normalizer)


def _normalizing(
    trainer: Mapping[int, int | bytes], normalizer: Mapping[int, int | bytes]
) -> Normalizing:
    name = normalizer.get(1)
    return Normalizing(
        name.decode("utf-8") if isinstance(name, bytes) else "",
        maps=bool(normalizer.get(2)),
        adds_space=bool(_number(normalizer, 3, 1)),
        removes_spaces=bool(_number(normalizer, 4, 1)),
        escapes_spaces=bool(_number(normalizer, 5, 1)),
        suffix=bool(_number(trainer, 24, 0)),
    )


def _number(fields: Mapping[int, int | bytes], field: int, default: int) -> int:
    value = fields.get(field, default)
    return value if isinstance(value, int) else default


def _piece(data: bytes) -> Token:
    fields = dict(_fields(data))
    text, score, kind = fields.get(1, b""), fields.get(2, b"\0\0\0\0"), fields.get(3, 1)
    if not (isinstance(text, bytes) and isinstance(score, bytes) and isinstance(kind, int)):
        raise ValueError("a piece has a field of another kind")
    (number,) = struct.unpack("<f", score)
    return Token(text.decode("utf-8"), TokenType(kind), number)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: numbers as int, everything else as bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        wire_type = key & 7
        if wire_type == VARINT:
            number, position = _varint(data, position)
            yield key >> 3, number
            continue
        if wire_type == BYTES:
            length, position = _varint(data, position)
        elif wire_type in (FIXED32, FIXED64):
            length = 4 if wire_type == FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire_type} at byte {position}")
        if length > len(data) - position:
            raise ValueError(f"a field of {length} bytes at byte {position} is cut short")
        yield key >> 3, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number in groups of seven bits, lowest first, and the position behind it."""
    number = 0
    for shift in range(0, 64, 7):
        byte = data[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, position
    raise ValueError(f"a number of more than ten bytes at byte {position}")
