"""Importance matrices: llama-quantize's values, no zeros, no other model's, and nothing damaged."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import ImportanceError
from llmq.files.gguf import open_gguf
from llmq.files.imatrix import read_importance
from llmq.importance import Importance, raised
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_kernels import FORMATS, Encoder
from llmq_peer.imatrix_files import (
    METADATA,
    Values,
    legacy_entry,
    legacy_origin,
    save_gguf,
    save_importance,
    sums_and_counts,
)

MakeCheckpoint = Callable[..., Path]
NAME = "blk.0.attn_q.weight"


def floats(*values: float) -> Values:
    return np.array(values, np.float32)


def test_sums_become_means(tmp_path: Path) -> None:
    """In one rounding, by counts that are rounded as C does; what was never counted is 1."""
    tensors = {
        **sums_and_counts("dense", floats(3, 1, 0), [7]),
        **sums_and_counts("experts", floats(1, 2, 3, 4, 5, 6), [2.5, 0, 3]),
        "other.in_sum": floats(1),
    }
    found = read_importance(save_gguf(tmp_path / "i.gguf", tensors), exact=True)
    assert found.datasets == ("calibration.txt",)
    assert found.n_chunks == 7
    assert list(found.rows) == ["dense", "experts"]
    seven = np.float32(7)
    np.testing.assert_array_equal(found.rows["dense"].read(), floats(3, 1, 0)[None] / seven)
    three = np.float32(3)
    np.testing.assert_array_equal(
        found.rows["experts"].read(),
        np.array([floats(1, 2) / three, floats(1, 1), floats(5, 6) / three]),
    )


def test_the_legacy_format(tmp_path: Path) -> None:
    path = tmp_path / "imatrix.dat"
    entries = legacy_entry("a", floats(3, 5), 3) + legacy_entry("b", floats(0.5), 0)
    head = struct.pack("<i", 2)
    path.write_bytes(head + entries + legacy_origin(12, "text.txt"))
    found = read_importance(path)
    assert (found.datasets, found.n_chunks, found.n_raised) == (("text.txt",), 12, 0)
    np.testing.assert_array_equal(found.rows["a"].read(), floats(3, 5)[None] / np.float32(3))
    np.testing.assert_array_equal(found.rows["b"].read(), floats(0.5)[None])
    path.write_bytes(head + entries)  # as the oldest files end
    assert (read_importance(path).datasets, read_importance(path).n_chunks) == ((), 0)


def test_zeros_are_raised(tmp_path: Path) -> None:
    rows = np.stack([floats(0, 4, 2, 8, 0), floats(0, 0, 0, 0, 0), floats(1, 2, 3, 4, 5)])
    found = raised(rows)
    floor = 4e-6
    np.testing.assert_array_equal(found[0], floats(floor, 4, 2, 8, floor))
    np.testing.assert_array_equal(found[1], np.ones(5, np.float32))
    np.testing.assert_array_equal(found[2], rows[2])
    assert (raised(np.array([[0, 1e-44]], np.float32)) > 0).all()
    path = save_gguf(tmp_path / "i.gguf", sums_and_counts("m", rows, [1, 1, 1]))
    assert read_importance(path).n_raised == 7
    assert read_importance(path, exact=True).n_raised == 0
    np.testing.assert_array_equal(read_importance(path).rows["m"].read(), found)
    np.testing.assert_array_equal(read_importance(path, exact=True).rows["m"].read(), rows)


LEGACY = struct.pack("<i", 1) + legacy_entry("abc", floats(1, 2, 3), 2) + legacy_origin(5, "text")
DAMAGE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it wants 4 more bytes where 0 are left"),
    "a text": (b"To be, or not to be: that is the question", "entries do not fit the"),
    "no entries": (struct.pack("<i", 0), "the number of entries is 0"),
    "many entries": (struct.pack("<i", 1 << 30) + LEGACY[4:], "1073741824 entries do not fit"),
    "a long name": (LEGACY[:4] + struct.pack("<i", 1 << 30) + LEGACY[8:], "wants 1073741824"),
    "a negative name": (LEGACY[:4] + struct.pack("<i", -1) + LEGACY[8:], "a text is -1"),
    "many values": (LEGACY[:15] + struct.pack("<i", 1 << 29) + LEGACY[19:], "wants 2147483648"),
    "no values": (LEGACY[:15] + struct.pack("<i", 0) + LEGACY[19:], "the values of 'abc' is 0"),
    "negative calls": (LEGACY[:11] + struct.pack("<i", -2) + LEGACY[15:], "calls of 'abc' is -2"),
    "no UTF-8": (LEGACY.replace(b"abc", b"\xff\xfe\xfd"), "a text is not UTF-8"),
    "twice": (struct.pack("<i", 2) + LEGACY[4:31] * 2, "it has 'abc' twice"),
    "more": (LEGACY + b"x", "1 bytes follow its end"),
    "NaN": (LEGACY.replace(floats(2).tobytes(), floats(np.nan).tobytes()), "nan at column 1"),
    "negative": (LEGACY.replace(floats(3).tobytes(), floats(-3).tobytes()), "-3.0 at column 2"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_legacy_files(damage: str, tmp_path: Path) -> None:
    data, message = DAMAGE[damage]
    (tmp_path / "imatrix.dat").write_bytes(data)
    with pytest.raises(ImportanceError, match=message) as caught:
        read_importance(tmp_path / "imatrix.dat")
    assert "imatrix.dat: " in str(caught.value)


GOOD = sums_and_counts("m", floats(1, 2, 3, 4), [2])
DAMAGED_TENSORS: dict[str, tuple[dict[str, Values], str]] = {
    "no importance": ({"token_embd.weight": floats(1)}, r"holds no importance .* a model\?"),
    "no counts": ({"m.in_sum2": floats(1)}, r"m\.counts is missing"),
    "no sums": ({"m.counts": floats(1)}, r"m\.in_sum2 is missing"),
    "nothing": (
        GOOD | {"m.in_sum2": np.zeros((0, 4), np.float32)},
        r"m\.in_sum2 is missing, empty",
    ),
    "counts that do not divide": (GOOD | {"m.counts": floats(1, 2, 3)}, "4 sums and 3 counts"),
    "a count of NaN": (GOOD | {"m.counts": floats(np.nan)}, "counts that are no numbers"),
    "a negative count": (GOOD | {"m.counts": floats(-1)}, "counts that are no numbers"),
    "infinite": (GOOD | {"m.in_sum2": floats(1, np.inf)}, "importance inf at column 1"),
}


@pytest.mark.parametrize("damage", DAMAGED_TENSORS)
def test_damaged_tensors(damage: str, tmp_path: Path) -> None:
    tensors, message = DAMAGED_TENSORS[damage]
    with pytest.raises(ImportanceError, match=message):
        read_importance(save_gguf(tmp_path / "i.gguf", tensors))


@pytest.mark.parametrize("key", [key for key in METADATA if key.startswith("imatrix.")])
def test_keys_that_are_missing(key: str, tmp_path: Path) -> None:
    for changed in ({}, {key: np.float32(1)}):
        kept = {name: value for name, value in METADATA.items() if name != key}
        with pytest.raises(ImportanceError, match=key):
            read_importance(save_gguf(tmp_path / "i.gguf", GOOD, {**kept, **changed}))


def test_files_that_end_early(tmp_path: Path) -> None:
    """At whatever byte, it is this error and no other."""
    gguf = save_gguf(tmp_path / "i.gguf", GOOD).read_bytes()
    for data, complete in ((gguf, set[int]()), (LEGACY, {31, 35})):
        for length in range(len(data.rstrip(b"\0"))):
            (tmp_path / "cut").write_bytes(data[:length])
            if length in complete:
                read_importance(tmp_path / "cut")
                continue
            with pytest.raises(ImportanceError, match="cut: "):
                read_importance(tmp_path / "cut")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImportanceError, match=r"none: cannot be read \(No such file"):
        read_importance(tmp_path / "none")


# --- with a model ---


def importance_for(folder: Path, plan: Plan, **changes: Values | None) -> Importance:
    """Importance of one for every matrix of the layers, but for `changes` (`__` for a dot)."""
    rows = {
        tensor.name: np.ones((1, tensor.shape[1]), np.float32)
        for tensor in plan.tensors
        if len(tensor.shape) == 2 and tensor.name.startswith("blk.")
    }
    for name, values in changes.items():
        full = name.replace("__", ".")
        rows.pop(full, None)
        if values is not None:
            rows[full] = values
    return save_importance(folder / "calib.gguf", rows)


def test_another_models_matrix(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    checkpoint = open_source(make_checkpoint())
    plan = make_plan(checkpoint)
    for name, message in (
        ("blk__2__attn_q__weight", r"calib\.gguf: is of another model: it knows 'blk.2.attn_q.weight', and tiny"),
        ("blk__1__attn_q__weight", r"it has 32 values for 'blk.1.attn_q.weight', and tiny has the shape \[64, 64\]"),
    ):  # fmt: skip
        wrong = importance_for(tmp_path, plan, **{name: np.ones((1, 32), np.float32)})
        with pytest.raises(ImportanceError, match=message):
            make_plan(checkpoint, importance=wrong)


def test_what_a_matrix_lacks(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    checkpoint = open_source(make_checkpoint())
    whole = importance_for(tmp_path, make_plan(checkpoint))
    assert not make_plan(checkpoint, recipe="Q8_0", importance=whole).notes
    lacking = importance_for(
        tmp_path,
        make_plan(checkpoint),
        blk__0__attn_q__weight=None,
        blk__1__ffn_up__weight=None,
    )
    (note,) = make_plan(checkpoint, recipe="Q8_0", importance=lacking).notes
    assert note.startswith(
        f"{lacking.path} says nothing of 2 of 14 matrices (blk.0.attn_q.weight, blk.1.ffn_up.weight)"
    )


def test_what_a_file_says_of_its_importance(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = open_source(make_checkpoint())
    importance = importance_for(Path(), make_plan(checkpoint))
    plan = make_plan(checkpoint, recipe="Q4_0", importance=importance)
    written = open_gguf(execute(plan, tmp_path / "out.gguf", load_check=False)).metadata
    assert list(written.items())[-7:-1] == [  # the last are the hashes of tensors
        ("quantize.imatrix.file", "calib.gguf"),
        ("quantize.imatrix.dataset", "calibration.txt"),
        ("quantize.imatrix.entries_count", np.uint32(14)),
        ("quantize.imatrix.chunks_count", np.uint32(7)),
        ("llmq.encoder", "search"),
        ("llmq.quality", "good"),
    ]
    long = Importance(Path("é" * 90), {"m": importance.rows["blk.0.attn_q.weight"]})
    assert long.metadata == {
        "quantize.imatrix.file": "é" * 63,
        "quantize.imatrix.entries_count": np.uint32(1),
    }
    floats_only = make_plan(checkpoint, recipe="BF16")
    assert "llmq.encoder" not in floats_only.metadata
    assert floats_only.encoder is None
    nothing_to_search = make_plan(checkpoint, recipe="Q8_0")
    assert nothing_to_search.metadata["llmq.encoder"] == "ggml"


def test_a_matrix_that_changes_while_it_is_in_use(
    make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    checkpoint = open_source(make_checkpoint())
    importance = importance_for(tmp_path, make_plan(checkpoint))
    plan = make_plan(checkpoint, recipe="Q4_0", importance=importance)
    importance_for(tmp_path, make_plan(checkpoint), blk__0__attn_q__weight=None)
    with pytest.raises(ImportanceError, match=r"calib\.gguf: was changed while it was in use"):
        execute(plan, tmp_path / "out.gguf", load_check=False)
    importance.path.unlink()
    with pytest.raises(ImportanceError, match=r"calib\.gguf: cannot be read"):
        execute(plan, tmp_path / "out.gguf", load_check=False)
    assert not (tmp_path / "out.gguf").exists()


def test_a_matrix_is_found_from_another_folder(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its path is what the user wrote, its file is where it was then."""
    monkeypatch.chdir(tmp_path)
    source = open_source(make_checkpoint())
    plan = make_plan(source, recipe="Q4_0", importance=importance_for(Path(), make_plan(source)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert execute(plan, tmp_path / "out.gguf", load_check=False).exists()
    assert plan.metadata["quantize.imatrix.file"] == "calib.gguf"


@pytest.mark.parametrize("recipe", ["Q4_0", "IQ4_NL", "Q5_0"])
def test_zeros_make_no_weights_vanish(
    recipe: str, make_checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    """ggml stores zeros for blocks without importance."""
    checkpoint = open_source(make_checkpoint())
    sums = np.ones((1, 64), np.float32)
    sums[0, 32:] = 0
    path = save_gguf(tmp_path / "i.gguf", sums_and_counts("blk.0.attn_v.weight", sums, [1]))
    decoded = []
    for exact in (True, False):
        plan = make_plan(
            checkpoint,
            recipe=recipe,
            importance=read_importance(path, exact=exact),
            encoder=Encoder.GGML,
        )
        output = execute(plan, tmp_path / "out.gguf", force=True, load_check=False)
        tensor = next(t for t in open_gguf(output).tensors if t.name == "blk.0.attn_v.weight")
        form = FORMATS[tensor.type_name]
        raw = output.read_bytes()[tensor.offset : tensor.offset + tensor.n_bytes]
        blocks = np.frombuffer(raw, form.layout).reshape(tensor.shape[0], -1)
        decoded.append(form.decode(blocks))
        assert any("columns have importance zero" in note for note in plan.notes) == (not exact)
    vanished, kept = decoded
    np.testing.assert_array_equal(vanished[:, :32], kept[:, :32])
    assert np.ptp(vanished[:, 32:], axis=1).max() == 0
    assert np.ptp(kept[:, 32:], axis=1).min() > 0.1
