"""What two GGUF files differ in, in a line each."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from llmq.files.gguf import GgufFile, TensorInfo


def differences_between(ours: GgufFile, theirs: GgufFile) -> Iterator[str]:
    """One line per difference, but for the keys that are llmq's own."""
    for key in {**ours.metadata, **theirs.metadata}:
        if key.startswith("llmq."):
            continue
        one, other = ours.metadata.get(key), theirs.metadata.get(key)
        if type(one) is not type(other) or not np.array_equal(one, other):  # type: ignore[arg-type]  # any value
            yield f"key {key}: ours {shown(one)}, theirs {shown(other)}"
    mine = {tensor.name: tensor for tensor in ours.tensors}
    other_names = {tensor.name for tensor in theirs.tensors}
    for name in mine.keys() - other_names:
        yield f"tensor {name}: only ours"
    for tensor in theirs.tensors:
        own = mine.get(tensor.name)
        if own is None:
            yield f"tensor {tensor.name}: only theirs"
        elif (own.shape, own.type_name) != (tensor.shape, tensor.type_name):
            yield f"tensor {tensor.name}: ours {own.type_name} {own.shape}, theirs {tensor.type_name} {tensor.shape}"
        else:
            different = differing_bytes(ours, own, theirs, tensor)
            if different:
                yield f"tensor {tensor.name}: {different} of {own.n_bytes} bytes differ"


def differing_bytes(ours: GgufFile, own: TensorInfo, theirs: GgufFile, tensor: TensorInfo) -> int:
    """How many bytes of two tensors differ: all, where the types do."""
    if own.n_bytes != tensor.n_bytes or own.type_name != tensor.type_name:
        return tensor.n_bytes
    here = np.fromfile(ours.path, np.uint8, own.n_bytes, offset=own.offset)
    there = np.fromfile(theirs.path, np.uint8, tensor.n_bytes, offset=tensor.offset)
    return int((here != there).sum())


def shown(value: Any) -> str:
    """A value, short enough for a line."""
    if value is None:
        return "nothing"
    plain = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
    text = json.dumps(plain)
    return f"{type(value).__name__} {text if len(text) < 80 else text[:77] + '...'}"
