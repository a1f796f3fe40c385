"""Convert folders with llmq and with llama.cpp's converter and quantizer; list every difference.

Compared are the metadata (keys, types, values; the converter's order too) and the tensors (names, shapes, types, bytes).
The converter knows a pre-tokenizer by the hash of one text that it tokenizes, which no tokenizer of
our own can match, so it is told the name that llmq found. Where llmq differs on purpose, in cases that
none of these folders shows, the docstring of `llmq.tokenizer` says why.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from llmq.files.gguf import GgufFile, TensorInfo, open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_kernels import FORMATS, Encoder
from tests.llama_quantize import quantize
from tests.random_models import save_random_model
from tests.tokenizer.folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "build" / "peer" / "llama.cpp"
CONVERTED = {"F32": "f32", "F16": "f16", "BF16": "bf16", "Q8_0": "q8_0"}
# By llama_model_quantize, with its llama_ftype.
QUANTIZED = {r.name: r.file_type for r in RECIPES.values() if FORMATS[r.base].block > 1}

DRIVER = """
import runpy, sys
peer, pre, *arguments = sys.argv[1:]
sys.path[:0] = [peer, peer + "/gguf-py"]
from conversion.base import TextModel
if pre:
    TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
sys.argv = [peer + "/convert_hf_to_gguf.py", *arguments]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        help="default: the bundled tutor, and a random model for each architecture and tokenizer",
    )
    total = 0
    with tempfile.TemporaryDirectory() as made:
        folders = parser.parse_args().folders
        for folder in folders or [ROOT / "eval" / "tutor", *random_folders(Path(made))]:
            scratch = Path(made) / "scratch"
            scratch.mkdir(exist_ok=True)
            for recipe, differences in compare(folder, scratch):
                total += len(differences)
                print(f"{folder.name} {recipe}: {len(differences)} differences")
                for text in differences:
                    print(f"    {text}")
    print(f"{total} differences")
    return 1 if total else 0


def random_folders(made: Path) -> Iterator[Path]:
    """Random models of every architecture, with trained tokenizers of the kinds it comes with."""
    byte_level = {row.name: row for row in STRUCTURES}
    for name, kind in (
        ("LlamaForCausalLM", "sentencepiece"),
        ("LlamaForCausalLM", "llama-bpe"),
        ("MistralForCausalLM", "sentencepiece"),
        ("Qwen2ForCausalLM", "qwen2"),
        ("Qwen3ForCausalLM", "qwen2"),
    ):
        folder = made / f"{name}-{kind}"
        if kind == "sentencepiece":
            config = save_sentencepiece(folder, train_sentencepiece())
        else:
            config = save(folder, train_byte_level(byte_level[kind]), **NAMED)
        known = ("vocab_size", "bos_token_id", "eos_token_id")
        settings = {key: value for key, value in config.items() if key in known}
        save_random_model(folder, name, settings | {"head_dim": 32})
        yield folder


def compare(folder: Path, scratch: Path) -> Iterator[tuple[str, list[str]]]:
    """Each recipe with the differences found, first the converter's, then the quantizer's."""
    checkpoint = open_source(folder)
    for recipe, outtype in CONVERTED.items():
        plan = make_plan(checkpoint, recipe=recipe, encoder=Encoder.GGML)
        ours = open_gguf(execute(plan, scratch / f"ours-{recipe}.gguf", force=True))
        pre = plan.metadata.get("tokenizer.ggml.pre", "")
        theirs = run_converter(folder, scratch / f"theirs-{recipe}.gguf", outtype, str(pre))
        kept = [key for key in ours.metadata if not key.startswith("llmq.")]
        reordered = kept != list(theirs.metadata)
        differences = list(differences_between(ours, theirs))
        yield f"{recipe} (converter)", differences or ["the order of the keys"] * reordered
    for recipe, file_type in QUANTIZED.items():
        ours = open_gguf(
            execute(
                make_plan(checkpoint, recipe=recipe, encoder=Encoder.GGML),
                scratch / f"ours-{recipe}.gguf",
                force=True,
            )
        )
        theirs = quantize(scratch / "theirs-F32.gguf", scratch / "quantized.gguf", file_type)
        yield f"{recipe} (quantizer)", list(differences_between(ours, theirs))


def run_converter(folder: Path, output: Path, outtype: str, pre: str) -> GgufFile:
    """llama.cpp's convert_hf_to_gguf on `folder`."""
    arguments = [str(folder), "--outtype", outtype, "--outfile", str(output)]
    command = [sys.executable, "-c", DRIVER, str(PEER), pre, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the converter failed on {folder}:\n{done.stderr[-2000:]}")
    return open_gguf(output)


def differences_between(ours: GgufFile, theirs: GgufFile) -> Iterator[str]:
    """One line per difference, but for the keys that are llmq's own."""
    for key in {**ours.metadata, **theirs.metadata}:
        if key.startswith("llmq."):
            continue
        one, other = ours.metadata.get(key), theirs.metadata.get(key)
        if type(one) is not type(other) or not np.array_equal(one, other):  # type: ignore[arg-type]  # any value
            yield f"key {key}: ours {shown(one)}, theirs {shown(other)}"
    mine = {tensor.name: tensor for tensor in ours.tensors}
    other_names = {tensor.name for tensor in theirs.tensors}
    for name in mine.keys() - other_names:
        yield f"tensor {name}: only ours"
    for tensor in theirs.tensors:
        own = mine.get(tensor.name)
        if own is None:
            yield f"tensor {tensor.name}: only theirs"
        elif (own.shape, own.type_name) != (tensor.shape, tensor.type_name):
            yield f"tensor {tensor.name}: ours {own.type_name} {own.shape}, theirs {tensor.type_name} {tensor.shape}"
        else:
            different = differing_bytes(ours, own, theirs, tensor)
            if different:
                yield f"tensor {tensor.name}: {different} of {own.n_bytes} bytes differ"


def differing_bytes(ours: GgufFile, own: TensorInfo, theirs: GgufFile, tensor: TensorInfo) -> int:
    """How many bytes of two tensors differ: all, where the types do."""
    if own.n_bytes != tensor.n_bytes or own.type_name != tensor.type_name:
        return tensor.n_bytes
    here = np.fromfile(ours.path, np.uint8, own.n_bytes, offset=own.offset)
    there = np.fromfile(theirs.path, np.uint8, tensor.n_bytes, offset=tensor.offset)
    return int((here != there).sum())


def shown(value: Any) -> str:
    """A value, short enough for a line."""
    if value is None:
        return "nothing"
    plain = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
    text = json.dumps(plain)
    return f"{type(value).__name__} {text if len(text) < 80 else text[:77] + '...'}"


if __name__ == "__main__":
    sys.exit(main())
