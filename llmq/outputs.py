"""What an output is called, and where it can be written.

Never over a file of the model itself, whatever `force` says.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from llmq.errors import OutputError
from llmq.files.gguf import MAGIC
from llmq.files.parts import parts_of
from llmq.importance import Importance
from llmq.plan import Plan

NAME_BYTES = 200  # that are kept of a name; file systems take 255 for all of it
UNFIT = re.compile(r'[<>:"/\\|?*\s]+')  # what a file's name cannot hold everywhere, and spaces


def default_name(model: str, recipe: str) -> str:
    """The name of a model's file where none is given: one that every system and shell takes.

    >>> default_name("my-tutor", "Q4_K_M")
    'my-tutor-Q4_K_M.gguf'
    >>> default_name(" -my: tutor.", "Q4_K_M")
    'my-tutor-Q4_K_M.gguf'
    """
    plain = "".join(letter if letter.isprintable() else "-" for letter in model)
    fit = UNFIT.sub("-", plain).encode()[:NAME_BYTES].decode(errors="ignore").strip("-.")
    return f"{fit or 'model'}-{recipe}.gguf"


def output_path(given: str | None, name: str) -> Path:
    """Where the output goes: to `name` where nothing or a folder is given.

    A folder is one that exists, or a path that ends as only folders' do.
    """
    path = Path(given or ".")
    is_folder = path.is_dir() or (given or "").endswith(("/", os.sep))
    return path / name if is_folder else path


def check_output(plan: Plan, output: Path, *, force: bool, beside: int = 0) -> None:
    """Raise `OutputError` where `output` could not be written in the end.

    `beside` are the bytes of what lies next to it until then.
    """
    check_name(output, force=force)
    if output.exists() and _is_of_source(plan, output):
        raise OutputError(f"{output}: is a file of the model itself; name another")
    if output.exists() and plan.importance and _is_of_importance(plan.importance, output):
        raise OutputError(f"{output}: is the importance matrix; name another")
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"{folder}: there is no such folder; create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: the folder is not writable; choose another with -o")
    free = shutil.disk_usage(folder).free
    if free < plan.n_bytes + beside:
        more = f", {beside} of them while it is made," * bool(beside)
        raise OutputError(
            f"{output}: needs {plan.n_bytes + beside} bytes{more} and the disk has {free} free"
        )


def check_name(output: Path, *, force: bool) -> None:
    """Raise `OutputError` where `output` is no name that a file could take."""
    if output.is_dir() or not output.name:
        raise OutputError(f"{output}: is a folder; name a file")
    if output.is_symlink():  # renaming would replace the link, such as /dev/stdout
        raise OutputError(f"{output}: is a link to {output.resolve()}; name that file itself")
    if output.exists() and not output.is_file():  # renaming would put a file in a device's place
        raise OutputError(f"{output}: is not a file that could be replaced; name another")
    if output.exists() and not force:
        raise OutputError(f"{output}: exists already; --force overwrites it")


def _is_of_source(plan: Plan, output: Path) -> bool:
    """Whether `output`, which exists, belongs to the model that is converted.

    Of a folder that is everything in it, and what it links to, but for GGUF files that were written
    there before.
    """
    if any(output.samefile(file) for file in _files_read(plan)):
        return True
    folder = plan.source.path
    if not folder.is_dir():
        return False
    inside = output.resolve().is_relative_to(folder.resolve())
    linked = any(output.samefile(file) for file in folder.iterdir() if file.exists())
    return (inside or linked) and not _is_gguf(output)


def _is_of_importance(importance: Importance, output: Path) -> bool:
    """Whether `output`, which exists, is the file that holds the importance."""
    return any(output.samefile(file) for file in {rows.file for rows in importance.rows.values()})


def _files_read(plan: Plan) -> Iterator[Path]:
    """The files that hold the weights, and all parts of a split GGUF file."""
    weights = {tensor.source.weights.file for tensor in plan.tensors}
    whole = parts_of(plan.source.path)
    yield from (file for file in {*weights, *whole} if file and file.exists())


def _is_gguf(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC
