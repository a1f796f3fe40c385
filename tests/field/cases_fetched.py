"""What fetching leaves: pointers and pages in place of files, variants, the hub's cache."""

from collections.abc import Callable
from pathlib import Path

from tests.field.bases import LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts, Refused, refused
from tests.field.cases_files import POINTER, same
from tests.field.folder import Step, config, file, gone, weights

INDEX = "model.safetensors.index.json"
PAGE = "\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"
SINGLE = (weights(same), gone(INDEX))


def renamed(change: Callable[[str], str]) -> Step:
    """The files of weights are called otherwise, and there is no index."""

    def step(folder: Path) -> None:
        (folder / INDEX).unlink(missing_ok=True)
        for path in sorted(folder.glob("*.safetensors")):
            path.rename(path.with_name(change(path.name)))

    return step


def copy_of(source: str, target: str) -> Step:
    """The bytes of one file under another name."""
    return lambda folder: file(target, (folder / source).read_bytes())(folder)


def links(store: str, home: str, *, whole: bool = False) -> Step:
    """The folder is one of links to files in `store`, beside it; it lies in `home` if `whole`."""

    def step(folder: Path) -> None:
        blobs, real = folder.parent / store, folder.parent / home
        blobs.mkdir(parents=True)
        if whole:
            real.parent.mkdir(parents=True)
            folder.rename(real)
            folder.symlink_to(real, target_is_directory=True)
        for number, path in enumerate(sorted(folder.iterdir())):
            path.rename(blobs / str(number))
            path.symlink_to(blobs / str(number))

    return step


ONE = renamed(lambda _name: "model.safetensors")
CACHE = "models--me--tutor"


def instead(content: str, words: str) -> tuple[Case, ...]:
    """Each file of a model has this content."""
    kind = "a pointer" if content == POINTER else "a page"
    right: Refused = refused(words)
    names = ("config.json", "tokenizer.json", "tokenizer_config.json", INDEX)
    return (
        Case(
            f"fetched: {kind} for the weights",
            LLAMA,
            (*SINGLE, ONE, file("model.safetensors", content)),
            refused("model.safetensors", words),
        ),
        Case(
            f"fetched: {kind} for tokenizer.model",
            PIECE_LLAMA,
            (file("tokenizer.model", content),),
            refused("tokenizer.model", words),
        ),
        *(
            Case(f"fetched: {kind} for {name}", QWEN2, (file(name, content),), right)
            for name in names
        ),
    )


CASES = (
    *instead(POINTER, "git lfs pull"),
    *instead(PAGE, "is a web page"),
    Case(
        "fetched: a pointer for generation_config.json",
        LLAMA,
        (file("generation_config.json", POINTER),),
        Converts(("is a pointer of git-lfs",)),
    ),
    Case(
        "fetched: fp16 beside the weights",
        LLAMA,
        (*SINGLE, ONE, copy_of("model.safetensors", "model.fp16.safetensors")),
        Converts(("model.fp16.safetensors beside model.safetensors",)),
    ),
    Case("fetched: fp16 beside shards", QWEN2, (file("model.fp16.safetensors", b""),)),
    Case(
        "fetched: fp16 alone",
        LLAMA,
        (*SINGLE, renamed(lambda _name: "model.fp16.safetensors")),
        Converts(as_before=True),
    ),
    Case(
        "fetched: shards of fp16 alone",
        QWEN3,
        (weights(same, shards=3), renamed(lambda name: name.replace("model", "model.fp16"))),
        Converts(as_before=True),
    ),
    Case(
        "fetched: two variants and no other",
        LLAMA,
        (
            *SINGLE,
            renamed(lambda _name: "model.fp16.safetensors"),
            copy_of("model.fp16.safetensors", "model.bf16.safetensors"),
        ),
        refused("model.bf16.safetensors", "model.fp16.safetensors"),
    ),
    Case(
        "fetched: one file and shards",
        QWEN2,
        (gone(INDEX), file("model.safetensors", b"")),
        refused("model.safetensors", "remove the one not meant"),
    ),
    Case(
        "fetched: what macOS leaves beside each file",
        METASPACE,
        (
            gone(INDEX),
            file("._model-00001-of-00002.safetensors", b"\x00\x05\x16\x07"),
            file("._config.json", b"\x00\x05\x16\x07"),
        ),
        Converts(as_before=True),
    ),
    Case(
        "fetched: the original's weights alone",
        MISTRAL,
        (*SINGLE, renamed(lambda _name: "consolidated.safetensors")),
        refused("consolidated.safetensors", "makers' own form", "fetch model.safetensors"),
    ),
    Case(
        "fetched: the original's folder",
        MISTRAL,
        (
            *SINGLE,
            renamed(lambda _name: "consolidated.safetensors"),
            gone("config.json"),
            file("params.json", "{}"),
        ),
        refused("consolidated.safetensors", "config.json"),
    ),
    Case(
        "cache: a snapshot", LLAMA, (links(f"{CACHE}/blobs", f"{CACHE}/snapshots/0a", whole=True),)
    ),
    Case(
        "cache: a folder of a snapshot",
        QWEN2,
        (links(f"{CACHE}/blobs", f"{CACHE}/snapshots/0a/final", whole=True),),
    ),
    Case("cache: a folder of links into it", QWEN3, (links(f"{CACHE}/blobs", ""),)),
    Case(
        "cache: a folder of links elsewhere",
        LLAMA,
        (links("elsewhere", ""),),
        refused("is a link to", "copy the file here"),
    ),
    Case(
        "cache: a folder of links to blobs of no model",
        LLAMA,
        (links("blobs", ""),),
        refused("is a link to", "copy the file here"),
    ),
    Case(
        "window: on, and no layer has it",
        QWEN2,
        (config(use_sliding_window=True, sliding_window=16, max_window_layers=2),),
        Converts(unsaid=("attention reaches",)),
    ),
    Case(
        "window: on, and every layer attends to all",
        QWEN3,
        (config(use_sliding_window=True, sliding_window=16, layer_types=["full_attention"] * 2),),
        Converts(unsaid=("attention reaches",)),
    ),
    Case(
        "window: off",
        QWEN2,
        (config(use_sliding_window=False, sliding_window=16, max_window_layers=1),),
        Converts(unsaid=("attention reaches",)),
    ),
    Case(
        "window: as long as the context",
        MISTRAL,
        (config(sliding_window=256),),
        Converts(unsaid=("attention reaches",)),
    ),
)
