"""Whether the rows of a stranger's report or lock are known by what rows are known by.

A digest tells that nobody changed them, not that they were ever sound. Other fields have their
types (`typed.py`); numbers are looked at where they are used (`rows.py`).
"""

from collections.abc import Mapping, Sequence

from llmq.errors import EvidenceError
from llmq_eval.gate.evidence import TABLES, Row

KEYS = {"id": str, "subject": str, "source": str, "mode": str, "seed": int}


def check_tables(tables: Mapping[str, Sequence[Row]], where: str) -> None:
    """Raise EvidenceError where a table is none of the gate's, or a row has another kind of key."""
    for name, rows in tables.items():
        if name not in TABLES:
            raise EvidenceError(f"{where}: there is no table {name[:40]!r}")
        for row in rows:
            for key, kind in KEYS.items():
                value = row.get(key)
                if not isinstance(value, kind) and (value is not None or key == "id"):
                    raise EvidenceError(f"{where}: the {key} of a row of {name} is {value!r:.40}")
