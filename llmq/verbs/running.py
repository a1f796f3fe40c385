"""Options of how a model is run: the type of its keys and values, its layers on a GPU."""

import argparse
import sys
from collections.abc import Iterable

from llmq.errors import printable
from llmq.runtime import How, Model
from llmq.runtime.how import ALL_LAYERS, CACHE_TYPES, CHAT
from llmq.verbs.arguments import one_of, whole


def add_running_options(parser: argparse._ActionsContainer, *, otherwise: str) -> None:
    """`--cache-type` and `--gpu-layers`; `otherwise` is what happens without them."""
    parser.add_argument(
        "--cache-type",
        type=one_of(CACHE_TYPES, "type of cache"),
        metavar="TYPE",
        help=f"what is kept of the context: {', '.join(CACHE_TYPES)}; {otherwise}",
    )
    parser.add_argument(
        "--gpu-layers",
        type=layers_argument,
        metavar="N|auto",
        help="layers that a GPU computes; auto: all of them, where there is a GPU; default 0",
    )


def layers_argument(text: str) -> int:
    """A number of layers, or all."""
    if text == "auto":
        return ALL_LAYERS
    return whole(text, "auto or a number of layers", least=0, most=10**6)


def how_of(arguments: argparse.Namespace, *, otherwise: How) -> How:
    """What the options say; `otherwise` where neither is given."""
    if arguments.cache_type is None and arguments.gpu_layers is None:
        return otherwise
    return How(arguments.cache_type or CHAT.cache_type, arguments.gpu_layers or 0)


def tell_remarks(remarks: Iterable[str]) -> None:
    """Say why models do not run as was asked for, each reason once."""
    for remark in dict.fromkeys(filter(None, remarks)):
        print(f"note: {printable(remark)}", file=sys.stderr)


def tell_how(models: Iterable[Model]) -> None:
    """Say how the files beside the base are run where that is not exact, and why."""
    _, *quants = models
    tell_remarks(model.remark for model in quants)
    if quants and not quants[0].how.exact:
        kept = quants[0].how.cache_type
        print(
            f"note: the quantized files run as on a device, their context kept as {kept}; the original"
            " is computed exactly, so that the figures hold what the device loses too",
            file=sys.stderr,
        )
