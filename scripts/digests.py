"""List the SHA-256 of all that conversions write, so that two versions of llmq can be compared.

    scripts/digests > before.txt

One line for each tensor and one for the metadata (but for llmq's own keys) of every recipe, with
either encoder, with and without importance, on the bundled tutor and on two random models. What a
change of the code must not change, `diff` shows.
"""

import argparse
import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llmq import open_gguf
from llmq.cli import main as llmq
from llmq.recipes.table import RECIPES
from llmq_kernels import Encoder
from llmq_peer.imatrix_files import random_importance, save_legacy
from llmq_peer.random_checkpoint import write_checkpoint

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = Path("out.gguf")


def main() -> int:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory(prefix="llmq-digests-") as folder:
        os.chdir(folder)  # so that no path stands in the metadata
        Path("tutor").symlink_to(ROOT / "eval" / "tutor")
        write_checkpoint(Path("narrow"), size="0.5M", shards=2)
        write_checkpoint(Path("wide"), size="7M", shards=2)
        for model in ("tutor", "narrow", "wide"):
            for line in digests(model):
                print(line, flush=True)
        os.chdir(ROOT)
    return 0


def digests(model: str) -> Iterator[str]:
    """The lines of one model."""
    convert(model, "F32")
    shapes = {tensor.name: tensor.shape for tensor in open_gguf(OUTPUT).tensors}
    save_legacy(Path("importance.dat"), random_importance(shapes), dataset="text")
    for recipe in RECIPES:
        for encoder in Encoder:
            for options in ((), ("--imatrix", "importance.dat")):
                convert(model, recipe, "--encoder", encoder.value, *options)
                head = f"{model} {recipe} {encoder}{' importance' * bool(options)}"
                yield from (f"{head} {line}" for line in of_file(OUTPUT))


def convert(model: str, recipe: str, *options: str) -> None:
    """Make OUTPUT, in silence."""
    command = ["convert", model, "--recipe", recipe, "-o", str(OUTPUT), *options]
    with contextlib.redirect_stderr(None):
        code = llmq([*command, "--force", "--no-load-check"])
    assert code == 0, (model, recipe, options)


def of_file(path: Path) -> Iterator[str]:
    """The name and the digest of the metadata and of each tensor."""
    file, data = open_gguf(path), path.read_bytes()
    digest = hashlib.sha256()
    for key, value in file.metadata.items():
        if not key.startswith("llmq."):
            plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            digest.update(repr((key, type(value).__name__, plain)).encode())
    yield f"metadata {digest.hexdigest()}"
    for tensor in file.tensors:
        held = data[tensor.offset : tensor.offset + tensor.n_bytes]
        yield f"{tensor.name} {tensor.type_name} {hashlib.sha256(held).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main())
