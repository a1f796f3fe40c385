"""`llmq chat`: talk to a tutor in the terminal, offline."""

import argparse
import random
from pathlib import Path

from llmq.chat.conversation import ChatSettings, open_chat
from llmq.chat.free_lesson import FreeLesson
from llmq.chat.session import DEFAULT_SYSTEM
from llmq.chat.terminal import converse
from llmq.runtime import CHAT, Sampling
from llmq.runtime.opening import CONTEXT_LIMIT
from llmq.verbs.arguments import (
    context_argument,
    count_argument,
    seed_argument,
    temperature_argument,
    threads_argument,
)
from llmq.verbs.paths import check_gguf, check_parts
from llmq.verbs.running import add_running_options, how_of

DEFAULTS = ChatSettings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq chat`."""
    parser.add_argument("model", metavar="MODEL.gguf", type=Path, help="the model to talk to")
    parser.add_argument(
        "--system", metavar="TEXT", default=DEFAULT_SYSTEM, help=f"default: {DEFAULT_SYSTEM!r}"
    )
    parser.add_argument(
        "--temperature",
        type=temperature_argument,
        default=0.0,
        metavar="T",
        help="0 (the default) always takes the likeliest word; 0.7 varies",
    )
    parser.add_argument(
        "--seed", type=seed_argument, metavar="N", help="makes a varied chat repeatable"
    )
    parser.add_argument(
        "--max-tokens",
        type=count_argument,
        default=DEFAULTS.max_tokens,
        metavar="N",
        help=f"the longest reply; default {DEFAULTS.max_tokens}",
    )
    parser.add_argument(
        "--ctx",
        "--context",
        type=context_argument,
        metavar="N",
        help=f"tokens of conversation to remember; default: the model's own, at most {CONTEXT_LIMIT}",
    )
    parser.add_argument(
        "--threads", type=threads_argument, metavar="N", help="default: every core that is free"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="no colours and no cursor tricks, whole sentences a line: for who has the screen read out",
    )
    add_running_options(
        parser, otherwise=f"default {CHAT.cache_type}; smaller ones take less memory"
    )


def run(arguments: argparse.Namespace) -> int:
    """Open the model and talk."""
    check_gguf(arguments.model)
    check_parts(arguments.model)
    seed = random.randrange(2**32) if arguments.seed is None else arguments.seed
    settings = ChatSettings(
        system=arguments.system,
        sampling=Sampling(temperature=arguments.temperature, seed=seed),
        max_tokens=arguments.max_tokens,
    )
    with open_chat(
        arguments.model,
        settings=settings,
        n_ctx=arguments.ctx,
        threads=arguments.threads,
        how=how_of(arguments, otherwise=CHAT),
    ) as chat:
        converse(FreeLesson(chat), name=chat.model.path.name, plain=arguments.plain)
    return 0
