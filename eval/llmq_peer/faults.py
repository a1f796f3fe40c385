"""Files with one known fault each, to find out whether the gate finds it.

Most are what a converter's mistake would make, so their hashes are right for what they hold; one
is what a bad disk does to a good file. A fault takes a sound pair of files, the original in 16 bits
and its quantized file (the bundled tutor in Q4_K_M: a Llama with a tied embedding), and writes a
pair of which the second is faulty.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.overrides import Overrides
from llmq.sources.opening import open_source
from llmq_peer.gguf_contents import Contents, Held, contents_of

TEMPLATE, EOS = "tokenizer.chat_template", "tokenizer.ggml.eos_token_id"
SCALED, ZEROED, DAMAGED = "blk.5.ffn_up.weight", "blk.3.ffn_down.weight", "blk.2.ffn_down.weight"
END_ROW_FACTOR = 0.43


class Pair(NamedTuple):
    """An original and what was made of it."""

    base: Path
    quant: Path


class Fault(NamedTuple):
    """A fault, and by what it has to be found.

    integrity   a check fails, whatever the model says
    limits      a figure is beyond the default policy's limit
    lock        at least a significant change against the accepted file, documents in pairs
    """

    name: str
    make: Callable[[Pair, Path], Pair]
    found_by: Literal["integrity", "limits", "lock"]


def _of(change: Callable[[Contents], None], *, hashed: bool = True) -> Callable[[Pair, Path], Pair]:
    """The fault that changes the contents of the quantized file."""

    def make(sound: Pair, folder: Path) -> Pair:
        contents = contents_of(sound.quant)
        change(contents)
        return Pair(sound.base, contents.write(folder / "faulty.gguf", hashed=hashed))

    return make


def _converted(recipe: str, overrides: Overrides) -> Callable[[Pair, Path], Pair]:
    """The fault of another conversion than was asked for."""

    def make(sound: Pair, folder: Path) -> Pair:
        plan = make_plan(open_source(sound.base), recipe=recipe, overrides=overrides)
        return Pair(sound.base, execute(plan, folder / "faulty.gguf", load_check=False))

    return make


def _scale_by(held: Held, factor: float, rows: slice = slice(None)) -> None:
    """Multiply what rows stand for, by way of the blocks' scales."""
    for field in held.format.scales:
        held.blocks[field][rows] = (held.blocks[field][rows].astype(np.float32) * factor).astype(
            held.format.layout[field]
        )


def _scales(contents: Contents) -> None:
    _scale_by(contents.tensors[SCALED], 1.05)


def _zeroed(contents: Contents) -> None:
    held = contents.tensors[ZEROED]
    held.blocks[: len(held.blocks) // 4] = np.zeros((), held.format.layout)


def _layers_swapped(contents: Contents) -> None:
    for name in [name for name in contents.tensors if name.startswith("blk.2.")]:
        other = name.replace("blk.2.", "blk.3.")
        tensors = contents.tensors
        tensors[name], tensors[other] = tensors[other], tensors[name]


def _nibbles(contents: Contents) -> None:
    for held in contents.tensors.values():
        if held.format.name in ("Q4_0", "Q4_K"):
            codes = held.blocks["qs"]
            held.blocks["qs"] = codes >> 4 | codes << 4


def _rope(contents: Contents) -> None:
    """Rows of queries and keys in the checkpoint's order: a head's halves, not its pairs."""
    for name, held in contents.tensors.items():
        kind = name.removesuffix(".weight").rpartition(".")[2]
        if kind in ("attn_q", "attn_k"):
            size = int(contents.metadata["llama.attention.key_length"])  # type: ignore[arg-type]  # a number
            pairs = held.blocks.reshape(-1, size // 2, 2, held.blocks.shape[-1])
            held.blocks[:] = pairs.swapaxes(1, 2).reshape(held.blocks.shape)


def _end_of_text(contents: Contents) -> None:
    contents.metadata[EOS] = np.uint32(int(contents.metadata[EOS]) + 5)  # type: ignore[arg-type]  # a number


def _exponent(contents: Contents) -> None:
    bits = contents.tensors[DAMAGED].blocks["d"].view("<u2")
    bits[100, 0] ^= 1 << 12


def _run_on(sound: Pair, folder: Path) -> Pair:
    """An output matrix of its own: the tied one, but for a smaller row of the end of a turn.

    In a file of eight bits, next to which nothing else can be noticed: the divergence is that of
    this row alone, which says the end too seldom, and mean KL takes it for that of four bits.
    """
    base, file = _converted("Q8_0", Overrides())(sound, folder)
    contents = contents_of(file)
    tied = contents.tensors["token_embd.weight"].copy()
    end = int(contents.metadata[EOS])  # type: ignore[arg-type]  # a number
    _scale_by(tied, END_ROW_FACTOR, slice(end, end + 1))
    contents.tensors["output.weight"] = tied
    return Pair(base, contents.write(file))


def _newline(sound: Pair, folder: Path) -> Pair:
    """Both with a template that ends turns with a newline, which the second then forgets."""
    base, quant = contents_of(sound.base), contents_of(sound.quant)
    template = str(base.metadata[TEMPLATE])
    base.metadata[TEMPLATE] = template.replace("<|end|>'", "<|end|>\\n'")
    assert base.metadata[TEMPLATE] != template
    return Pair(base.write(folder / "base.gguf"), quant.write(folder / "faulty.gguf"))


FAULTS = (
    Fault("scales of one tensor x1.05", _of(_scales), "lock"),
    Fault("a block of rows zeroed", _of(_zeroed), "lock"),
    Fault("two layers swapped", _of(_layers_swapped), "limits"),
    Fault("nibbles swapped", _of(_nibbles), "limits"),
    Fault("rope permutation left out", _of(_rope), "limits"),
    Fault("tied embedding at 2 bits", _converted("Q4_K_M", Overrides(embedding="Q2_K")), "lock"),
    Fault("wrong end of text", _of(_end_of_text), "integrity"),
    Fault("newline missing in the template", _newline, "integrity"),
    Fault("Q2_K in place of Q4_K", _converted("Q2_K", Overrides()), "limits"),
    Fault("exponent bit of a scale", _of(_exponent, hashed=False), "integrity"),
    Fault("replies that run on", _run_on, "limits"),
)
