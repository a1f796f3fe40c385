"""What every format promises, whatever its layout."""

import pickle
import re

import gguf
import numpy as np
import pytest

from llmq_kernels import FORMATS, Encoder, Format
from llmq_kernels.arrays.columns import PIECE
from tests.kernels.distributions import weights

every_format = pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
every_encoder = pytest.mark.parametrize(
    ("fmt", "encoder"),
    [
        pytest.param(fmt, encoder, id=f"{name}-{encoder}")
        for name, fmt in FORMATS.items()
        for encoder in fmt.encoders
    ],
)


@every_format
def test_the_table_is_keyed_by_name(fmt: Format) -> None:
    assert FORMATS[fmt.name] is fmt


@every_format
def test_formats_travel_to_worker_processes(fmt: Format) -> None:
    assert pickle.loads(pickle.dumps(fmt)) == fmt


@every_format
def test_type_number_and_block_size_are_those_of_gguf(fmt: Format) -> None:
    kind = gguf.GGMLQuantizationType[fmt.name]
    assert fmt.ggml_type == kind.value
    assert (fmt.block, fmt.block_bytes) == gguf.GGML_QUANT_SIZES[kind]


@every_format
def test_scales_are_fields_of_the_layout(fmt: Format) -> None:
    assert bool(fmt.scales) != fmt.saturates
    assert fmt.layout.names is not None
    assert set(fmt.scales) <= set(fmt.layout.names)


@every_encoder
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_zeros_stay_zeros(fmt: Format, encoder: Encoder, zero: float) -> None:
    assert not fmt.decode(fmt.encode(np.full((2, 512), zero, np.float32), encoder=encoder)).any()


@every_format
@pytest.mark.parametrize(
    "family", ["normal", "times-1e3", "outliers", "zero-blocks", "single-spikes"]
)
def test_no_weight_is_farther_off_than_declared(fmt: Format, family: str) -> None:
    rows = weights(family, 1 << 16)
    errors = np.abs(fmt.decode(fmt.encode(rows, encoder=Encoder.GGML)) - rows).reshape(
        -1, fmt.block
    )
    largest = np.abs(rows).reshape(-1, fmt.block).max(axis=1, keepdims=True)
    normal = (largest[:, 0] >= fmt.smallest) & (largest[:, 0] <= fmt.largest)
    assert normal.any()
    assert (errors[normal] <= fmt.worst_error * largest[normal]).all()


@every_encoder
def test_bytes_do_not_depend_on_the_order_of_rows(fmt: Format, encoder: Encoder) -> None:
    rows = weights("student-t", 1 << 16)
    order = np.random.default_rng(3).permutation(len(rows))
    assert np.array_equal(
        fmt.encode(rows[order], encoder=encoder), fmt.encode(rows, encoder=encoder)[order]
    )


@every_encoder
@pytest.mark.parametrize("rows_at_once", [1, 7, 100])
def test_bytes_do_not_depend_on_how_rows_are_split(
    fmt: Format, encoder: Encoder, rows_at_once: int
) -> None:
    rows = weights("grid-full-of-ties", 2 * PIECE + 5 * 1024)
    starts = range(0, len(rows), rows_at_once)
    pieces = [fmt.encode(rows[start : start + rows_at_once], encoder=encoder) for start in starts]
    whole = fmt.encode(rows, encoder=encoder)
    assert np.array_equal(np.concatenate(pieces), whole)
    restored = np.concatenate([fmt.decode(piece) for piece in pieces])
    assert np.array_equal(restored, fmt.decode(whole))


@every_encoder
def test_single_blocks_and_empty_tensors_work(fmt: Format, encoder: Encoder) -> None:
    row = weights("normal", 1024)[:1, : fmt.block]
    assert np.array_equal(
        fmt.encode(row, encoder=encoder)[0],
        fmt.encode(np.repeat(row, 3, axis=0), encoder=encoder)[1],
    )
    assert fmt.decode(fmt.encode(row[:0], encoder=encoder)).shape == (0, fmt.block)


@every_encoder
def test_arguments_are_left_alone_and_need_not_be_contiguous(fmt: Format, encoder: Encoder) -> None:
    rows = weights("normal", 1 << 14)
    whole = fmt.encode(rows, encoder=encoder)
    rows.flags.writeable = whole.flags.writeable = False
    assert np.array_equal(fmt.encode(rows[::2], encoder=encoder), whole[::2])
    assert np.array_equal(fmt.decode(whole[::2]), fmt.decode(whole)[::2])


@pytest.mark.parametrize("name", [name for name in FORMATS if FORMATS[name].block > 1])
def test_rows_that_are_not_whole_blocks_are_refused_with_both_numbers(name: str) -> None:
    fmt = FORMATS[name]
    message = re.escape(f"blocks of {fmt.block} weights") + ".* rows of 720 weights"
    with pytest.raises(ValueError, match=message):
        fmt.encode(np.zeros((3, 720), np.float32), encoder=Encoder.GGML)
    with pytest.raises(ValueError, match=message):
        fmt.nbytes((3, 720))


@every_encoder
def test_nbytes_is_what_encode_returns(fmt: Format, encoder: Encoder) -> None:
    assert (
        fmt.nbytes((5, 3, 512))
        == fmt.encode(np.zeros((15, 512), np.float32), encoder=encoder).nbytes
    )
    assert fmt.bits_per_weight * 15 * 512 == 8 * fmt.nbytes((5, 3, 512))


@every_format
@pytest.mark.parametrize("share_of_largest", [3, 1e30])
def test_the_first_block_that_overflows_is_found(fmt: Format, share_of_largest: float) -> None:
    rows = weights("normal", 1 << 14)
    too_large = min(share_of_largest * fmt.largest, 3.4e38)
    rows[3, 517] = rows[9, 2] = too_large
    first = 3 * (1024 // fmt.block) + 517 // fmt.block
    expected = None if fmt.name == "F32" else first
    assert fmt.overflowed(fmt.encode(rows, encoder=Encoder.GGML), rows) == expected


@every_format
def test_the_largest_weight_is_stored_and_not_refused(fmt: Format) -> None:
    rows = weights("normal", 1 << 14)
    rows[5, 700] = fmt.largest
    blocks = fmt.encode(rows, encoder=Encoder.GGML)
    assert fmt.overflowed(blocks, rows) is None
    assert fmt.decode(blocks)[5, 700] == pytest.approx(fmt.largest, rel=fmt.worst_error)
