"""A checkpoint with LoRA adapters merged into it: what its tensors are then, and its settings.

Nothing is computed here. A tensor that an adapter adds to becomes one that adds as it is read
(llmq/sources/adapters/merged_weights.py); one that was trained whole gives way to that of the
adapter.

The output matrix may be tied to the token embedding. peft trains the two apart all the same where
an adapter changes one of them (`BaseTuner._check_tied_modules` warns of it): the other stays what
it was. So they are two tensors here as well, unless the adapter says that they stay tied, or both
come out the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmq.architectures.table import Architecture
from llmq.errors import AdapterError
from llmq.files.safetensors import TensorRef
from llmq.sources.adapters.adapter import Adapter, Parts
from llmq.sources.adapters.merged_weights import (
    MergedWeights,
    Product,
    ReplacedRows,
    ShiftedBias,
    called,
)
from llmq.sources.adapters.names import Names
from llmq.sources.adapters.settings import CONFIG_NAME, scaling, trained_tokens
from llmq.sources.checkpoint import Checkpoint
from llmq.sources.matching import same
from llmq.sources.settings import model_settings
from llmq.weights import Weights

EMBEDDING, OUTPUT = "token_embd.weight", "output.weight"  # in GGUF
TOKENIZERS = ("tokenizer.json", "tokenizer.model")


def merged(
    checkpoint: Checkpoint, architecture: Architecture, adapters: Sequence[Adapter]
) -> tuple[Checkpoint, tuple[str, ...]]:
    """The checkpoint with the adapters in it, in order, and what is worth saying of them.

    Raises `AdapterError` where an adapter does not fit the checkpoint.
    """
    notes = [] if adapters else _beside(checkpoint.path)
    for adapter in adapters:
        notes += _notes(adapter, checkpoint)
        checkpoint = _Merging(checkpoint, architecture, adapter).result()
    return checkpoint, tuple(notes)


def tokenizer_folder(checkpoint: Checkpoint, adapters: Sequence[Adapter]) -> Path:
    """The folder whose tokenizer counts: that of the last adapter which brings one."""
    own = [a.path for a in adapters if any((a.path / name).is_file() for name in TOKENIZERS)]
    return own[-1] if own else checkpoint.path


def _beside(folder: Path) -> list[str]:
    """What is said of an adapter that lies beside a model's own weights and is not asked for.

    It may be merged into them already; transformers adds it where peft is installed.
    """
    if not (folder / CONFIG_NAME).is_file():
        return []
    return [
        f"the folder holds an adapter too ({CONFIG_NAME}), which is left out; if the weights are without"
        f" it yet, add --lora {folder}"
    ]


def _notes(adapter: Adapter, checkpoint: Checkpoint) -> list[str]:
    """What is merged, and what the adapter says of its base."""
    scale = f" times {adapter.scale:g}" if adapter.scale != 1 else ""
    notes = [f"the adapter {adapter.name} is merged{scale}: {adapter.in_words()}"]
    base = Path(adapter.base or checkpoint.name).name
    if base.casefold() != checkpoint.name.casefold():
        notes.append(
            f"the adapter {adapter.name} names {adapter.base} as its base; {checkpoint.name} is taken"
        )
    return notes


class _Merging:
    """One adapter and the checkpoint that it goes into."""

    def __init__(
        self, checkpoint: Checkpoint, architecture: Architecture, adapter: Adapter
    ) -> None:
        self.checkpoint, self.architecture, self.adapter = checkpoint, architecture, adapter
        self.tensors: dict[str, Weights] = dict(checkpoint.tensors)
        self.changes: dict[str, Any] = {}  # of the settings
        self.names = Names(self.tensors, architecture)
        sources = {row.target: row.source for row in architecture.tensors}
        self.embedding, self.output = sources[EMBEDDING], sources.get(OUTPUT, "")

    def result(self) -> Checkpoint:
        """The checkpoint with the adapter in it."""
        adapter = self.adapter
        for name, tensor in adapter.base_layers.items():
            self._replace(self._found(name), tensor)
        for module, rows in adapter.rows.items():
            self._replace_rows(self._found(f"{module}.weight"), module, rows)
        whole = {self._found(name): tensor for name, tensor in adapter.whole.items()}
        added = {self._found(f"{module}.weight"): module for module in adapter.parts}
        self._settle_output(whole, added)
        for name, tensor in whole.items():
            self._replace(name, tensor)
        for name, module in added.items():
            self._add(name, module, adapter.parts[module])
        n_rows = self.tensors[self.embedding].shape[0]
        if n_rows != self._told("vocab_size"):
            self.changes["vocab_size"] = n_rows
        return replace(self.checkpoint, tensors=self.tensors, config=self._config())

    def _found(self, name: str) -> str:
        found = self.names.find(name)
        if found is None:
            raise self._misfit(f"changes {name!r}, which {self.checkpoint.name} does not have")
        return found

    def _misfit(self, what: str) -> AdapterError:
        base = self.adapter.base
        named = f"; the base that it names is {base}" if base else ""
        return AdapterError(f"{self.adapter.path}: the adapter {what}{named}")

    def _replace(self, name: str, tensor: TensorRef) -> None:
        """Let the adapter's tensor be the one of this name; embeddings may grow."""
        base = self.tensors.get(name)
        if base is None and name != self.output:
            raise self._misfit(f"brings {name!r}, which {self.checkpoint.name} does not have")
        skipped = 1 if name in (self.embedding, self.output) else 0
        if base is not None and tensor.shape[skipped:] != base.shape[skipped:]:
            raise self._misfit(
                f"brings {name!r} of the shape {list(tensor.shape)} instead of {list(base.shape)}"
            )
        self.tensors[name] = replace(tensor, name=name)

    def _replace_rows(self, name: str, module: str, rows: TensorRef) -> None:
        """Let the rows of tokens that were trained be the adapter's."""
        base = self.tensors.get(name)
        if base is None:
            raise self._misfit(f"changes {name!r}, which {self.checkpoint.name} does not have")
        tokens = trained_tokens(self.adapter.settings, module, self.adapter.path)
        if rows.shape != (len(tokens), base.shape[-1]) or max(tokens) >= base.shape[0]:
            raise self._misfit(f"brings {list(rows.shape)} rows of tokens for {name!r}")
        self.tensors[name] = ReplacedRows(base, rows, tokens)

    def _settle_output(self, whole: dict[str, TensorRef], added: dict[str, str]) -> None:
        """Make the output matrix a tensor of its own where it is no longer the embedding's."""
        if not self._told("tie_word_embeddings"):
            return
        embedding, output = whole.get(self.embedding), whole.get(self.output)
        alone = self.embedding not in added and self.output not in added
        grown = embedding and embedding.shape != self.tensors[self.embedding].shape
        if self.adapter.settings.get("ensure_weight_tying") or (
            alone and embedding and (grown if output is None else same(embedding, output))
        ):
            for those in (whole, added, self.tensors):
                those.pop(self.output, None)
            return
        if alone and embedding is None and output is None:
            return
        self.changes["tie_word_embeddings"] = False
        settings = self.architecture.settings(self._config())
        if not any(
            row.target == OUTPUT and row.present(settings) for row in self.architecture.tensors
        ):
            raise self._misfit(
                f"changes the embedding or the output matrix alone, which {self.architecture.name}"
                " has as one"
            )
        if self.output not in self.tensors:
            self.tensors[self.output] = called(self.tensors[self.embedding], self.output)

    def _add(self, name: str, module: str, parts: Parts) -> None:
        """Add the product of two matrices to a tensor, and a bias to its bias."""
        base = self.tensors.get(name)
        if base is None:
            raise self._misfit(f"changes {name!r}, which {self.checkpoint.name} does not have")
        rank = parts.wide.shape[1 if parts.of_embedding else 0]
        scale = scaling(self.adapter.settings, module, rank, self.adapter.path) * self.adapter.scale
        product = Product(parts.tall, parts.wide, scale, parts.of_embedding, parts.magnitude)
        if product.shape != base.shape or len(set(product.ranks)) != 1:
            raise self._misfit(
                f"adds {list(product.shape)} to {name!r}, which is {list(base.shape)}"
            )
        if isinstance(base, MergedWeights):
            self.tensors[name] = replace(base, products=(*base.products, product))
        else:
            self.tensors[name] = MergedWeights(base, (product,))
        if parts.bias is not None:
            self._shift(f"{name.removesuffix('.weight')}.bias", parts.bias, scale)

    def _shift(self, name: str, added: TensorRef, scale: float) -> None:
        base = self.tensors.get(name)
        if base is None or base.shape != added.shape:
            raise self._misfit(f"adds to the bias {name!r}, which {self.checkpoint.name} lacks")
        self.tensors[name] = ShiftedBias(base, added, scale)

    def _told(self, setting: str) -> Any:
        return model_settings(self.checkpoint, self.architecture).get(setting)

    def _config(self) -> dict[str, Any]:
        """config.json with the settings that change, wherever it has them."""
        config, nested = {**self.checkpoint.config, **self.changes}, self.architecture.nested
        return config | ({nested: {**config[nested], **self.changes}} if nested else {})
