"""What an output is called, and where it can be written.

Never over a file of the model itself, whatever `force` says.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from llmq.errors import OutputError
from llmq.files.gguf import MAGIC
from llmq.files.parts import parts_of
from llmq.plan import Plan
from llmq.sources.source import Source

LONGEST_NAME = 255  # bytes that file systems take for a name
NAME_BYTES = 200  # that are kept of a model's name
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


def hidden_beside(file: Path, ending: str) -> Path:
    """A hidden name for what lies beside `file` for a while, which file systems take as well.

    >>> hidden_beside(Path("files/my-tutor-Q4_0.gguf"), ".refine").name
    '.my-tutor-Q4_0.gguf.refine'
    >>> len(hidden_beside(Path("a" * 250), ".refine").name)
    255
    """
    name = os.fsencode(file.name)
    room = LONGEST_NAME - len("." + ending)
    if len(name) > room:
        mark = f"-{sha256(name).hexdigest()[:8]}"  # of names that begin alike, too
        name = name[: room - len(mark)].decode(errors="ignore").encode() + mark.encode()
    return file.with_name(f".{os.fsdecode(name)}{ending}")


def output_path(given: str | None, name: str) -> Path:
    """Where the output goes: to `name` where nothing or a folder is given.

    A folder is one that exists, or a path that ends as only folders' do.
    """
    path = Path(given or ".")
    is_folder = path.is_dir() or (given or "").endswith(("/", os.sep))
    return path / name if is_folder else path


def check_output(
    plan: Plan, output: Path, *, force: bool, beside: int = 0, calibration: Path | None = None
) -> None:
    """Raise `OutputError` where `output` could not be written in the end.

    `beside` are bytes that lie next to it until then, `calibration` is the text that it is made by.
    """
    others = {calibration: "the calibration"} if calibration else {}
    matrix = plan.importance.rows.values() if plan.importance else ()
    others |= {rows.file: "the importance matrix" for rows in matrix}
    n_bytes = plan.n_bytes + beside
    check_place(plan.source, output, n_bytes=n_bytes, others=others, force=force)


def check_place(
    source: Source, output: Path, *, n_bytes: int, others: Mapping[Path, str], force: bool
) -> None:
    """Raise `OutputError` where nothing of `n_bytes` that is made of `source` fits at `output`.

    `others` are further files that it is made of, and what each is called.
    """
    check_name(output, force=force)
    if output.exists() and _is_of_source(source, output):
        raise OutputError(f"{output}: is a file of the model itself; name another")
    for other, name in others.items():
        if output.exists() and output.samefile(other):
            raise OutputError(f"{output}: is {name}; name another")
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"{folder}: there is no such folder; create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: the folder is not writable; choose another with -o")
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise OutputError(f"{output}: needs {n_bytes} bytes and the disk has {free} free")


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


def _is_of_source(source: Source, output: Path) -> bool:
    """Whether `output`, which exists, belongs to the model that is converted.

    Of a folder that is everything in it, and what it links to, but for GGUF files that were written
    there before.
    """
    if any(output.samefile(file) for file in _files_read(source)):
        return True
    folder = source.path
    if not folder.is_dir():
        return False
    inside = output.resolve().is_relative_to(folder.resolve())
    linked = any(output.samefile(file) for file in folder.iterdir() if file.exists())
    return (inside or linked) and not _is_gguf(output)


def _files_read(source: Source) -> Iterator[Path]:
    """The files that hold the weights, and all parts of a split GGUF file."""
    weights = {tensor.weights.file for tensor in source.tensors}
    whole = parts_of(source.path)
    yield from (file for file in {*weights, *whole} if file and file.exists())


def _is_gguf(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC
