"""`llmq chat` without a model: those that are found, and the tutor that comes with llmq."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from llmq import bundled
from llmq.chat.store import default_folder
from llmq.errors import LlmqError, printable
from llmq.files.parts import parts_of
from llmq.spelling import counted
from llmq.verbs.paths import typed

MODELS = "models"  # a folder in which people keep them
MOST = 20  # of the files that are listed
BUNDLED = "the small tutor that comes with llmq"


def found_models() -> list[Path]:
    """GGUF files here, in `models` and in llmq's own folder; of a split model the first part."""
    here = Path()
    folders = [here, here / MODELS, default_folder(), default_folder() / MODELS]
    return list(islice(dict.fromkeys(_in(folders)), MOST))


def _in(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        for file in sorted(folder.glob("*.gguf")) if folder.is_dir() else []:
            if file.is_file() and file == (parts_of(file) or [file])[0]:
                yield file


def choose() -> Path | None:
    """The model that a person names; None where nobody can be asked, and what there is was said."""
    models = found_models()
    own = _bundled()
    for number, model in enumerate(models, start=1):
        _say(f"{number:3d}  {model}")
    if own:
        _say(f"{len(models) + 1:3d}  {BUNDLED}")
    names = [*models, *([own] if own else [])]
    if not (sys.stdin.isatty() and names):
        offered = f"; {typed(own)} is {BUNDLED}" if own else ""
        what = "name a GGUF file"
        if len(models) > 1:
            what = f"name one of {counted(len(models), 'model')}"
        _say(f"llmq chat: which model? {what}, as in llmq chat MODEL.gguf{offered}")
        return None
    return _asked(names)


def _asked(models: list[Path]) -> Path | None:
    """The model whose number is typed; the first for none."""
    for _ in range(3):
        try:
            answer = input(f"which one? [1-{len(models)}, Enter for 1] ").strip() or "1"
        except EOFError:
            break
        if answer.isdecimal() and 1 <= int(answer[:9]) <= len(models):
            return models[int(answer) - 1]
        _say(f"{answer!r} is not a number from 1 to {len(models)}")
    _say("llmq chat: no model was chosen")
    return None


def _bundled() -> Path | None:
    try:
        return bundled.path()
    except LlmqError as error:  # a checkout that cannot make it now still has other models
        _say(f"note: {error}")
        return None


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)
