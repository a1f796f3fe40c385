"""`llmq chat`: talk to a tutor in the terminal, offline."""

import argparse
import random
from contextlib import closing
from pathlib import Path

from llmq.chat.opening import Setup, open_tutor
from llmq.chat.store import default_folder
from llmq.chat.terminal import converse
from llmq.errors import LessonError, StoreError
from llmq.runtime import CHAT
from llmq.verbs.chat_lesson import lesson_of, system_of
from llmq.verbs.chat_models import choose
from llmq.verbs.chat_options import add_arguments
from llmq.verbs.paths import check_exists, check_gguf, check_parts
from llmq.verbs.running import how_of

LEAST_CONTEXT = 256  # tokens: who the tutor is, a problem, a turn and its reply
TOO_SMALL = "--context {asked} holds no lesson: at least {least} tokens, or leave it out"
HISTORY = "history"  # what was typed, in the folder of the chats

__all__ = ["add_arguments", "run"]


def run(arguments: argparse.Namespace) -> int:
    """Open the model and talk."""
    if arguments.private and (arguments.session or arguments.resume):
        raise StoreError("--private keeps nothing: leave out --session and --resume")
    if arguments.ctx is not None and arguments.ctx < LEAST_CONTEXT:
        raise LessonError(TOO_SMALL.format(asked=arguments.ctx, least=LEAST_CONTEXT))
    model = arguments.model or choose()
    if model is None:
        return 2
    _check_files(model, arguments)
    speaker, remarks = open_tutor(model, _setup(arguments))
    with closing(speaker.model):
        history = None if arguments.private else default_folder() / HISTORY
        converse(
            lesson_of(arguments, speaker, remarks),
            name=speaker.model.path.name,
            plain=arguments.plain,
            history=history,
        )
    return 0


def _check_files(model: Path, arguments: argparse.Namespace) -> None:
    check_gguf(model)
    check_parts(model)
    if arguments.fallback:
        check_gguf(arguments.fallback)
    if arguments.lora:
        check_exists(arguments.lora, "adapter", what="name a GGUF file")


def _setup(arguments: argparse.Namespace) -> Setup:
    seed = random.randrange(2**32) if arguments.seed is None else arguments.seed
    return Setup(
        n_ctx=arguments.ctx,
        threads=arguments.threads,
        how=how_of(arguments, otherwise=CHAT),
        adapter=arguments.lora,
        fallback=arguments.fallback,
        temperature=arguments.temperature,
        seed=seed,
        system=system_of(arguments),
    )
