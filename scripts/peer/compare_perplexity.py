"""Set `llmq drift --text` beside llama.cpp's own llama-perplexity, on the same files and text.

    scripts/compare-perplexity FOLDER TEXT [--recipes F16 Q8_0 Q4_K_M] [--bytes 20000] [--ctx 512]

The base is the folder as F32; the files are llmq's. "alike" is llama-perplexity with its context as
drift opens one: no flash attention, keys and values in F32, weights as they lie in the file,
batches of the same size. "as it comes" is what it does by itself. The last columns compute the
divergence from llmq's logits in llama-perplexity's way (`stored_base.py`), which shows what of a
difference its stored base makes. Exits with 1 where the two, alike, differ by more than 1e-4 in
perplexity or 1 % in KL divergence.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from llmq.errors import LlmqError
from llmq.planning import make_plan
from llmq.processors import cores
from llmq.quantize import execute
from llmq.runtime.decoder import BATCH_TOKENS
from llmq.sources.opening import open_source
from llmq_eval.drift import Failure, measure_drifts
from llmq_eval.measuring import opened
from llmq_eval.text import TEXT_CONTEXT, chunks, read_text, text_material
from scripts.peer.commands import TOOLS
from scripts.peer.stored_base import kl_from_stored

BATCH = ("-b", str(BATCH_TOKENS), "-ub", str(BATCH_TOKENS))
SETTINGS: dict[str, tuple[str, ...]] = {
    "alike": ("-fa", "off", "-ctk", "f32", "-ctv", "f32", "--no-repack", *BATCH),
    "as it comes": (),
}
PERPLEXITY_BOUND, KL_BOUND = 1e-4, 0.01  # relative, alike
SAID = {  # what llama-perplexity prints, and how
    "base": r"Final estimate: PPL = +([\d.]+)",
    "perplexity": r"Mean PPL\(Q\) +: +([\d.]+)",
    "kl": r"Mean +KLD: +(-?[\d.]+)",
}
QUANT_SAYS = ("perplexity", "kl")
TRIES = 20  # its process may end before its log's thread has written the last lines
LEAST_KL = 1e-4  # nats: below, the six digits that llama-perplexity prints are too few for 1 %


@dataclass(frozen=True)
class Figures:
    """What one of the two says of one file; the divergence is None for the base itself."""

    perplexity: float
    kl_nats: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a checkpoint")
    parser.add_argument("text", type=Path, help="UTF-8 text, of which the beginning is taken")
    parser.add_argument("--recipes", nargs="+", default=["F16", "Q8_0", "Q4_K_M"], metavar="NAME")
    parser.add_argument("--bytes", type=int, default=20_000, help="how much of the text")
    parser.add_argument("--ctx", type=int, default=TEXT_CONTEXT, help="tokens of a chunk")
    parser.add_argument("--threads", type=int, default=cores())
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            return compare(arguments, Path(scratch))
    except LlmqError as error:
        parser.exit(1, f"{error}\n")


def compare(arguments: argparse.Namespace, scratch: Path) -> int:
    """Print the table; 1 where a bound is broken."""
    text = scratch / arguments.text.name
    text.write_bytes(beginning(arguments.text.read_bytes(), arguments.bytes))
    source = open_source(arguments.folder)
    files = {
        recipe: execute(make_plan(source, recipe=recipe), scratch / f"{recipe}.gguf")
        for recipe in ("F32", *arguments.recipes)
    }
    run = Run(files, text, arguments.ctx, arguments.threads)
    ours, stored = run.llmq(), run.stored()
    table = Table("context", "file", "perplexity", "llmq", "apart", "KL, nats", "llmq", "apart")
    table.add_column("llmq, as stored")
    table.add_column("apart")
    broken = 0
    for name, options in SETTINGS.items():
        for recipe, theirs in run.peer(options):
            mine, kl_stored = ours[recipe], stored.get(recipe)
            gaps = apart(theirs.perplexity, mine.perplexity), apart(theirs.kl_nats, mine.kl_nats)
            table.add_row(
                *(name, recipe, f"{theirs.perplexity:.6g}", f"{mine.perplexity:.6g}"),
                *(shown(gaps[0]), nats(theirs.kl_nats), nats(mine.kl_nats), shown(gaps[1])),
                *(nats(kl_stored), shown(apart(theirs.kl_nats, kl_stored))),
            )
            small = mine.kl_nats is None or mine.kl_nats < LEAST_KL
            if name == "alike":
                broken += abs(gaps[0] or 0) > PERPLEXITY_BOUND
                broken += not small and abs(gaps[1] or 0) > KL_BOUND
    print(f"{source.name}, {len(text.read_bytes())} bytes of {text.name}, chunks of {run.n_ctx}")
    Console(width=120).print(table)
    print(f"{broken} beyond {PERPLEXITY_BOUND:g} in perplexity or {KL_BOUND:g} in KL, alike")
    return 1 if broken else 0


@dataclass(frozen=True)
class Run:
    """The files by recipe, the base F32 among them, and how they are measured."""

    files: dict[str, Path]
    text: Path
    n_ctx: int
    threads: int

    @property
    def quants(self) -> list[str]:
        """All but the base."""
        return [recipe for recipe in self.files if recipe != "F32"]

    def llmq(self) -> dict[str, Figures]:
        """What drift says of every file."""
        base, *quants = self.files
        material = text_material(read_text(self.text), self.n_ctx)
        paths = list(self.files.values())
        with opened(paths, n_ctx=self.n_ctx, threads=self.threads) as models:
            results = measure_drifts(models, material)
        found = {}
        for recipe, result in zip(quants, results, strict=True):
            if isinstance(result, Failure):
                raise result.error
            found[base] = Figures(result.base_perplexity.value)
            found[recipe] = Figures(result.quant_perplexity.value, result.mean_kl_nats.value)
        return found

    def stored(self) -> dict[str, float]:
        """The divergence of each file, from llmq's logits but in llama-perplexity's way."""
        sums: dict[str, list[float]] = {recipe: [] for recipe in self.quants}
        paths = list(self.files.values())
        with opened(paths, n_ctx=self.n_ctx, threads=self.threads) as (base, *quants):
            for passage in chunks(base, read_text(self.text), self.n_ctx):
                positions = [index - 1 for index in passage.scored]
                rows = [model.score(passage.tokens[:-1], positions) for model in (base, *quants)]
                for logits, *others in zip(*rows, strict=True):
                    for recipe, other in zip(self.quants, others, strict=True):
                        sums[recipe] += kl_from_stored(logits, other).tolist()
        return {recipe: fmean(values) for recipe, values in sums.items()}

    def peer(self, options: tuple[str, ...]) -> Iterator[tuple[str, Figures]]:
        """What llama-perplexity says of every file."""
        with tempfile.TemporaryDirectory() as scratch:
            keep = (*options, "--kl-divergence-base", str(Path(scratch) / "base.dat"))
            (perplexity,) = self._tool("F32", keep, "base")
            yield "F32", Figures(perplexity)
            for recipe in self.quants:
                yield recipe, Figures(*self._tool(recipe, (*keep, "--kl-divergence"), *QUANT_SAYS))

    def _tool(self, recipe: str, options: tuple[str, ...], *names: str) -> list[float]:
        """The figures of these names in SAID that llama-perplexity prints."""
        command = [str(TOOLS / "llama-perplexity"), "-m", str(self.files[recipe])]
        command += ["-f", str(self.text), "-c", str(self.n_ctx), "-t", str(self.threads), *options]
        for _ in range(TRIES):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            said = done.stdout + done.stderr
            found = [re.search(SAID[name], said) for name in names]
            if done.returncode:
                break
            if all(found):
                return [float(match[1]) for match in found if match]
        raise SystemExit(f"llama-perplexity said no {' and '.join(names)}:\n{said[-2000:]}")


def beginning(data: bytes, size: int) -> bytes:
    """The first lines of a text, `size` bytes at most."""
    return data if len(data) <= size else data[: data.rindex(b"\n", 0, size) + 1]


def apart(theirs: float | None, mine: float | None) -> float | None:
    """The relative difference."""
    return None if theirs is None or mine is None else theirs / mine - 1


def shown(gap: float | None) -> str:
    return "" if gap is None else f"{gap:+.1e}"


def nats(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


if __name__ == "__main__":
    sys.exit(main())
