"""What a model says about itself, as the `general.*` metadata of a GGUF file.

The names, sizes, licences and parents are found by the heuristics of the gguf package
(gguf/metadata.py), which llama.cpp's converter uses too: the front matter of README.md,
config.json's `_name_or_path`, the folder's name, and generation_config.json for the sampling
defaults. They are good and well kept, so they are used as they are; here their result becomes our
metadata, and a card that they stumble over becomes one clear error.
"""

import datetime
import os
from pathlib import Path
from typing import Any

import numpy as np

from llmq.errors import CheckpointError, one_line
from llmq.files.gguf import Metadata, MetaValue
from llmq.files.json import read_json_object

MAX_CARD_BYTES = 1 << 24


def general_metadata(folder: Path, *, n_parameters: int) -> Metadata:
    """The keys from `general.type` to `general.languages`, in the converter's order.

    `n_parameters` counts the elements of all tensors of the output (a tied head once); it becomes
    the size label where the name of the model holds none. Raises `CheckpointError` for a model card
    or generation_config.json that cannot be understood.
    """
    card = folder / "README.md"
    if card.is_file() and card.stat().st_size > MAX_CARD_BYTES:
        raise CheckpointError(f"{card}: a model card of more than {MAX_CARD_BYTES} bytes")
    # The name of the folder is the name of last resort; "." has none.
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  # resolve() would follow a link
    try:
        values = _collect(folder, n_parameters)
        return {key: _meta_value(key, *value) for key, value in values.items()}
    except CheckpointError:
        raise
    except Exception as reason:  # the heuristics trust whatever types the files hold
        what = one_line(str(reason), 200) or type(reason).__name__
        raise CheckpointError(
            f"{card}: the model card, config.json or generation_config.json cannot be understood "
            f"({what}); correct it, or remove the card"
        ) from None


def _collect(folder: Path, n_parameters: int) -> dict[str, tuple[Any, str]]:
    """key -> (value, name of its GGUF type)."""
    import gguf

    found = gguf.Metadata.load(None, folder, None, n_parameters)
    found.name = found.name or folder.name
    if found.size_label is None and n_parameters > 0:
        found.size_label = gguf.size_label(n_parameters, n_parameters, 0, 0)
    generation = folder / "generation_config.json"
    if found.sampling_penalty_repeat is None and generation.is_file():
        # Newer than gguf 0.19: Hugging Face's name for it.
        defaults = read_json_object(generation, CheckpointError)
        found.sampling_penalty_repeat = defaults.get("repetition_penalty")
    writer = gguf.GGUFWriter(path=None, arch="")
    writer.kv_data[0].clear()
    writer.add_type(gguf.GGUFType.MODEL)
    found.set_gguf_meta_model(writer)
    return {key: (entry.value, entry.type.name) for key, entry in writer.kv_data[0].items()}


def _meta_value(key: str, value: Any, kind: str) -> MetaValue:
    """A value as `llmq.files.gguf` holds it; YAML reads `version: 1.0` as a number."""
    if kind == "STRING":
        return _text(key, value)
    if kind == "ARRAY":  # tags and languages
        return [_text(key, item) for item in value]
    if kind in ("INT32", "UINT32", "FLOAT32") and type(value) in (int, float):
        number: np.generic = np.dtype(kind.lower()).type(value)
        return number
    raise ValueError(f"{key} cannot be {value!r:.40}")


def _text(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | datetime.date):
        raise ValueError(f"{key} cannot be a {type(value).__name__}")
    text = str(value)
    text.encode("utf-8")  # half a surrogate pair is a UnicodeEncodeError, reported above
    return text
