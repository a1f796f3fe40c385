"""Convert folders with llmq and with llama.cpp's converter and quantizer; list every difference.

    scripts/compare-converter [FOLDER ...]

Compared are the metadata (keys, types, values; the converter's order too) and the tensors (names,
shapes, types, bytes). The converter is given the name of the pre-tokenizer that llmq found. Where
llmq differs on purpose, the docstring of `llmq.tokenizer` says why; keys that it adds are those of
`ONLY_OURS`.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llmq.files.gguf import GgufFile, open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.tokenizer.pre_tokenizer_table import STRUCTURES
from llmq_kernels import Encoder
from llmq_peer.differences import differences_between
from llmq_peer.llama_quantize import quantize
from llmq_peer.random_models import save_random_model
from llmq_peer.tokenizer_folders import (
    NAMED,
    save,
    save_sentencepiece,
    train_byte_level,
    train_sentencepiece,
)
from scripts.peer.commands import QUANTIZED, ROOT, converter

# Said where the converter leaves it to llama.cpp: what transformers puts in front of a text.
ONLY_OURS = ("tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_space_prefix")
CONVERTED = {"F32": "f32", "F16": "f16", "BF16": "bf16", "Q8_0": "q8_0"}


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
        ours = open_gguf(
            execute(plan, scratch / f"ours-{recipe}.gguf", force=True, load_check=False)
        )
        pre = plan.metadata.get("tokenizer.ggml.pre", "")
        theirs = run_converter(folder, scratch / f"theirs-{recipe}.gguf", outtype, str(pre))
        kept = [
            key
            for key in ours.metadata
            if not key.startswith("llmq.") and (key not in ONLY_OURS or key in theirs.metadata)
        ]
        reordered = kept != list(theirs.metadata)
        differences = found(ours, theirs)
        yield f"{recipe} (converter)", differences or ["the order of the keys"] * reordered
    for recipe, file_type in QUANTIZED.items():
        plan = make_plan(checkpoint, recipe=recipe, encoder=Encoder.GGML)
        ours = open_gguf(
            execute(plan, scratch / f"ours-{recipe}.gguf", force=True, load_check=False)
        )
        theirs = quantize(scratch / "theirs-F32.gguf", scratch / "quantized.gguf", file_type)
        yield f"{recipe} (quantizer)", found(ours, theirs)


def found(ours: GgufFile, theirs: GgufFile) -> list[str]:
    """The differences, but for the keys that only we write, on purpose."""
    expected = tuple(f"key {key}: " for key in ONLY_OURS if key not in theirs.metadata)
    return [text for text in differences_between(ours, theirs) if not text.startswith(expected)]


def run_converter(folder: Path, output: Path, outtype: str, pre: str) -> GgufFile:
    """llama.cpp's convert_hf_to_gguf on `folder`."""
    command = converter(folder, output, outtype=outtype, pre=pre)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the converter failed on {folder}:\n{done.stderr[-2000:]}")
    return open_gguf(output)


if __name__ == "__main__":
    sys.exit(main())
