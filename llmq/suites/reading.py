"""From records to a suite."""

from collections.abc import Iterable, Iterator
from importlib.abc import Traversable
from pathlib import Path

from llmq.errors import SuiteError
from llmq.suites.columns import NO_COLUMNS, Columns
from llmq.suites.fields import brief, label
from llmq.suites.forms import read_item
from llmq.suites.items import Choice, Dialogue, Item, Problem, Suite, digest
from llmq.suites.records import READERS, Located, read_text, records_of

DATASET = "hf:"  # what a suite's name begins with that is read by `llmq.suites.hub`


def is_dataset(name: str) -> bool:
    """Whether a suite's name means a dataset of the hub, or one in its form."""
    return name.startswith(DATASET)


def read_suite(path: Path | Traversable, *, columns: Columns = NO_COLUMNS) -> Suite:
    """Read a file of dialogues, choices and problems; `columns` says what its keys mean.

    Raises SuiteError with the file and the line number for anything that is not as it should be.
    """
    text = read_text(path)
    name = path.name
    suffix = Path(name).suffix
    called = name.removesuffix(suffix) if suffix.lower() in READERS else name
    n_bytes = len(text.encode("utf-8"))
    return suite_of(called, records_of(text, name), columns=columns, n_bytes=n_bytes, where=name)


def suite_of(
    name: str,
    records: Iterable[Located],
    *,
    columns: Columns = NO_COLUMNS,
    n_bytes: int,
    where: str = "",
) -> Suite:
    """The suite of these records, each with the place that an error names; `where` is theirs."""
    licenses: set[str] = set()
    items = list(_items(records, columns, licenses))
    if not items:
        raise SuiteError(
            f"{where or name} holds no dialogue, choice or problem; one JSON object a line is expected"
        )
    dialogues = tuple(item for item in items if isinstance(item, Dialogue))
    choices = tuple(item for item in items if isinstance(item, Choice))
    problems = tuple(item for item in items if isinstance(item, Problem))
    parts = (dialogues, choices, problems)
    sha256 = digest((*dialogues, *choices, *problems))
    return Suite(name, sha256, *parts, ", ".join(sorted(licenses)), n_bytes)


def _items(records: Iterable[Located], columns: Columns, licenses: set[str]) -> Iterator[Item]:
    places: dict[str, str] = {}
    for where, found in records:
        record = columns.applied(found, where)
        item = read_item(record, where)
        first = places.setdefault(item.id, where)
        if first != where:
            place = first.rpartition(", ")[2]
            raise SuiteError(f"{where}: the id {brief(item.id)} is taken by {place}")
        licenses |= {label(record, "license", where)} - {""}
        yield item
