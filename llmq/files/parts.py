"""The files of a GGUF model that is split: NAME-00001-of-00003.gguf and so on."""

import re
from pathlib import Path

PART = re.compile(r"(?P<name>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")


def parts_of(file: Path) -> list[Path]:
    """All files of the model of which `file`, by its name, is a part or the whole.

    >>> [path.name for path in parts_of(Path("m-00001-of-00002.gguf"))]
    ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf']
    """
    match = PART.fullmatch(file.name)
    if match is None:
        return [file]
    count = int(match["count"])
    names = (f"{match['name']}-{n:05}-of-{count:05}.gguf" for n in range(1, count + 1))
    return [file.with_name(name) for name in names]
