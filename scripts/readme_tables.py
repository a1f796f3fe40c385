"""Render the tables of both READMEs from the code's own tables; a test compares, --write renews."""

import argparse
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from llmq.architectures import ARCHITECTURES
from llmq.architectures.table import TensorRow
from llmq.recipes.decoders import KNOWN
from llmq.recipes.table import RECIPES
from llmq.verbs import VERBS, architectures
from llmq_kernels import FORMATS
from scripts.measuring import gate_tables
from scripts.measuring import tables as measured

SOURCES = (
    "F32, F16, BF16",
    "LoRA adapter",
    "4-bit codes on a GGUF grid",
    "FP8, GPTQ, AWQ and other low bits",
    "GGUF file",
)
ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
POPULAR = ROOT / "scripts" / "popular.toml"
EVAL_README = ROOT / "eval" / "README.md"
GATE = ROOT / "eval" / "gate.json"  # what scripts/measure-gate --json wrote
QUALITY = ROOT / "eval" / "quality.json"  # what scripts/measure-quality --json wrote


def tables() -> Mapping[str, str]:
    """Each table by the name in its markers."""
    return {
        "verbs": _table(("command", "what it does"), ((f"`llmq {v.name}`", v.help) for v in VERBS)),
        "recipes": _table(
            ("recipe", "bits of most weights", "what it is"),
            (
                (r.name, f"{FORMATS[r.base].bits_per_weight:.1f}", r.description)
                for r in RECIPES.values()
            ),
        ),
        "architectures": _table(architectures.HEAD, architectures.rows()),
        "sources": _table(("llama.cpp's name", *SOURCES), _sources()),
        "popular": _table(("model", "class in config.json", "llama.cpp's name"), _popular()),
        **_quality(),
        **({"gate": gate_tables.verdicts(_kept(GATE))} if GATE.exists() else {}),
    }


def eval_tables() -> Mapping[str, str]:
    """Those of eval/README.md that were measured."""
    return {"gate rows": gate_tables.every_row(_kept(GATE))} if GATE.exists() else {}


def _sources() -> Iterable[tuple[str, ...]]:
    """What becomes of each source of a family; tests/architectures/test_sources.py tries them."""
    for name in dict.fromkeys(each.name for each in ARCHITECTURES.values()):
        rows = [row for each in ARCHITECTURES.values() if each.name == name for row in each.tensors]
        experts = any("_exps" in row.target for row in rows)
        yield (
            name,
            "kept",
            "merged, but for experts" if experts else "merged",
            "kept" if all(_moves(row) for row in rows if len(row.shape) > 1) else "decoded",
            "decoded",
            "of 16 bits or more" if name in KNOWN else "with --pure",
        )


def _moves(row: TensorRow) -> bool:
    """Whether a matrix's rows are at most put into another order."""
    transform = row.transform_for(defaultdict(lambda: 2))
    return transform is None or transform.moves_rows


def popular() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The classes of small models in wide use, and why some are not taken."""
    found = tomllib.loads(POPULAR.read_text(encoding="utf-8"))
    return found["models"], found["why_not"]


def _popular() -> Iterable[tuple[str, ...]]:
    models, why_not = popular()
    for model, name in models.items():
        taken = ARCHITECTURES.get(name)
        yield model, name, taken.name if taken else f"not taken: {why_not[name]}"


def _quality() -> Mapping[str, str]:
    """What a user gets, once it has been measured."""
    if not QUALITY.exists():
        return {}
    return {"quality": "\n".join(measured.short(_kept(QUALITY)))}


def _kept(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def rendered(text: str, known: Mapping[str, str] | None = None) -> str:
    """`text` with every marked table as it should be; of README.md where nothing else is said."""
    for name, table in (tables() if known is None else known).items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise SystemExit(f"there must be one table marked {name}")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    same = True
    for path, known in ((README, tables()), (EVAL_README, eval_tables())):
        text = path.read_text(encoding="utf-8")
        wanted = rendered(text, known)
        same &= text == wanted
        if write:
            path.write_text(wanted, encoding="utf-8")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
