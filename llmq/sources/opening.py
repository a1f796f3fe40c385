"""Opening a source, whatever it is: a Hugging Face folder or a GGUF file."""

from pathlib import Path

from llmq.errors import CheckpointError, TokenizerError
from llmq.sources.gguf_model import open_gguf_model
from llmq.sources.hf_folder import open_hf_folder
from llmq.sources.source import Source


def open_source(
    path: str | Path, *, pre: str | None = None, allow_requantize: bool = False
) -> Source:
    """Open a model that can be converted; only headers are read.

    `path` is a Hugging Face folder or a GGUF file, of a split one the first part. `pre` overrides
    the name of a folder's pre-tokenizer; `allow_requantize` admits a GGUF file whose matrices have
    fewer than 16 bits. Raises a child of `LlmqError` for whatever is damaged, unknown or
    inconsistent.

        >>> from llmq import open_source
        >>> source = open_source("eval/tutor")
        >>> source.name, len(source.tensors), source.facts.architecture
        ('tutor', 56, 'llama')
    """
    path = Path(path)
    if path.is_dir():
        return open_hf_folder(path, pre=pre)
    if not path.exists():
        raise CheckpointError(
            f"{path}: there is no such folder or file; name the folder that holds config.json, or a"
            " GGUF file"
        )
    if pre is not None:
        raise TokenizerError(f"{path}: a GGUF file names its pre-tokenizer itself; leave out --pre")
    return open_gguf_model(path, allow_requantize=allow_requantize)
