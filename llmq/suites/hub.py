"""Suites from Hugging Face `datasets`, by name: `hf:org/name/config:split@revision`.

Config, split and revision may be left out; then it is the only config, the split called test (or
validation, or the only one), the newest revision. The name of a folder that is here means that
folder. The library is an extra, imported here alone; it fetches, and keeps what it fetched. A
dataset's rows share their columns, so that a value of None stands for a key that is not there.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from llmq.errors import SuiteError, one_line
from llmq.suites.columns import NO_COLUMNS, Columns
from llmq.suites.fields import brief
from llmq.suites.items import Suite
from llmq.suites.reading import DATASET, suite_of
from llmq.suites.records import Located

PREFERRED = ("test", "validation")
MOST_ROWS = 100_000
SPEC = re.compile(
    rf"{DATASET}(?P<path>[^:@]+)(?::(?P<split>[\w.\-]+(?:\[[\d:%]+\])?))?(?:@(?P<revision>[\w.\-/]+))?"
)


@dataclass(frozen=True)
class DatasetName:
    """Which rows are meant; what is empty was left out."""

    path: str
    config: str = ""
    split: str = ""
    revision: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name that a person wrote.

        >>> DatasetName.parse("hf:cais/mmlu/all:test[:100]@main")
        DatasetName(path='cais/mmlu', config='all', split='test[:100]', revision='main')
        """
        match = SPEC.fullmatch(text)
        if match is None:
            raise SuiteError(
                f"{brief(text)} is no dataset; write such as hf:org/name/config:split@revision"
            )
        path, config = match["path"], ""
        if path.count("/") == 2 and not Path(path).exists():
            path, _, config = path.rpartition("/")
        return cls(path, config, match["split"] or "", match["revision"] or "")


def read_dataset(name: str, *, columns: Columns = NO_COLUMNS) -> Suite:
    """The suite of a dataset's rows. Raises SuiteError where there is none, or no `datasets`."""
    wanted = DatasetName.parse(name)
    rows = _rows(name, wanted)
    if len(rows) > MOST_ROWS:
        raise SuiteError(f"{name} has {len(rows)} rows; take a part, such as {name}[:{MOST_ROWS}]")
    n_bytes = sum(len(json.dumps(dict(row), default=str)) for row in rows)
    return suite_of(name, _records(name, wanted, rows), columns=columns, n_bytes=n_bytes)


def _rows(name: str, wanted: DatasetName) -> Any:
    datasets = _library(name)
    datasets.disable_progress_bars()
    where = {"name": wanted.config or None, "revision": wanted.revision or None}
    try:
        split = wanted.split or _split(
            name,
            datasets.get_dataset_split_names(
                wanted.path, wanted.config or None, revision=wanted.revision or None
            ),
        )
        return datasets.load_dataset(wanted.path, split=split, **where)
    except SuiteError:
        raise
    except Exception as error:  # of whatever libraries it uses: the first cause says most
        cause: BaseException = error
        while cause.__cause__:
            cause = cause.__cause__
        raise SuiteError(
            f"cannot read {name}: {one_line(str(cause)) or type(cause).__name__}"
        ) from None


def _library(name: str) -> Any:
    try:
        import datasets
    except ImportError:
        raise SuiteError(
            f'{name} is read with the package datasets, which is not installed; type: {sys.executable} -m pip install "datasets>=5"'
        ) from None
    return datasets


def _split(name: str, splits: list[str]) -> str:
    """The split that is meant where none is named."""
    found = [split for split in PREFERRED if split in splits] or splits
    if len(splits) > 1 and found == splits:
        raise SuiteError(
            f"{name} has the splits {', '.join(splits)}; name one, as {name}:{splits[0]}"
        )
    return found[0]


def _records(name: str, wanted: DatasetName, rows: Any) -> Iterator[Located]:
    labels = {"source": wanted.path, "license": rows.info.license or ""}
    for number, row in enumerate(rows, start=1):
        record = _without_none(dict(row))
        record["id"] = str(record.get("id", number))
        yield f"{name}, row {number}", labels | record


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value
