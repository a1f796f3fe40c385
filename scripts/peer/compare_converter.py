"""Convert folders with llmq and with llama.cpp's converter and quantizer; list every difference.

    scripts/compare-converter [FOLDER ...] [--classes NAME ...]

Compared are the metadata (keys, types, values; the converter's order too) and the tensors (names,
shapes, types, bytes). The converter is given the name of the pre-tokenizer that llmq found. Keys
called `llmq.` are left out. Differences that are on purpose stand in
`eval/llmq_peer/expected_differences.py`, and in the table at the end; any other ends the command
with 1.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from llmq.files.gguf import GgufFile, open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq_kernels import Encoder
from llmq_peer.differences import differences_between
from llmq_peer.expected_differences import Found, reason_for, reasons_table
from llmq_peer.llama_quantize import quantize
from llmq_peer.random_models import save_random_model
from llmq_peer.typical_tokenizers import kinds_of, save_tokenizer
from llmq_peer.variants import VARIANTS
from scripts.peer.commands import QUANTIZED, ROOT
from scripts.peer.converter_process import ConverterProcess

CONVERTED = {"F32": "f32", "F16": "f16", "BF16": "bf16", "Q8_0": "q8_0"}
OPTIONS = {name: ("--no-mtp",) for name in VARIANTS if name.startswith("Qwen3_5")}
"""What the converter has to be told of a class."""
OLDER_KINDS = {"full_attention": "attention", "linear_attention": "mamba"}
"""Kinds of layers of Granite 4, as transformers called them before 5 and the converter does."""


class Model(NamedTuple):
    """A folder; with `quantized`, llama-quantize's recipes are compared too."""

    folder: Path
    quantized: bool = True


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        help="default: the bundled tutor, and random models of every class and its tokenizers",
    )
    parser.add_argument("--classes", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    arguments = parser.parse_args()
    everything: list[Found] = []
    unexplained = 0
    with tempfile.TemporaryDirectory() as made, ConverterProcess() as converter:
        given = [Model(folder) for folder in arguments.folders]
        for model in given or default_models(Path(made), arguments.classes):
            found = list(compare(model, Path(made), converter))
            wrong = [one for one in found if reason_for(one) is None]
            everything, unexplained = everything + found, unexplained + len(wrong)
            purpose = len(found) - len(wrong)
            print(
                f"{model.folder.name}: {len(wrong)} differences, {purpose} on purpose", flush=True
            )
            for one in wrong:
                print(f"    {one.text} ({', '.join(one.files)})")
    print(*reasons_table(everything), sep="\n")
    print(f"{unexplained} differences without a reason")
    return 1 if unexplained else 0


def default_models(made: Path, classes: list[str]) -> Iterator[Model]:
    """The bundled tutor; every variant of the classes, the first with each kind of tokenizer."""
    yield Model(ROOT / "eval" / "tutor")
    for name in classes:
        first, *others = kinds_of(name)
        for number, variant in enumerate(VARIANTS[name]):
            for kind in (first, *(others if number == 0 else ())):
                folder = made / f"{name}-{kind}-{number}"
                tokens = save_tokenizer(folder, kind)
                sizes = [key for key in variant.settings if key.startswith("vocab_size")]
                settings = {**variant.settings, **dict.fromkeys(sizes, tokens["vocab_size"])}
                save_random_model(folder, name, {**settings, **tokens})
                if name == "GraniteMoeHybridForCausalLM":
                    as_published(folder / "config.json")
                yield Model(folder, quantized=number == 0)


def as_published(path: Path) -> None:
    """Write a config.json of Granite 4 as those are that the converter was made for."""
    config = json.loads(path.read_text())
    config["layer_types"] = [OLDER_KINDS[kind] for kind in config["layer_types"]]
    if not config["num_local_experts"]:
        config["num_experts_per_tok"] = 0  # llama.cpp opens no file that says otherwise
    path.write_text(json.dumps(config))


def compare(model: Model, scratch: Path, converter: ConverterProcess) -> list[Found]:
    """The differences, each with the files that have it."""
    hf_name = json.loads((model.folder / "config.json").read_text())["architectures"][0]
    files: dict[str, list[str]] = {}
    for file, text in every_difference(model, hf_name, scratch, converter):
        files.setdefault(text, []).append(file)
    return [Found(hf_name, text, tuple(names)) for text, names in files.items()]


def every_difference(
    model: Model, hf_name: str, scratch: Path, converter: ConverterProcess
) -> Iterator[tuple[str, str]]:
    """File and difference: to the converter's files, then to what the quantizer makes of one."""
    source = open_source(model.folder)
    pre = str(source.metadata.get("tokenizer.ggml.pre", ""))
    known = set()
    for recipe, outtype in CONVERTED.items():
        ours, output = convert(source, recipe, scratch), scratch / f"theirs-{recipe}.gguf"
        options = OPTIONS.get(hf_name, ())
        said = converter.convert(model.folder, output, outtype=outtype, pre=pre, options=options)
        if said:
            yield recipe, f"no file: the converter says {said.splitlines()[-1]}"
            return
        for text in differences(ours, open_gguf(output)):
            known.add(text)
            yield recipe, text
    for recipe, file_type in QUANTIZED.items() if model.quantized else ():
        ours = convert(source, recipe, scratch)
        theirs = quantize(scratch / "theirs-F32.gguf", scratch / "quantized.gguf", file_type)
        for text in differences_between(ours, theirs):
            if text not in known:
                yield f"{recipe} quantized", text


def convert(source: Source, recipe: str, scratch: Path) -> GgufFile:
    """Our file of this recipe, with ggml's encoders."""
    plan = make_plan(source, recipe=recipe, encoder=Encoder.GGML)
    return open_gguf(execute(plan, scratch / f"ours-{recipe}.gguf", force=True, load_check=False))


def differences(ours: GgufFile, theirs: GgufFile) -> Iterator[str]:
    """What the files differ in, and whether the keys that both have are in another order."""
    yield from differences_between(ours, theirs)
    shared = [
        [key for key in one.metadata if key in other.metadata]
        for one, other in ((ours, theirs), (theirs, ours))
    ]
    if shared[0] != shared[1]:
        yield "the order of the keys"


if __name__ == "__main__":
    sys.exit(main())
