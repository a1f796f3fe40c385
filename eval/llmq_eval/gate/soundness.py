"""Whether the rows of a stranger's report or lock are known by what rows are known by.

A digest tells that nobody changed them, not that they were ever sound. Other fields have their
types (`typed.py`); numbers are looked at where they are used (`rows.py`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from llmq.errors import EvidenceError
from llmq_eval.gate.evidence import TABLES, Row
from llmq_eval.gate.rows import key_of

KEYS = {"id": str, "subject": str, "source": str, "mode": str, "seed": int}


def check_tables(tables: Mapping[str, Sequence[Row]], where: str) -> None:
    """Raise EvidenceError where a table is none of the gate's, or a row has another kind of key.

    A row that stands twice would count twice, and make bounds narrower than the evidence is.
    """
    for name, rows in tables.items():
        if name not in TABLES:
            raise EvidenceError(f"{where}: there is no table {name[:40]!r}")
        for row in rows:
            for key, kind in KEYS.items():
                value = row.get(key)
                if not isinstance(value, kind) and (value is not None or key == "id"):
                    raise EvidenceError(f"{where}: the {key} of a row of {name} is {value!r:.40}")
        twice = next((row for row, n in Counter(map(key_of, rows)).items() if n > 1), None)
        if twice:
            raise EvidenceError(f"{where}: the row {twice[0]!r:.40} of {name} stands twice")
