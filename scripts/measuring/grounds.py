"""What files are measured on: documents of suites and texts, spread evenly, as drift reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmq.suites import read_suite
from llmq_eval.material import Document, Material, suite_material
from llmq_eval.measuring import common_context, opened, read_alike
from llmq_eval.text import read_text, text_material

PART_TOKENS = 6000  # tokens that are read between two times that something is kept


@dataclass(frozen=True)
class Ground:
    """The documents of one suite or text that are measured on, as tokens."""

    name: str
    sha256: str
    unit: str
    n_ctx: int
    documents: tuple[Document, ...]

    @property
    def n_scored(self) -> int:
        """Tokens that are scored."""
        return sum(document.n_scored for document in self.documents)

    def parts(self) -> list[tuple[Document, ...]]:
        """The documents, some at a time."""
        parts: list[list[Document]] = []
        n_read = PART_TOKENS
        for document in self.documents:
            if n_read >= PART_TOKENS:
                parts.append([])
                n_read = 0
            parts[-1].append(document)
            n_read += sum(max(passage.scored, default=0) for passage in document.passages)
        return [tuple(part) for part in parts]


def grounds(
    base: Path, suites: Iterable[Path], texts: Iterable[Path], *, ctx: int, tokens: int
) -> list[Ground]:
    """Of each suite and text as many documents as hold `tokens` scored tokens, or all of them."""
    materials = [suite_material(read_suite(path)) for path in suites]
    materials += [text_material(read_text(path), ctx) for path in texts]
    return [_ground(base, material, tokens) for material in materials]


def _ground(base: Path, material: Material, tokens: int) -> Ground:
    with opened([base], n_ctx=material.n_ctx, threads=1) as models:
        documents = spread_to(read_alike(models, material), tokens)
        n_ctx = common_context(models, material)
    return Ground(material.name, material.sha256, material.unit, n_ctx, documents)


def spread_to(documents: Sequence[Document], tokens: int) -> tuple[Document, ...]:
    """The fewest documents, evenly spread over all, that have so many scored tokens."""
    n_all = len(documents)
    for n in range(1, n_all):
        chosen = tuple(documents[i * n_all // n] for i in range(n))
        if sum(document.n_scored for document in chosen) >= tokens:
            return chosen
    return tuple(documents)
