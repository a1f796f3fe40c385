"""The files to compare: llama-quantize's and ours, of the same checkpoint and calibration.

KINDS says how each is made. All of a recipe hold the same formats or smaller ones: the bytes of
their tensors are compared, and ours may not be the larger.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import llmq
import llmq_kernels
from llmq.errors import LlmqError
from llmq.files.gguf import open_gguf
from llmq.files.imatrix import read_importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_peer.llama_quantize import quantize
from scripts.measuring.jobs import Subject
from scripts.measuring.keeping import digest, digest_of_files, write_json
from scripts.peer.commands import QUANTIZED

PEER = "imatrix"  # the kind that ours are compared with


@dataclass(frozen=True)
class Kind:
    """A way of making a file: llama-quantize's, or `llmq convert` with some `options`.

    Of the options, CALIBRATION stands for the calibration's path.
    """

    title: str
    calibrated: bool
    options: tuple[str, ...] | None = None


CALIBRATION = "CALIBRATION"
KINDS = {
    "plain": Kind("llama-quantize", calibrated=False),
    PEER: Kind("llama-quantize, imatrix", calibrated=True),
    "fast": Kind("llmq fast", calibrated=False, options=("--quiet",)),
    "good": Kind("llmq good", calibrated=True, options=("--quiet", "--imatrix", CALIBRATION)),
    "best": Kind(
        "llmq best",
        calibrated=True,
        options=("--quality", "best", "--calibration", CALIBRATION),
    ),
}


@dataclass(frozen=True)
class Made:
    """A finished file; `seconds` that it took, None where it was brought along."""

    recipe: str
    kind: str
    path: Path
    seconds: float | None
    decoded: bool = False

    @property
    def title(self) -> str:
        """What it is called in tables."""
        decoded = ", decoded to F32" if self.decoded else ""
        return f"{self.recipe}, {KINDS[self.kind].title}{decoded}"

    @cached_property
    def tensor_bytes(self) -> int:
        """The bytes of its tensors, without the header."""
        return sum(tensor.n_bytes for tensor in open_gguf(self.path).tensors)

    @cached_property
    def subject(self) -> Subject:
        """As jobs know it."""
        return Subject(self.path, digest_of_files([self.path]))


@dataclass(frozen=True)
class Workshop:
    """Where files are made, from what, and where refined ones may lie already."""

    checkpoint: Path
    calibration: Path | None
    work: Path
    refined: Path | None = None

    @cached_property
    def base(self) -> Path:
        """The checkpoint in F32."""
        return self._kept("base", self._make_base)[0]

    def make(self, recipe: str, kind: str) -> Made:
        """The file of a recipe and a kind; what was made of the same before is taken."""
        brought = self._brought(recipe, kind)
        if brought:
            return Made(recipe, kind, brought, None)
        calibration = self.calibration_digest if KINDS[kind].calibrated else None
        options = KINDS[kind].options
        make = self._peer if options is None else self._ours
        path, seconds = self._kept(
            f"{recipe}-{kind}", lambda output: make(output, recipe, kind), calibration, options
        )
        return Made(recipe, kind, path, seconds)

    def decoded(self, made: Made) -> Made:
        """The same weights in F32, decoded by our kernels."""
        path, _ = self._kept(
            f"{made.recipe}-{made.kind}-F32",
            lambda output: _written(made.path, output),
            made.subject.identity,
        )
        return Made(made.recipe, made.kind, path, None, decoded=True)

    def _brought(self, recipe: str, kind: str) -> Path | None:
        if kind != "best" or self.refined is None:
            return None
        path = self.refined / f"{open_source(self.checkpoint).name}-{recipe}.gguf"
        return path if path.exists() else None

    def _kept(
        self, name: str, make: Callable[[Path], None], *made_from: object
    ) -> tuple[Path, float]:
        """The file of that name, made where the same has not been made before, and the seconds."""
        key = digest(self._source, _code(), *made_from)
        output = self.work / "files" / f"{name}-{key}.gguf"
        note = output.with_suffix(".json")
        if not (output.exists() and note.exists()):
            output.parent.mkdir(parents=True, exist_ok=True)
            for old in output.parent.glob(f"{name}-{'?' * len(key)}.*"):
                old.unlink()
            print(f"making {name}", file=sys.stderr, flush=True)
            start = time.monotonic()
            make(output)
            write_json(note, {"seconds": time.monotonic() - start})
        return output, json.loads(note.read_text(encoding="utf-8"))["seconds"]

    @cached_property
    def _source(self) -> str:
        path = self.checkpoint
        return digest_of_files(path.iterdir() if path.is_dir() else [path])

    @cached_property
    def calibration_digest(self) -> str | None:
        """The hash of the calibration's file."""
        return digest_of_files([self.calibration]) if self.calibration else None

    def _make_base(self, output: Path) -> None:
        _written(self.checkpoint, output)

    def _peer(self, output: Path, recipe: str, kind: str) -> None:
        rows = {}
        if KINDS[kind].calibrated and self.calibration:
            matrices = read_importance(self.calibration, exact=True).rows
            rows = {name: matrix.read() for name, matrix in matrices.items()}
        quantize(self.base, output, QUANTIZED[recipe], rows)

    def _ours(self, output: Path, recipe: str, kind: str) -> None:
        options = KINDS[kind].options or ()
        given = [str(self.calibration) if each == CALIBRATION else each for each in options]
        command = [sys.executable, "-m", "llmq.cli", "convert", str(self.checkpoint)]
        command += ["-o", str(output), "--recipe", recipe, "--force", *given]
        if code := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            raise LlmqError(f"llmq {' '.join(command[3:])} ended with {code}; see above")


def _written(source: Path, output: Path) -> None:
    """A checkpoint, or a quantized file, in F32."""
    plan = make_plan(open_source(source, allow_requantize=True), recipe="F32")
    execute(plan, output, force=True, load_check=False)


@cache
def _code() -> str:
    """Of the code that makes files: of other code, other files may come."""
    roots = [Path(package.__path__[0]) for package in (llmq, llmq_kernels)]
    return digest_of_files(path for root in roots for path in root.rglob("*.py"))


def check_sizes(files: Sequence[Made]) -> None:
    """Raise where a file of ours has more bytes in its tensors than llama-quantize's."""
    peers = {made.recipe: made for made in files if made.kind == PEER}
    for made in files:
        peer = peers.get(made.recipe)
        if peer and made.tensor_bytes > peer.tensor_bytes:
            raise LlmqError(
                f"{made.title}: {made.tensor_bytes:,} bytes of tensors are more than the "
                f"{peer.tensor_bytes:,} of {peer.title}; compare files of the same size"
            )


def check_tokenizers(base: Path, files: Sequence[Made]) -> None:
    """Raise where a file would read text as other tokens than the base does."""
    wanted = _tokenizer(base)
    for made in files:
        if _tokenizer(made.path) != wanted:
            raise LlmqError(f"{made.path}: its tokenizer is not that of {base}; make it anew")


def _tokenizer(path: Path) -> str:
    metadata = open_gguf(path).metadata
    return digest(sorted((key, str(metadata[key])) for key in metadata if "tokenizer" in key))
