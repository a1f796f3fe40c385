"""Whether the tensors of a file are still what was written: the hashes in its header, recomputed.

llmq writes the SHA-256 of each tensor's bytes as the key `llmq.tensors.sha256`. A bad disk,
a cut download or a changed byte shows here, and nowhere else. Nothing is signed: whoever changes a
tensor on purpose can change its hash too. The header itself is not covered.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from llmq.errors import GgufError
from llmq.files.gguf import GgufFile, Metadata, TensorInfo, open_gguf
from llmq.files.parts import parts_of
from llmq.processors import cores

TENSORS_SHA256 = "llmq.tensors.sha256"
PIECE_BYTES = 1 << 22


def of_tensors(types: Sequence[str], sha256: Sequence[str] | None = None) -> Metadata:
    """What is said of the tensors' bytes: a file is planned with zeros, in as many digits.

    The type stands behind the hash, since llama-quantize passes on keys that it does not know: its
    own tensors, of other types, can so be told from damaged ones.

    >>> of_tensors(["Q8_0"], ["5f" * 32])["llmq.tensors.sha256"][0][58:]
    '5f5f5f Q8_0'
    """
    hashes = sha256 or ["0" * 64] * len(types)
    return {TENSORS_SHA256: [f"{known} {kind}" for known, kind in zip(hashes, types, strict=True)]}


@dataclass(frozen=True)
class HashCheck:
    """How many tensors were held against their hashes, and the names of those that differ.

    `unknown` says why there was nothing to hold them against, and is empty otherwise.
    """

    n_tensors: int
    damaged: tuple[str, ...] = ()
    unknown: str = ""


def check_hashes(path: Path) -> HashCheck:
    """Read every tensor of a model, all parts of a split one, and compare its SHA-256.

    Raises GgufError for a file, or a part, that is missing or cannot be read.
    """
    files = [open_gguf(part) for part in parts_of(path)]
    held = [(file, tensor) for file in files for tensor in file.tensors]
    entries = files[0].metadata.get(TENSORS_SHA256)
    if not isinstance(entries, list):
        return HashCheck(0, unknown=f"it has no {TENSORS_SHA256}; files that llmq converts have")
    pairs = [str(entry).partition(" ")[::2] for entry in entries]
    if [kind for _, kind in pairs] != [tensor.type_name for _, tensor in held]:
        return HashCheck(
            0, unknown=f"its {TENSORS_SHA256} is that of another file, of which a program made this"
        )
    with ThreadPoolExecutor(cores()) as pool:  # hashlib lets other threads run
        found = list(pool.map(_sha256, *zip(*held, strict=True)))
    damaged = [
        tensor.name
        for (_, tensor), (known, _), sha256 in zip(held, pairs, found, strict=True)
        if sha256 != known
    ]
    return HashCheck(len(held), tuple(damaged))


def check_undamaged(path: Path) -> int:
    """The number of tensors, all as written; raises GgufError otherwise, or without hashes."""
    check = check_hashes(path)
    if check.unknown:
        raise GgufError(f"{path}: cannot be verified: {check.unknown}")
    if check.damaged:
        more = f" and {len(check.damaged) - 1} more" if check.damaged[1:] else ""
        raise GgufError(
            f"{path}: {check.damaged[0]!r}{more} of {check.n_tensors} tensors are not what was written;"
            " copy or convert the file again"
        )
    return check.n_tensors


def _sha256(file: GgufFile, tensor: TensorInfo) -> str:
    digest, left = hashlib.sha256(), tensor.n_bytes
    try:
        with file.path.open("rb", buffering=0) as stream:
            stream.seek(tensor.offset)
            while left and (data := stream.read(min(left, PIECE_BYTES))):
                digest.update(data)
                left -= len(data)
    except OSError as error:
        raise GgufError(
            f"{file.path}: {tensor.name!r} cannot be read ({error.strerror}); the disk may be damaged"
        ) from None
    return digest.hexdigest()
