"""The small tutor that comes with llmq, so that a chat needs no download.

A wheel holds its file beside this one (`scripts/bundle_tutor.py` has it built in). A checkout has
the folder that it is made of, and makes the file when it is first asked for.
"""

from pathlib import Path

from llmq.defaults import RECIPE

NAME = f"llmq-tutor.{RECIPE}.gguf"
HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
SOURCE = CHECKOUT / "eval" / "tutor"


def path() -> Path | None:
    """The bundled tutor's file; None where llmq came without it. Raises a child of LlmqError."""
    bundled = HERE / NAME
    if bundled.exists():
        return bundled
    return _made(CHECKOUT / "build" / "bundled" / NAME) if SOURCE.is_dir() else None


def _made(file: Path) -> Path:
    """The file as `llmq convert` makes it, made again where the folder is newer."""
    newest = max(each.stat().st_mtime for each in SOURCE.iterdir())
    if file.exists() and file.stat().st_mtime >= newest:
        return file
    from llmq.conversion import convert

    file.parent.mkdir(parents=True, exist_ok=True)
    return convert(SOURCE, file, force=True)
