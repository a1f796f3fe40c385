"""Spans of bytes: read whole, or one clear error."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.errors import LlmqError


def read_span(
    file: Path, position: int, n_bytes: int, *, of: str, error: type[LlmqError]
) -> NDArray[np.uint8]:
    """Read `n_bytes` of `file` from `position`; `of` is the tensor that an `error` names."""
    data = np.empty(n_bytes, np.uint8)
    view, done = memoryview(data.data), 0
    try:
        with file.open("rb", buffering=0) as stream:
            stream.seek(position)
            while done < n_bytes:
                count = stream.readinto(view[done:])
                if not count:
                    raise error(f"{file}: {n_bytes - done} bytes of {of!r} are gone")
                done += count
    except OSError as reason:
        raise error(f"{file}: cannot be read ({reason.strerror})") from None
    return data
