"""What `llmq inspect` reports: a header's figures, memory for a chat, and whether it converts."""

from dataclasses import replace
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np

from llmq.errors import LlmqError
from llmq.files.gguf import open_gguf
from llmq.files.parts import parts_of
from llmq.files.safetensors import ELEMENT_BITS, TensorRef, read_header
from llmq.memory import Header, context_used, memory_of
from llmq.outputs import default_name
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.runtime.opening import CONTEXT_LIMIT
from llmq.sources.adapters.adapter import WEIGHTS_NAME, is_adapter, open_adapter
from llmq.sources.checkpoint import open_checkpoint
from llmq.sources.opening import open_source

REQUANTIZE = "--allow-requantize"
LOST = "it is quantized already: what that lost stays lost, and more would be"


def report_on(path: Path) -> dict[str, Any]:
    """All of it, as JSON can hold it."""
    return _folder(path) if path.is_dir() else _gguf(path)


def _gguf(path: Path) -> dict[str, Any]:
    file = open_gguf(path)
    rows = [
        {"name": t.name, "shape": list(t.shape), "type": t.type_name, "bytes": t.n_bytes}
        for t in file.tensors
    ]
    answer, plan = _converts(path)
    parts = [part for part in parts_of(path) if part.exists()] if plan else [path]
    tensors = tuple(tensor for part in parts for tensor in open_gguf(part).tensors)
    return _report(path, file.n_bytes, file.metadata, rows) | {
        "memory": _memory(replace(file, tensors=tensors), None),
        "converts": answer,
    }


def _folder(path: Path) -> dict[str, Any]:
    config, stored = _held(path)
    rows = [
        {
            "name": t.name,
            "shape": list(t.shape),
            "type": t.dtype,
            "bytes": prod(t.shape) * ELEMENT_BITS[t.dtype] // 8,
            "file": t.file.name,
        }
        for t in stored
    ]
    size = sum(file.stat().st_size for file in {t.file for t in stored})
    answer, plan = _converts(path)
    return _report(path, size, config, rows) | {
        "memory": _memory(plan, answer["makes"]) if plan else None,
        "converts": answer,
    }


def _held(path: Path) -> tuple[dict[str, Any], list[TensorRef]]:
    """The settings and the tensors of a checkpoint's folder, or of a LoRA adapter's."""
    if is_adapter(path):
        adapter = open_adapter(path)
        return adapter.settings, list(read_header(path / WEIGHTS_NAME).values())
    checkpoint = open_checkpoint(path)
    return checkpoint.config, checkpoint.stored


def _report(path: Path, size: int, metadata: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    weights = sum(prod(row["shape"]) for row in rows)
    bits = 8 * sum(row["bytes"] for row in rows) / weights if weights else 0
    return {
        "file": str(path),
        "bytes": size,
        "weights": weights,
        "bits_per_weight": round(bits, 4),
        "metadata": plain(metadata),
        "tensors": rows,
    }


def _memory(model: Header, file: str | None) -> dict[str, Any] | None:
    """What a chat takes: with the file itself, or with `file`, which would be made of it."""
    n_bytes = memory_of(model)
    if n_bytes is None:
        return None
    return {"bytes": n_bytes, "context": context_used(model, CONTEXT_LIMIT), "file": file}


def _converts(path: Path) -> tuple[dict[str, Any], Plan | None]:
    """What `llmq convert` would say, short of reading the weights, and its plan."""
    try:
        source = open_source(path, allow_requantize=True)
        plan = make_plan(source)
    except LlmqError as error:
        return _answer(because=str(error)), None
    option, because = (REQUANTIZE, LOST) if source.is_quantized else (None, None)
    return _answer(plan, option=option, because=because), plan


def _answer(
    plan: Plan | None = None, *, option: str | None = None, because: str | None = None
) -> dict[str, Any]:
    return {
        "possible": plan is not None,
        "option": option,
        "because": because,
        "makes": plan and default_name(plan.name, plan.recipe.name),
        "bytes": plan and plan.n_bytes,
    }


def plain(value: Any) -> Any:
    """A value of a GGUF file or of config.json as JSON can hold it: not NaN, not infinity."""
    if isinstance(value, np.float32) and isfinite(value):
        return float(str(value))  # 0.7, not what its nearest double is in full
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
