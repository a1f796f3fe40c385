"""llama.cpp's own converter and tools as commands, where fetch-peer and build-peer put them."""

import sys
from pathlib import Path

from llmq.recipes.table import RECIPES

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "build" / "peer" / "llama.cpp"
TOOLS = ROOT / "build" / "peer" / "bin"

QUANTIZED = {r.name: r.file_type for r in RECIPES.values() if r.follows_rules}
"""The recipes that llama-quantize makes, each with its llama_ftype."""

# The converter knows a pre-tokenizer by the hash of one text that it tokenizes, which no tokenizer
# of our own can match: it is given the name instead.
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


def converter(source: Path, output: Path, *, outtype: str, pre: str) -> list[str]:
    """convert_hf_to_gguf on a checkpoint folder, its pre-tokenizer being `pre`."""
    arguments = [str(source), "--outtype", outtype, "--outfile", str(output)]
    return [sys.executable, "-c", DRIVER, str(SOURCE), pre, *arguments]


def quantizer(
    source: Path, output: Path, recipe: str, *, threads: int, imatrix: Path | None = None
) -> list[str]:
    """llama-quantize on a GGUF file."""
    weighted = ["--imatrix", str(imatrix)] if imatrix else []
    tool = str(TOOLS / "llama-quantize")
    return [tool, *weighted, str(source), str(output), recipe, str(threads)]
