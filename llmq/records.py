"""What a file says of its own making: the keys that begin with `llmq.`; llama.cpp passes over them.

llmq.encoder                     who chose the codes, as `encoder_of` (llmq/plan.py) tells
llmq.quality                     the dial's position (llmq/quality.py)
llmq.calibration.sha256          of the tokens that importance and refining were computed on
llmq.calibration.n_tokens        how many they are
llmq.calibration.sources         what texts they come from
llmq.calibration.sources.sha256  the hash of each of these texts, by which drift knows them again
llmq.refine.*                    the settings that the codes were refined with
llmq.tensors.sha256              the hash and the type of each tensor's bytes, in order; the parts
                                 of a split model have those of all tensors in the first one

One key speaks of the weights themselves, and so of whatever is made of the file:

llmq.source.format               how the checkpoint was quantized that they come from
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from llmq.files.gguf import Metadata, MetaValue
from llmq.quality import QUALITIES
from llmq.tensor_hashes import TENSORS_SHA256
from llmq_kernels import Encoder

if TYPE_CHECKING:
    from llmq.calibration.text import CalibrationTokens

ENCODER, QUALITY = "llmq.encoder", "llmq.quality"
CALIBRATION, REFINE = "llmq.calibration.", "llmq.refine."
SHA256, N_TOKENS = CALIBRATION + "sha256", CALIBRATION + "n_tokens"
SOURCE_FORMAT = "llmq.source.format"
SOURCES, SOURCES_SHA256 = CALIBRATION + "sources", CALIBRATION + "sources.sha256"


def is_record(key: str) -> bool:
    """Whether the key speaks of how a file was made, and so not of a file that is made of it."""
    return key in (ENCODER, QUALITY, TENSORS_SHA256) or key.startswith((CALIBRATION, REFINE))


def of_schemes(schemes: Sequence[str]) -> Metadata:
    """What is said of a checkpoint whose weights had fewer than 16 bits."""
    return {SOURCE_FORMAT: ", ".join(schemes)} if schemes else {}


def of_calibration(tokens: "CalibrationTokens") -> Metadata:
    """What is said of the text that a file was calibrated on."""
    return {
        SHA256: tokens.sha256,
        N_TOKENS: np.uint32(tokens.ids.size),
        SOURCES: [source.name for source in tokens.sources],
        SOURCES_SHA256: [source.sha256 for source in tokens.sources],
    }


def of_settings(settings: Mapping[str, float | int | bool | str]) -> Metadata:
    """What is said of the settings that codes were refined with."""
    kinds: Mapping[type, Any] = {bool: bool, int: np.int32, float: np.float32, str: str}
    return {REFINE + name: kinds[type(value)](value) for name, value in settings.items()}


def calibrated_on(metadata: Mapping[str, MetaValue]) -> dict[str, str]:
    """The texts that a file was calibrated on: their names by their hashes."""
    names, hashes = metadata.get(SOURCES), metadata.get(SOURCES_SHA256)
    if not isinstance(names, list) or not isinstance(hashes, list):
        return {}
    return {str(sha256): str(name) for name, sha256 in zip(names, hashes, strict=False)}


def as_json(metadata: Mapping[str, MetaValue]) -> dict[str, Any] | None:
    """What a file says of the text that it was calibrated on, for machines."""
    n_tokens = metadata.get(N_TOKENS)
    if not isinstance(n_tokens, np.integer):
        return None
    sources = [{"name": n, "sha256": sha256} for sha256, n in calibrated_on(metadata).items()]
    return {"sha256": metadata.get(SHA256), "n_tokens": int(n_tokens), "sources": sources}


def in_words(metadata: Mapping[str, Any]) -> str:
    """How a file was made, in a sentence; nothing where it does not say.

    >>> in_words({"llmq.quality": "fast", "llmq.encoder": "search"})
    'fast: weights rounded as they are (encoder search)'
    >>> text = {"llmq.calibration.n_tokens": 32768, "llmq.calibration.sources": ["tutoring"]}
    >>> in_words({"llmq.quality": "good", "llmq.encoder": "ggml", **text})
    'good: errors weighed by importance on 32,768 tokens of tutoring (encoder ggml)'
    >>> in_words({"llama.block_count": 2})
    ''
    """
    quality, encoder = metadata.get(QUALITY), metadata.get(ENCODER)
    if not isinstance(quality, str):
        return ""
    n_tokens, sources = metadata.get(N_TOKENS), metadata.get(SOURCES)
    known = QUALITIES.get(quality)
    text = f"{quality}: {known.made if known else 'by another version of llmq'}"
    if isinstance(n_tokens, int | np.integer) and isinstance(sources, list):
        text += f" on {int(n_tokens):,} tokens of {', '.join(map(str, sources))}"
    elif "quantize.imatrix.file" in metadata:
        text += f" of {metadata['quantize.imatrix.file']}"
    return f"{text} (encoder {encoder})" if encoder in list(Encoder) else text
