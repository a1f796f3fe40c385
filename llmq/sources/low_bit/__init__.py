"""Weights that a checkpoint holds in fewer than 16 bits, under their plain names.

A matrix of such a checkpoint is several tensors: codes, scales, zero points. `decoded` puts one
`Weights` in their place. Where the codes lie on the grid of a GGUF format, it holds blocks of that
format, which a file takes as they are (`blocks.py`); else it computes the weights row by row, as
the library does that the scheme belongs to. Each scheme is a row of `table.py`. It is recognised by
its tensors' names and types; config.json only says what these leave open.
"""

from llmq.sources.low_bit.decoding import codes_of, decoded

__all__ = ["codes_of", "decoded"]
