"""A LoRA adapter's folder, as peft saves it: what it adds to its base, and what it replaces.

Only headers are read. The names are those of peft (`get_peft_model_state_dict`): for a layer
`lora_A.weight` and `lora_B.weight` (of an embedding `lora_embedding_A` and `_B`), with DoRA its
`lora_magnitude_vector`; layers that were trained whole stand under their own name.
"""

import hashlib
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from llmq.errors import AdapterError, one_line
from llmq.files.safetensors import TensorRef, read_header
from llmq.sources.adapters.settings import BASE, CONFIG_NAME, MERGE, read_settings
from llmq.sources.checkpoint import folder_name
from llmq.spelling import counted

WEIGHTS_NAME = "adapter_model.safetensors"
PICKLE_NAME = "adapter_model.bin"
PREFIX = "base_model.model."
TOKENS = "trainable_tokens_delta"
# Behind what says which part it is, the name of the adapter may stand: `default`.
PART = re.compile(
    r"(?P<module>.+)\.(?:lora_|token_adapter\.)"
    rf"(?P<part>[AB](?=(?:\.[\w-]+)?\.(?:weight|bias)$)|embedding_[AB]|magnitude_vector|{TOKENS})"
    r"(?:\.[\w-]+)*"
)
WHOLE = re.compile(
    r"(.+?)(?:\.modules_to_save(?:\.[\w-]+)?|\.(base_layer|original_module))?\.(weight|bias)"
)
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Parts:
    """What an adapter adds to one layer: `tall` times `wide`, as peft's B and A."""

    tall: TensorRef
    """B, (rows, rank); of an embedding A, (rank, rows)."""
    wide: TensorRef
    """A, (rank, columns); of an embedding B, (columns, rank)."""
    of_embedding: bool = False
    magnitude: TensorRef | None = None
    """With DoRA, how long each row shall be."""
    bias: TensorRef | None = None


@dataclass(frozen=True)
class Adapter:
    """What an adapter holds, by the names of modules as peft has them, without its own prefix."""

    path: Path
    settings: dict[str, Any]
    scale: float
    """What it is multiplied with besides."""
    parts: dict[str, Parts]
    """What is added, by the layer."""
    rows: dict[str, TensorRef]
    """The rows of tokens that were trained, by the layer."""
    whole: dict[str, TensorRef]
    """Tensors that take the place of the base's."""
    base_layers: dict[str, TensorRef]
    """The base's own tensors where they were changed before, as by a resize for new tokens."""

    @property
    def name(self) -> str:
        """What its folder is called."""
        return folder_name(self.path)

    @property
    def base(self) -> str | None:
        """The base that it names, a folder or a model of the hub, as part of a message."""
        name = self.settings.get(BASE)
        return one_line(name) if isinstance(name, str) and name else None

    def in_words(self) -> str:
        """How much of what it holds."""
        kinds = {
            "with a product added (LoRA)": sum(p.magnitude is None for p in self.parts.values()),
            "with a product added (DoRA)": sum(bool(p.magnitude) for p in self.parts.values()),
            "replaced": len(self.whole),
            "with rows of single tokens replaced": len(self.rows),
        }
        return ", ".join(f"{counted(n, 'tensor')} {what}" for what, n in kinds.items() if n)

    def sha256(self) -> str:
        """The hash of its weights."""
        digest = hashlib.sha256()
        with (self.path / WEIGHTS_NAME).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model."""
    return (folder / CONFIG_NAME).is_file() and not any(folder.glob("model*.safetensors"))


def open_adapter(folder: Path, scale: float = 1.0) -> Adapter:
    """Open an adapter's folder; raises `AdapterError` for all that is not merged, by its name."""
    if not (folder / CONFIG_NAME).is_file():
        what = "is no folder" if folder.exists() else "there is no such folder"
        what = f"holds no {CONFIG_NAME}" if folder.is_dir() else what
        raise AdapterError(f"{folder}: {what}; name the folder of a LoRA adapter that peft saved")
    settings = read_settings(folder)
    file = _weights(folder)
    parts: dict[str, dict[str, TensorRef]] = {}
    whole: dict[str, TensorRef] = {}
    bases: dict[str, TensorRef] = {}
    for name, tensor in read_header(file).items():
        tensor.readable()
        plain = name.removeprefix(PREFIX)
        if match := PART.fullmatch(plain):
            part = match["part"] + (".bias" if plain.endswith(".bias") else "")
            parts.setdefault(match["module"], {})[part] = tensor
        elif "lora_" not in plain and (match := WHOLE.fullmatch(plain)):
            (bases if match[2] else whole)[f"{match[1]}.{match[3]}"] = tensor
        else:
            raise AdapterError(f"{file}: the tensor {name!r} is of no kind that is merged; {MERGE}")
    if not parts and not whole:
        raise AdapterError(f"{file}: holds nothing of an adapter; fetch it again")
    rows = {module: found.pop(TOKENS) for module, found in parts.items() if TOKENS in found}
    layers = {module: _parts(module, found, file) for module, found in parts.items() if found}
    bare = next((module for module, found in layers.items() if found.magnitude is None), None)
    if settings.get("use_dora") and bare is not None:
        raise AdapterError(f"{file}: {bare} lacks the lengths of rows that use_dora asks for")
    return Adapter(folder, settings, scale, layers, rows, whole, bases)


def _weights(folder: Path) -> Path:
    """The file of the adapter's weights."""
    if (folder / WEIGHTS_NAME).exists():
        return folder / WEIGHTS_NAME
    remedy = "fetch it again"
    if (folder / PICKLE_NAME).exists():
        remedy = f"{PICKLE_NAME} is PyTorch's own form, which is not read: save it anew with peft"
    raise AdapterError(f"{folder}: holds no {WEIGHTS_NAME}; {remedy}")


def _parts(module: str, found: dict[str, TensorRef], file: Path) -> Parts:
    """The parts of one layer, which must belong together."""
    names = ("embedding_A", "embedding_B") if "embedding_A" in found else ("B", "A")
    tall, wide = (found.get(name) for name in names)
    magnitude, bias = found.get("magnitude_vector"), found.get("B.bias")
    shapes = [part.shape for part in (tall, wide) if part]
    if not tall or not wide or any(len(shape) != 2 or 0 in shape for shape in shapes):
        raise AdapterError(f"{file}: {module} has no pair of matrices but {', '.join(found)}")
    if names[0] != "B" and magnitude is not None:
        raise AdapterError(f"{file}: {module} is an embedding with DoRA, not merged; {MERGE}")
    if magnitude is not None and prod(magnitude.shape) != tall.shape[0]:
        raise AdapterError(f"{file}: {module} has {prod(magnitude.shape)} lengths of rows")
    return Parts(tall, wide, names[0] != "B", magnitude, bias)
