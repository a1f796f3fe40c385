"""The records of a file: JSONL, a JSON array, or a table with a heading, each with its place."""

import csv
import io
from collections.abc import Callable, Iterator
from importlib.abc import Traversable
from pathlib import Path

from llmq.errors import SuiteError
from llmq.files.json import parse_json, parse_json_object
from llmq.files.plain import check_plain
from llmq.suites.fields import Record

MOST_BYTES = 1 << 28  # of a file
MOST_LINE = 1 << 22  # characters of a line; the longest dialogues have some ten thousand

Located = tuple[str, Record]  # the number of a line or a record, and the record


def read_text(path: Path | Traversable) -> str:
    """The text of a file that is one, and not too large."""
    try:
        if isinstance(path, Path):
            check_plain(path, SuiteError)
            if (size := path.stat().st_size) > MOST_BYTES:
                raise SuiteError(
                    f"{path}: a suite has at most {MOST_BYTES} bytes, not {size}; take a part of it"
                )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"cannot read the suite {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path} is not UTF-8 text: byte {error.start} does not fit") from error


def records_of(text: str, name: str) -> Iterator[Located]:
    """Each record of the file `name`, with its place in words."""
    suffix = Path(name).suffix.lower()
    yield from READERS.get(suffix, _lines)(text.removeprefix("\ufeff"), name)


def _lines(text: str, name: str) -> Iterator[Located]:
    # Only a newline ends a line: str.splitlines would also cut at U+2028 inside a string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{name}, line {number}"
            if len(line) > MOST_LINE:
                raise SuiteError(
                    f"{where}: {len(line)} characters are more than the {MOST_LINE} of a line; cut it"
                )
            record = parse_json_object(line.encode("utf-8"), Path(where), SuiteError)
            yield where, {"id": str(number), **record}


def _array(text: str, name: str) -> Iterator[Located]:
    records = parse_json(text.encode("utf-8"), Path(name), SuiteError)
    if not isinstance(records, list):
        raise SuiteError(
            f"{name}: a JSON array of objects is expected; call a file of lines .jsonl"
        )
    for number, record in enumerate(records, start=1):
        where = f"{name}, item {number}"
        if not isinstance(record, dict):
            raise SuiteError(f"{where}: an object is expected, not {type(record).__name__}")
        yield where, {"id": str(number), **record}


def _table(text: str, name: str, *, delimiter: str) -> Iterator[Located]:
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, row in enumerate(rows, start=1):
            where = f"{name}, row {number}"
            if None in row or None in row.values():
                n = len(rows.fieldnames or ())
                raise SuiteError(f"{where}: its cells are not the {n} of the heading")
            yield where, {"id": str(number), **row}
    except csv.Error as error:
        raise SuiteError(f"{name}, row {number + 1}: {error}") from None


def _commas(text: str, name: str) -> Iterator[Located]:
    return _table(text, name, delimiter=",")


def _tabs(text: str, name: str) -> Iterator[Located]:
    return _table(text, name, delimiter="\t")


READERS: dict[str, Callable[[str, str], Iterator[Located]]] = {
    ".jsonl": _lines, ".json": _array, ".csv": _commas, ".tsv": _tabs,
}  # fmt: skip
