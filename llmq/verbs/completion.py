"""`llmq completion`: a script with which the shell completes verbs, options, names and files.

shtab makes it of the parsers. The script is static: completing starts no process.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llmq.verbs.arguments import lora_argument, model_argument, one_of
from llmq.verbs.parsers import whole_parser
from llmq_eval.drift import BUILTIN_SUITES

PATHS = (Path, model_argument, lora_argument)
"""The types of arguments that complete to files."""
# What is typed once for each shell.
INSTALL = {
    "bash": "llmq completion bash > ~/.llmq.bash; echo '. ~/.llmq.bash' >> ~/.bashrc",
    "zsh": "llmq completion zsh > ~/.zfunc/_llmq  (a folder of your $fpath)",
    "fish": "llmq completion fish > ~/.config/fish/completions/llmq.fish",
    "powershell": "llmq completion powershell >> $PROFILE",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq completion`."""
    lines = [f"  {shell:<10}  {command}" for shell, command in INSTALL.items()]
    parser.epilog = "\n".join(["type once, then open a new terminal:", *lines])
    shells = tuple(INSTALL)
    parser.add_argument(
        "shell",
        type=one_of(shells, "script for"),
        choices=shells,
        metavar="SHELL",
        help=", ".join(shells),
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    print(script(arguments.shell))
    return 0


def script(shell: str) -> str:
    """The script for one shell: paths complete to files, what has choices to these."""
    import shtab

    whole = whole_parser()
    for action in _actions(whole):
        if action.type in PATHS or {"--output", "--text"} & {*action.option_strings}:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # where shtab looks for it
        elif "--suite" in action.option_strings:
            action.complete = _suite_or_file(shtab.FILE)  # type: ignore[attr-defined]  # likewise
    return shtab.complete(whole, shell)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments of a parser and of the verbs below it."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)


def _suite_or_file(files: Mapping[str, Any]) -> dict[str, Any]:
    """Completes to built-in suites and to files, in the shells whose own words are few."""
    names, both = " ".join(BUILTIN_SUITES), "_llmq_suite_or_file"
    bash = f'{both}() {{ compgen -W "{names}" -- "$1"; _shtab_compgen_files "$1"; }}'
    zsh = f"{both}() {{ compadd {names}; _files }}"
    words = {"bash": both, "zsh": both, "fish": f"{names} {files['fish']}"}
    return {**files, **words, "preamble": {"bash": bash, "zsh": zsh}}
