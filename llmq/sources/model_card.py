"""What a model says about itself, as the `general.*` metadata of a GGUF file.

The names, sizes, licences and parents are found by the heuristics of the gguf package
(gguf/metadata.py), which llama.cpp's converter uses too: the front matter of README.md,
config.json's `_name_or_path`, the folder's name, and generation_config.json for the sampling
defaults. They are good and well kept, so they are used as they are; here their result becomes our
metadata.

All of it is decoration: whatever cannot be understood is left out, and a note says so. The
heuristics trust the types that the files hold, so each field of a file is tried by itself where
not all of them pass together.
"""

import datetime
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from llmq.errors import CheckpointError, one_line, printable
from llmq.files.gguf import Metadata, MetaValue
from llmq.files.json import read_json_object
from llmq.sources.counts import Counts
from llmq.sources.hub.ids import origin_of

MAX_CARD_BYTES = 1 << 24
SHOWN_FIELDS = 4
CARD, CONFIG, GENERATION = "README.md", "config.json", "generation_config.json"
SAMPLING = {  # generation_config.json's names -> those of gguf.Metadata, as its `load` pairs them
    "sequence": "sampling_sequence",
    "top_k": "sampling_top_k",
    "top_p": "sampling_top_p",
    "min_p": "sampling_min_p",
    "xtc_probability": "sampling_xtc_probability",
    "xtc_threshold": "sampling_xtc_threshold",
    "temperature": "sampling_temp",
    "penalty_last_n": "sampling_penalty_last_n",
    "penalty_repeat": "sampling_penalty_repeat",
    "mirostat": "sampling_mirostat",
    "mirostat_tau": "sampling_mirostat_tau",
    "mirostat_eta": "sampling_mirostat_eta",
    "repetition_penalty": "sampling_penalty_repeat",  # newer than gguf 0.19: Hugging Face's name
}


@dataclass(frozen=True)
class _Said:
    """What the files of a folder say of the model, field by field."""

    folder: Path
    counts: Counts
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By file."""


def general_metadata(folder: Path, *, counts: Counts) -> tuple[Metadata, tuple[str, ...]]:
    """The keys from `general.type` to `general.languages`, in the converter's order; and notes.

    `counts` are those of all tensors of the output (a tied head once); they become
    the size label where the name of the model holds none. The notes tell what of the model card,
    config.json and generation_config.json could not be understood and is left out.
    """
    # The name of the folder is the name of last resort; "." has none.
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  # resolve() would follow a link
    said, notes = _read(folder, counts)
    try:
        return _values(said), notes
    except Exception:  # the heuristics trust whatever types the files hold
        understood, more = _understood(said)
        return _values(understood), (*notes, *more)


def _read(folder: Path, counts: Counts) -> tuple[_Said, tuple[str, ...]]:
    """Each file's fields; none, and a note, where a file is none of its kind."""
    import gguf

    def card() -> dict[str, Any]:
        if (folder / CARD).is_file() and (folder / CARD).stat().st_size > MAX_CARD_BYTES:
            raise ValueError(f"more than {MAX_CARD_BYTES} bytes")
        return dict(gguf.Metadata.load_model_card(folder))

    def settings(name: str) -> dict[str, Any]:
        file = folder / name
        return read_json_object(file, CheckpointError) if file.is_file() else {}

    readers: Mapping[str, Callable[[], dict[str, Any]]] = {
        CARD: card,
        CONFIG: lambda: {
            name: value for name, value in settings(CONFIG).items() if name == "_name_or_path"
        },
        GENERATION: lambda: {
            name: value for name, value in settings(GENERATION).items() if name in SAMPLING
        },
    }
    fields: dict[str, dict[str, Any]] = {}
    notes = []
    for name, read in readers.items():
        try:
            fields[name] = read()
        except Exception as reason:  # of any kind: YAML's, JSON's, of encodings
            why = one_line(str(reason).removeprefix(f"{folder / name}: "), 120)
            notes.append(f"{name} cannot be understood and counts as empty ({why})")
            fields[name] = {}
    origin = origin_of(folder)
    if origin and folder.name == origin.revision:  # in the hub's cache a folder's name is a hash
        folder = folder.with_name(origin.name)
    return _Said(folder, counts, fields), tuple(notes)


def _understood(said: _Said) -> tuple[_Said, list[str]]:
    """What remains when each field has been tried by itself, and what is said of the others."""
    fields: dict[str, dict[str, Any]] = {}
    notes = []
    for file, found in said.fields.items():
        odd = [key for key, value in found.items() if not _passes(said, file, {key: value})]
        fields[file] = {key: value for key, value in found.items() if key not in odd}
        if not _passes(said, file, fields[file]):  # each alone, but not together
            odd, fields[file] = list(found), {}
        if odd:
            names = ", ".join(printable(str(key), 40) for key in odd[:SHOWN_FIELDS])
            more = ", ..." * (len(odd) > SHOWN_FIELDS)
            notes.append(f"{file}: {names}{more} cannot be understood and is left out")
    return replace(said, fields=fields), notes


def _passes(said: _Said, file: str, fields: Mapping[str, Any]) -> bool:
    """Whether these fields of a file, and none of another, become metadata."""
    try:
        _values(replace(said, fields={file: fields}))
    except Exception:  # as above
        return False
    return True


def _values(said: _Said) -> Metadata:
    """The metadata of what is said."""
    import gguf

    card, config, generation = (
        dict(said.fields.get(name, {})) for name in (CARD, CONFIG, GENERATION)
    )
    found = gguf.Metadata.apply_metadata_heuristic(
        gguf.Metadata(), card, config, said.folder, said.counts.total
    )
    for name, attribute in SAMPLING.items():
        if getattr(found, attribute) is None:
            setattr(found, attribute, generation.get(name))
    found.name = found.name or said.folder.name
    if found.size_label is None and said.counts.total > 0:
        found.size_label = gguf.size_label(*said.counts)
    writer = gguf.GGUFWriter(path=None, arch="")
    writer.kv_data[0].clear()
    writer.add_type(gguf.GGUFType.MODEL)
    found.set_gguf_meta_model(writer)
    kept = writer.kv_data[0].items()
    return {key: _meta_value(key, entry.value, entry.type.name) for key, entry in kept}


def _meta_value(key: str, value: Any, kind: str) -> MetaValue:
    """A value as `llmq.files.gguf` holds it; YAML reads `version: 1.0` as a number."""
    if kind == "STRING":
        return _text(key, value)
    if kind == "ARRAY":  # tags and languages
        return [_text(key, item) for item in value]
    if kind in ("INT32", "UINT32", "FLOAT32") and type(value) in (int, float):
        number: np.generic = np.dtype(kind.lower()).type(value)
        if math.isfinite(number):
            return number
    raise ValueError(f"{key} cannot be {value!r:.40}")


def _text(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | datetime.date):
        raise ValueError(f"{key} cannot be a {type(value).__name__}")
    text = str(value)
    text.encode("utf-8")  # half a surrogate pair is a UnicodeEncodeError, reported above
    return text
