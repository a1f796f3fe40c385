"""Quantize GGUF files with llmq and with llama_model_quantize; list every difference.

    scripts/compare-gguf [FILE.gguf ...]

Without files, llama.cpp's converter makes them, in F16 and BF16: random models of five
architectures, with rows that are whole superblocks and with rows that are not, one of them split.
Each recipe is made without and with importance, which is random too. Compared are keys, types,
shapes and bytes.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.files.gguf import open_gguf
from llmq.files.imatrix import read_importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_kernels import Encoder
from llmq_peer.differences import differences_between
from llmq_peer.imatrix_files import random_importance, save_legacy
from llmq_peer.llama_quantize import quantize
from llmq_peer.random_models import save_random_model
from llmq_peer.tokenizer_folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)
from scripts.peer.commands import QUANTIZED, converter

DEFAULT_RECIPES = ("Q4_K_M", "Q4_0", "IQ4_XS", "Q8_0")
WIDTHS: dict[str, dict[str, Any]] = {
    "superblocks": {"hidden_size": 256, "intermediate_size": 512, "num_attention_heads": 8},
    "small-blocks": {"hidden_size": 96, "intermediate_size": 160, "num_attention_heads": 6},
}
# transformers' class, the tokenizer, and settings beyond the sizes.
MODELS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("LlamaForCausalLM", "llama-bpe", {}),
    ("Qwen3ForCausalLM", "qwen2", {"head_dim": 32, "tie_word_embeddings": True}),
    ("GPT2LMHeadModel", "gpt-2", {"n_ctx": 256}),
    ("Gemma3ForCausalLM", "", {"head_dim": 32, "sliding_window": 64}),
    (
        "Qwen3MoeForCausalLM",
        "qwen2",
        {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 256, "head_dim": 32},
    ),
)
PARTED, PART_TENSORS = "LlamaForCausalLM-superblocks", 10
Rows = dict[str, NDArray[np.float32]]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.gguf")
    parser.add_argument("--recipes", nargs="+", default=DEFAULT_RECIPES, choices=list(QUANTIZED))
    arguments = parser.parse_args()
    total = pairs = 0
    with tempfile.TemporaryDirectory() as made:
        for file in arguments.files or random_files(Path(made)):
            found = [list(pair) for pair in compare(file, Path(made), arguments.recipes)]
            lines = [line for pair in found for line in pair]
            pairs, total = pairs + len(found), total + len(lines)
            print(
                f"{file.name}: {len(lines)} differences in {len(found)} pairs of files", flush=True
            )
            for line in lines:
                print(f"    {line}")
    print(f"{total} differences in {pairs} pairs of files")
    return 1 if total else 0


def random_files(made: Path) -> Iterator[Path]:
    """The converter's files of random models; of a split one the first part."""
    for name, pre, settings in MODELS:
        for width, sizes in WIDTHS.items():
            folder = made / f"{name}-{width}"
            config = save_tokenizer(folder, pre)
            known = ("vocab_size", "bos_token_id", "eos_token_id")
            chosen = {key: value for key, value in config.items() if key in known}
            save_random_model(folder, name, sizes | chosen | settings)
            for outtype in ("f16", "bf16"):
                yield converted(folder, outtype, pre)
            if folder.name == PARTED:
                yield converted(folder, "f16", pre, "--split-max-tensors", str(PART_TENSORS))


def save_tokenizer(folder: Path, pre: str) -> dict[str, Any]:
    """Write a tokenizer with this pre-tokenizer, or a SentencePiece one; the model's settings."""
    if not pre:
        return save_sentencepiece(folder, train_sentencepiece())
    row = next(row for row in STRUCTURES if row.name == pre)
    return save(folder, train_byte_level(row), **NAMED)


def converted(folder: Path, outtype: str, pre: str, *options: str) -> Path:
    """The file that llama.cpp's converter makes of a checkpoint, or the first of its parts."""
    output = folder.with_name(f"{folder.name}{'-split' if options else ''}-{outtype.upper()}.gguf")
    command = [*converter(folder, output, outtype=outtype, pre=pre), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the converter failed on {folder}:\n{done.stderr[-2000:]}")
    return next(output.parent.glob(f"{output.stem}-00001-of-*.gguf")) if options else output


def compare(file: Path, scratch: Path, recipes: list[str]) -> Iterator[Iterator[str]]:
    """For each recipe, plain and with importance, what the two files differ in."""
    source = open_source(file)
    rows = random_importance({tensor.name: tensor.shape for tensor in source.tensors})
    weighted = read_importance(save_legacy(scratch / "importance.dat", rows), exact=True)
    for recipe in recipes:
        for kind, importance in (("plain", None), ("with importance", weighted)):
            plan = make_plan(source, recipe=recipe, importance=importance, encoder=Encoder.GGML)
            ours = open_gguf(execute(plan, scratch / "ours.gguf", force=True, load_check=False))
            weights = rows if importance else None
            theirs = quantize(file, scratch / "theirs.gguf", QUANTIZED[recipe], weights)
            # llama-quantize writes these keys; the library's call, which is used here, does not.
            lines = (
                x for x in differences_between(ours, theirs) if "key quantize.imatrix." not in x
            )
            yield (f"{recipe}, {kind}: {line}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
