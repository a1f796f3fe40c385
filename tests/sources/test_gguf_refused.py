"""GGUF files that are no source are refused in one line."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import ArchitectureError, GgufError, LlmqError, RecipeError
from llmq.files.gguf import Metadata, encode_header, open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.overrides import Overrides
from llmq.sources.opening import open_source
from tests.oracles import gguf_models
from tests.oracles.gguf_models import metadata, random_weights, shapes


def test_parts_that_do_not_belong_together(parts: list[Path]) -> None:
    with pytest.raises(GgufError, match=r"is part 2 of 3; name the first, .*-00001-of-00003\.gguf"):
        open_source(parts[1])
    renamed = parts[0].rename(parts[0].with_name("renamed.gguf"))
    with pytest.raises(
        GgufError, match=r"is part 1 of 3, and its name does not end with -00001-of"
    ):
        open_source(renamed)
    renamed.rename(parts[0])
    second = parts[1].read_bytes()
    parts[1].write_bytes(parts[2].read_bytes())
    with pytest.raises(
        GgufError, match=r"00002-of-00003\.gguf: says that it is part 3 of 3, not 2"
    ):
        open_source(parts[0])
    parts[1].write_bytes(second)
    parts[2].unlink()
    with pytest.raises(GgufError, match=r"00003-of-00003\.gguf: part 3 of 3 is missing"):
        open_source(parts[0])


def test_parts_with_tensors_too_few_or_twice(tmp_path: Path) -> None:
    weights, keys = random_weights(shapes("llama", 64)), metadata("llama", 64)
    first, second = gguf_models.save_parts(tmp_path, keys, weights, "F16", [20, 20])
    with pytest.raises(GgufError, match=r"its 2 parts hold 40 tensors instead of \d+; fetch"):
        open_source(first)
    some = dict(list(weights.items())[:40])
    first, second = gguf_models.save_parts(tmp_path, keys, some, "F16", [20, 20])
    assert len(open_source(first).tensors) == 40
    twice = second.read_bytes().replace(b"blk.2.attn_q.weight", b"blk.0.attn_q.weight")
    second.write_bytes(twice)
    with pytest.raises(GgufError, match=r"'blk\.0\.attn_q\.weight' is in 2 of its parts"):
        open_source(first)


def test_blocks_need_leave_and_say_what_they_cost(
    tiny: Callable[..., Path], tmp_path: Path
) -> None:
    path = tiny("Q8_0", name="tiny-Q8_0.gguf")
    with pytest.raises(
        GgufError, match=r"\d+ matrices have fewer than 16 bits \('token_embd.weight' is Q8_0"
    ):
        open_source(path)
    source = open_source(path, allow_requantize=True)
    assert "(37 in Q8_0): what that lost stays lost" in source.notes[0]
    plan = make_plan(source, recipe="Q8_0")
    assert {t.encoding.encoder for t in plan.tensors if t.format.block > 1} == {"stored"}
    plan = make_plan(source, recipe="Q4_0")
    output = execute(plan, tmp_path / "out.gguf", load_check=False)
    assert open_gguf(output).tensors[0].type_name == "Q4_0"


def without(key: str) -> Metadata:
    """The metadata of a small llama without a key."""
    return {name: value for name, value in metadata("llama", 64).items() if name != key}


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        (without("general.architecture"), GgufError, "general.architecture is missing or no name"),
        (without("llama.block_count"), GgufError, r"the key llama\.block_count is missing"),
        ({"general.architecture": "a\nb"}, GgufError, "general.architecture is missing or no name"),
        ({"general.type": "adapter"}, GgufError, "is of the type 'adapter', not a model"),
        ({"general.architecture": "bert"}, ArchitectureError, "bert is an encoder, and only"),
        ({"general.architecture": "clip"}, ArchitectureError, "clip is an encoder of images"),
        ({"llama.block_count": "five"}, GgufError, "llama.block_count is missing or no number"),
        (
            {"llama.block_count": np.int32(-1)},
            GgufError,
            "llama.block_count is missing or no number",
        ),
        (
            {"llama.attention.head_count": np.array([], np.int32)},
            GgufError,
            "head_count is missing",
        ),
        ({"split.count": np.uint16(2)}, GgufError, "is part 1 of 2, and its name does not end"),
    ],
)
def test_metadata_that_do_not_fit(
    keys: Metadata, error: type[LlmqError], message: str, tmp_path: Path
) -> None:
    whole = keys if len(keys) > 1 else metadata("llama", 64) | keys
    path = gguf_models.save(tmp_path / "a.gguf", whole, random_weights(shapes("llama", 64)), "F16")
    with pytest.raises(error, match=message) as caught:
        open_source(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (("a.weight", (2, 256), 16, 0), "'a.weight' is IQ2_XXS, and only F32, F16, BF16"),
        (("a.weight", (2, 4), 26, 0), "'a.weight' is I32, and only F32"),
        (
            ("a.weight", (2, 4), 999, 0),
            "'a.weight' has the unknown type 999; it is damaged, or newer",
        ),
        ((64 * "a", (2, 4), 0, 0), r"a tensor's name, 'a{39}\.\.\., is longer than 63 bytes"),
        (("a.weight", (2, 0), 0, 0), r"'a.weight' has the shape \[2, 0\] and no weights"),
        (("a.weight", (0, 4), 0, 0), r"'a.weight' has the shape \[0, 4\] and no weights"),
    ],
)
def test_tensors_that_cannot_be_read(
    record: tuple[str, tuple[int, ...], int, int], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(encode_header(metadata("llama", 64), [record]) + bytes(4096))
    with pytest.raises(GgufError, match=message):
        open_source(path, allow_requantize=True)


def test_files_that_are_no_models(tmp_path: Path, tiny: Callable[..., Path]) -> None:
    whole = tiny().read_bytes()
    big_endian = b"GGUF" + struct.pack(">IQQ", 3, 1, 1) + bytes(99)
    empty = encode_header(metadata("llama", 64), [])
    for data, message in (
        (whole[:-1000], "it is cut short: the tensor"),
        (whole[:500], "48 tensors and 20 values do not fit 500 bytes"),
        (whole[:2000], "the header wants"),
        (big_endian, "it is of big-endian order; convert the model to the little-endian one"),
        (empty, "holds no tensors"),
        (b"", "not a GGUF file"),
        (b'{"a": 1}', "not a GGUF file"),
    ):
        (tmp_path / "bad.gguf").write_bytes(data)
        with pytest.raises(GgufError, match=message):
            open_source(tmp_path / "bad.gguf")


def test_a_tensor_whose_bytes_are_gone_meanwhile(tiny: Callable[..., Path], tmp_path: Path) -> None:
    path = tiny()
    plan = make_plan(open_source(path), recipe="Q4_0")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(GgufError, match=r"bytes of 'blk\.4\.ffn_down\.weight' are gone"):
        execute(plan, tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()


def test_an_architecture_whose_rules_are_not_known(tmp_path: Path) -> None:
    """Mixed recipes are refused; those without rules are not."""
    keys = {key.replace("llama", "newest"): value for key, value in metadata("llama", 64).items()}
    keys["general.architecture"] = "newest"
    path = gguf_models.save(tmp_path / "a.gguf", keys, random_weights(shapes("llama", 64)), "F16")
    source = open_source(path)
    with pytest.raises(
        RecipeError, match=r"Q4_0: llama-quantize's rules for .*'newest' are not known"
    ):
        make_plan(source, recipe="Q4_0")
    assert make_plan(source, recipe="BF16").tensors[0].format.name == "BF16"
    pure = make_plan(source, recipe="Q4_0", overrides=Overrides(pure=True))
    assert {tensor.format.name for tensor in pure.tensors} == {"Q4_0", "F32"}


def test_a_folders_options_are_no_files(tiny: Callable[..., Path]) -> None:
    with pytest.raises(
        LlmqError, match="a GGUF file names its pre-tokenizer itself; leave out --pre"
    ):
        open_source(tiny(), pre="llama-bpe")
