"""The table in kernels/README.md is the table FORMATS."""

from pathlib import Path
from typing import Any

import numpy as np

from llmq_kernels import FORMATS

HEAD = """\
| format | type | weights in a block | bytes | bits per weight | fields | largest weight | worst error |
|---|---|---|---|---|---|---|---|
"""


def test_the_readme_shows_the_formats_as_they_are(repository: Path) -> None:
    text = (repository / "kernels" / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- formats: begin")
    shown = rest.partition("-->\n")[2].partition("<!-- formats: end -->")[0]
    assert before
    assert shown == rendered()


def rendered() -> str:
    rows = []
    for fmt in FORMATS.values():
        names = fmt.layout.names or ()
        kinds = ", ".join(f"`{name}` {_kind(fmt.layout[name])}" for name in names)
        rows.append(
            f"| {fmt.name} | {fmt.ggml_type} | {fmt.block} | {fmt.block_bytes} "
            f"| {fmt.bits_per_weight:g} | {kinds} | {fmt.largest:.3g} | {fmt.worst_error:.2%} |\n"
        )
    return HEAD + "".join(rows)


def _kind(field: np.dtype[Any]) -> str:
    items = field.itemsize // field.base.itemsize
    return f"{items} x {field.base.name}" if items > 1 else field.base.name
