"""The options of `llmq chat`."""

import argparse
from pathlib import Path

from llmq.chat.conversation import ChatSettings
from llmq.runtime import CHAT
from llmq.runtime.opening import CONTEXT_LIMIT
from llmq.verbs.arguments import (
    context_argument,
    count_argument,
    seed_argument,
    temperature_argument,
    threads_argument,
)
from llmq.verbs.running import add_running_options

DEFAULTS = ChatSettings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq chat`."""
    parser.add_argument(
        "model",
        metavar="MODEL.gguf",
        type=Path,
        nargs="?",
        help="the model to talk to; without it, those that are found are offered",
    )
    _add_lesson(parser)
    _add_replies(parser)
    _add_model(parser)


def _add_lesson(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the lesson")
    group.add_argument(
        "--profile",
        metavar="NAME|FILE",
        help="how the tutor teaches: socratic (the default), explainer, quiz, or a TOML file",
    )
    group.add_argument(
        "--course", metavar="FILE", type=Path, help="skills and problems; default: built in"
    )
    group.add_argument("--session", metavar="NAME", help="a chat by name: begun, or gone on with")
    group.add_argument("--resume", action="store_true", help="go on with the latest chat")
    group.add_argument("--private", action="store_true", help="keep nothing of this chat")
    group.add_argument(
        "--plain",
        action="store_true",
        help="no colours and no cursor tricks, whole sentences: for a screen that is read out",
    )


def _add_replies(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("replies")
    group.add_argument(
        "--system",
        metavar="TEXT",
        help="what the model is told of its part; default: the profile's",
    )
    group.add_argument(
        "--temperature",
        type=temperature_argument,
        metavar="T",
        help="0 always takes the likeliest word, 0.7 varies; default: what the file asks for, or 0",
    )
    group.add_argument(
        "--seed", type=seed_argument, metavar="N", help="makes a varied chat repeatable"
    )
    group.add_argument(
        "--max-tokens",
        type=count_argument,
        default=DEFAULTS.max_tokens,
        metavar="N",
        help=f"the longest reply; default {DEFAULTS.max_tokens}",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the model")
    group.add_argument(
        "--lora", metavar="FILE", type=Path, help="a LoRA adapter in a GGUF file, as of a subject"
    )
    group.add_argument(
        "--fallback",
        metavar="FILE",
        type=Path,
        help="a smaller model, in case the first does not fit or is too slow here",
    )
    group.add_argument(
        "--ctx",
        "--context",
        type=context_argument,
        metavar="N",
        help=f"tokens of conversation to remember; default: the model's own, at most {CONTEXT_LIMIT}",
    )
    group.add_argument(
        "--threads", type=threads_argument, metavar="N", help="default: every core that is free"
    )
    add_running_options(
        group, otherwise=f"default {CHAT.cache_type}; smaller ones take less memory"
    )
