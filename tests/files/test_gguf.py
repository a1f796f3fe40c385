"""The header we write is GGUF; a header that is not is refused without harm."""

import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from llmq.errors import GgufError
from llmq.files.gguf import Metadata, encode_header, open_gguf, padded

METADATA: Metadata = {
    "general.architecture": "llama",
    "a.text": "naïve 日本",
    "a.flag": True,
    "a.u32": np.uint32(7),
    "a.f32": np.float32(0.1),
    "a.i64": np.int64(-5),
    "a.floats": np.array([1.5, -2.0], np.float32),
    "a.ints": np.array([1, 2, 3], np.int32),
    "a.texts": ["one", "", "zwei"],
    "a.flags": [True, False],
    "a.nothing": [],
}
RECORDS = (("first.weight", (3, 32), 0, 0), ("second.weight", (5,), 0, 384))
DATA = bytes(range(256)) + bytes(128) + b"\1" * 20 + bytes(12)


def write(path: Path, *, metadata: Metadata = METADATA, records: Any = RECORDS) -> Path:
    path.write_bytes(encode_header(metadata, records) + DATA)
    return path


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(np.array_equal(one, other))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    file = open_gguf(write(tmp_path / "a.gguf"))
    assert list(file.metadata) == list(METADATA)
    assert all(same(file.metadata[key], value) for key, value in METADATA.items())
    assert [(t.name, t.shape, t.type_name) for t in file.tensors] == [
        ("first.weight", (3, 32), "F32"),
        ("second.weight", (5,), "F32"),
    ]
    assert file.tensors[1].offset == padded(file.tensors[0].offset + 384)


def test_ggufs_own_reader_reads_it(tmp_path: Path) -> None:
    reader = gguf.GGUFReader(write(tmp_path / "a.gguf"))
    assert [t.name for t in reader.tensors] == ["first.weight", "second.weight"]
    assert reader.fields["a.texts"].contents() == ["one", "", "zwei"]
    assert reader.fields["a.floats"].contents() == [1.5, -2.0]
    assert reader.fields["a.u32"].contents() == 7
    np.testing.assert_array_equal(reader.tensors[1].data.view(np.uint8)[:20], np.ones(20))


def test_every_cut_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.gguf").read_bytes()
    last_byte_of_data = len(whole) - 12
    for length in range(last_byte_of_data):
        (tmp_path / "cut.gguf").write_bytes(whole[:length])
        with pytest.raises(GgufError, match=r"cut\.gguf"):
            open_gguf(tmp_path / "cut.gguf")


def test_every_single_byte_of_the_header_may_be_anything(tmp_path: Path) -> None:
    """No change of one byte does anything but succeed or raise our error, quickly."""
    whole = bytearray(write(tmp_path / "a.gguf").read_bytes())
    path = tmp_path / "b.gguf"
    outcomes = set()
    for position in range(len(whole) - len(DATA)):
        for value in (0, 0xFF, whole[position] ^ 0x80):
            changed = whole.copy()
            changed[position] = value
            path.write_bytes(changed)
            try:
                open_gguf(path)
                outcomes.add("read")
            except GgufError:
                outcomes.add("refused")
    assert outcomes == {"read", "refused"}


HUGE = (1 << 64) - 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a GGUF file"),
        (b"PK\3\4" + bytes(60), "not a GGUF file"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, HUGE, 0), "do not fit"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, HUGE), "do not fit"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, HUGE) + bytes(9), "more bytes"),
        (b"GGUF" + struct.pack("<IQQQcIIQ", 3, 0, 1, 1, b"k", 9, 5, HUGE), "more bytes"),
        (b"GGUF" + struct.pack("<IQQQcIIQ", 3, 0, 1, 1, b"k", 9, 8, HUGE), "does not fit"),
        (b"GGUF" + struct.pack("<IQQQcIIQ", 3, 0, 1, 1, b"k", 9, 9, 1), "array of value type 9"),
    ],
)
def test_hostile_files(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(data)
    with pytest.raises(GgufError, match=message):
        open_gguf(path)


@pytest.mark.parametrize(
    "alignment",
    ["32", np.float32("nan"), np.int32(32), np.uint32(3), ["32"], np.zeros(2, np.uint32)],
)
def test_an_alignment_that_is_none(tmp_path: Path, alignment: Any) -> None:
    with pytest.raises(GgufError, match="the alignment"):
        open_gguf(write(tmp_path / "a.gguf", metadata={"general.alignment": alignment}))


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ((("a", (3, 32), 0, 0), ("a", (5,), 0, 384)), "same name"),
        ((("a", (3, 32), 0, 0), ("b", (5,), 0, 352)), "was expected"),
        ((("a", (3, 32), 99, 0),), "unknown type 99"),
        ((("a", (3, 33), 2, 0),), "rows of 33"),
        ((("a", (1, 1, 1, 1, 32), 0, 0),), "5 dimensions"),
        ((("a", (1 << 62, 1 << 62, 32), 0, 0),), "cut short"),
    ],
)
def test_tensors_that_do_not_fit(tmp_path: Path, records: Any, message: str) -> None:
    with pytest.raises(GgufError, match=message):
        open_gguf(write(tmp_path / "a.gguf", records=records))
