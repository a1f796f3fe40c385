"""A GGUF file with other keys, for tests of what a reader makes of them."""

from pathlib import Path

from llmq.files.gguf import Metadata, encode_header, open_gguf

F32_TYPE = 0  # GGML_TYPE_F32


def with_keys(path: Path, output: Path, keys: Metadata) -> Path:
    """A copy of an F32 file with these keys, new ones at the end of its metadata."""
    file = open_gguf(path)
    start = file.tensors[0].offset
    infos = [(t.name, t.shape, F32_TYPE, t.offset - start) for t in file.tensors]
    header = encode_header(file.metadata | keys, infos)
    output.write_bytes(header + path.read_bytes()[start:])
    return output
