"""`llmq metadata`: what a GGUF file says of itself, shown and changed."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from llmq.editing import write_edited
from llmq.edits import Edit, edited, edits_of
from llmq.errors import printable
from llmq.files.gguf import GgufFile, open_gguf
from llmq.verbs.arguments import one_of
from llmq.verbs.inspect import print_metadata
from llmq.verbs.inspect_report import plain
from llmq.verbs.paths import check_gguf

ACTIONS = ("set", "remove")
EXAMPLES = """\
llmq metadata tutor.gguf
llmq metadata tutor.gguf set "general.name=My tutor"
llmq metadata tutor.gguf set general.sampling.temp:float32=0.7
llmq metadata tutor.gguf set tokenizer.chat_template=@template.jinja
llmq metadata tutor.gguf remove general.description"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq metadata`."""
    parser.epilog = f"examples:\n  {EXAMPLES.replace(chr(10), chr(10) + '  ')}"
    parser.add_argument("file", metavar="FILE", type=Path, help="a GGUF file")
    parser.add_argument(
        "action",
        metavar="set|remove",
        nargs="?",
        type=one_of(ACTIONS, "action"),
        choices=ACTIONS,
        help="change it; without this, show it",
    )
    parser.add_argument(
        "keys",
        metavar="KEY[:TYPE][=VALUE]",
        nargs="*",
        help="a key keeps its type, a new one is a text unless it names a type; @FILE is a file's text",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write another file, and leave this one as it is"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    parser.add_argument("--dry-run", action="store_true", help="show the changes, and stop")
    parser.add_argument("--json", action="store_true", help="the keys or the changes as JSON")
    parser.add_argument(
        "--no-load-check",
        dest="load_check",
        action="store_false",
        help="do not have llama.cpp try the file before it takes its name",
    )
    parser.set_defaults(usage_error=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Show the keys, or change them."""
    if arguments.action and not arguments.keys:
        arguments.usage_error(
            f"{arguments.action} what? name a key, as in {EXAMPLES.split(chr(10))[1]}"
        )
    check_gguf(arguments.file, use="llmq metadata")
    file = open_gguf(arguments.file)
    if not arguments.action:
        _show(file, as_json=arguments.json)
        return 0
    edits = edits_of(file, arguments.keys, remove=arguments.action == "remove")
    _check_templates(file, edits)
    stream = sys.stdout if arguments.dry_run and not arguments.json else sys.stderr
    for edit in edits:
        print(_in_words(edit), file=stream)
    output = Path(arguments.output or arguments.file)
    if not arguments.dry_run:
        same = arguments.output is None
        write_edited(
            file,
            edited(file, edits),
            output,
            force=arguments.force or same,
            load_check=arguments.load_check,
        )
        tried = " and opened by llama.cpp" if arguments.load_check else ""
        print(f"{output}: written, read back, the tensors unchanged{tried}", file=sys.stderr)
    if arguments.json:
        changes = [
            {"key": e.key, "before": _as_json(e, "before"), "after": _as_json(e, "after")}
            for e in edits
        ]
        print(json.dumps({"output": str(output), "changes": changes}, indent=1))
    return 0


def _check_templates(file: GgufFile, edits: Sequence[Edit]) -> None:
    """Raise `ModelError` for a chat template that is none: llama.cpp opens a file with any."""
    from llmq.runtime.chat_template import ChatTemplate

    for edit in edits:
        if edit.key.startswith("tokenizer.chat_template") and isinstance(edit.after, str):
            ChatTemplate(edit.after, bos="", eos="", name=str(file.path)).check()


def _show(file: GgufFile, *, as_json: bool) -> None:
    metadata = plain(file.metadata)
    if as_json:
        print(json.dumps(metadata, indent=1))
    else:
        print_metadata(metadata, whole=False)


def _as_json(edit: Edit, side: str) -> object:
    value = getattr(edit, side)
    return None if value is None else plain({edit.key: value})[edit.key]


def _in_words(edit: Edit) -> str:
    """One line of what changes."""
    before, after = (
        "nothing" if value is None else json.dumps(value, ensure_ascii=False)
        for value in (_as_json(edit, "before"), _as_json(edit, "after"))
    )
    return printable(f"{edit.key}: {before:.60} -> {after:.60}")
