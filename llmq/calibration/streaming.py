"""A checkpoint computed layer by layer: the weights of one layer are in memory at a time.

transformers knows how every family computes; its model is built without weights, and each layer
gets those of the checkpoint for as long as it works. What a layer is called with besides the hidden
states (positions, masks) is learned by calling the model once with layers that only take notes.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmq.architectures import architecture_for
from llmq.calibration.torch_extra import torch, transformers
from llmq.errors import CalibrationError, CheckpointError, one_line
from llmq.files.json import read_json_object
from llmq.sources.source import Source
from llmq.sources.tensor import SourceTensor

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
LAST_NORMS = ("norm", "embedding_norm")
OVERRULED: Mapping[str, Any] = {
    "pad_token_id": None,  # torch insists on this row of the embedding; only rows used are there
    "gradient_checkpointing": False,  # keeps what training needs
    "is_causal": True,  # as llama.cpp computes these families
}
"""Settings of a config.json that do not count here."""

Ids = NDArray[np.int32]
Rows = NDArray[np.float32]
RowsOf = Callable[[Rows], Rows]


class Reached(Exception):  # noqa: N818  # no error: a layer is left early
    """The module whose input was asked for has been reached."""


@dataclass
class Layer:
    """One decoder layer with weights, and what it is called with besides hidden states."""

    module: "Module"
    arguments: Mapping[str, Any]
    prefix: str
    """Of its tensors' names in the checkpoint."""

    def __call__(self, hidden: "Tensor") -> "Tensor":
        """The hidden states (n, window, width) behind it."""
        found = self.module(hidden, **self.arguments)
        result: Tensor = found[0] if isinstance(found, tuple) else found
        return result

    def twin(self) -> "Layer":
        """A layer with weights of its own, so far the same."""
        return Layer(copy.deepcopy(self.module), self.arguments, self.prefix)

    def linears(self) -> dict[str, "Module"]:
        """Its matrices that multiply, by the name of their weights in the checkpoint."""
        return {
            f"{self.prefix}{name}.weight": module
            for name, module in self.module.named_modules()
            if isinstance(module, torch().nn.Linear)
        }

    def norms(self) -> list["Module"]:
        """Its norms, those of heads too."""
        return [module for name, module in self.module.named_modules() if name.endswith("norm")]

    def load(self, name: str, rows: Rows) -> None:
        """Replace one matrix by `rows`, in the checkpoint's order."""
        module = self.module.get_submodule(name.removeprefix(self.prefix).removesuffix(".weight"))
        module.weight = torch().nn.Parameter(torch().from_numpy(rows), requires_grad=False)


@dataclass
class Skeleton:
    """A model of transformers without weights, and the source that has them."""

    source: Source
    model: Any
    by_name: dict[str, SourceTensor] = field(init=False)
    """The source's tensors by the names that the class of the model has for them."""

    def __post_init__(self) -> None:
        self.by_name = {tensor.called: tensor for tensor in self.source.tensors}

    @property
    def n_layers(self) -> int:
        """How many decoder layers it has."""
        return len(self.model.model.layers)

    def embedded(self, ids: Ids, rows_of: RowsOf | None = None) -> "Tensor":
        """The hidden states (n_windows, window, width) before the first layer.

        Only rows of tokens that occur are read; `rows_of` makes others of them.
        """
        return self._begin(ids, rows_of)[0]

    def layers(self, window: int, *, start: int = 0) -> Iterator[Layer]:
        """Every layer from `start` in order, with weights until the next is asked for."""
        _, arguments = self._begin(np.zeros((1, window), np.int32), None)
        for index, module in [*enumerate(self.model.model.layers)][start:]:
            layer = Layer(module, arguments[index], f"model.layers.{index}.")
            with self._weights(module, layer.prefix):
                yield layer

    def normed(self, hidden: "Tensor") -> "Tensor":
        """What the output matrix is multiplied with."""
        name = next(name for name in LAST_NORMS if hasattr(self.model.model, name))
        norm = getattr(self.model.model, name)
        with self._weights(norm, f"model.{name}."):
            result: Tensor = norm(hidden)
        return result

    @contextmanager
    def _weights(self, module: "Module", prefix: str) -> Iterator[None]:
        """`module` with its weights from the source, for a while."""
        loaded = {
            name: self._tensor(prefix + name).reshape(parameter.shape)  # of a convolution, wider
            for name, parameter in module.named_parameters()
        }
        module.load_state_dict(loaded, strict=False, assign=True)
        module.requires_grad_(requires_grad=False)
        try:
            yield
        finally:
            module.to(device="meta")

    def _tensor(self, name: str) -> "Tensor":
        if name not in self.by_name:
            raise CalibrationError(
                f"{self.source.path}: transformers computes with {name!r}, which llmq does not read"
            )
        tensor = self.by_name[name]
        rows = tensor.weights.read(0, tensor.n_rows)
        found: Tensor = torch().from_numpy(np.array(rows, np.float32))
        return found

    def _begin(self, ids: Ids, rows_of: RowsOf | None) -> tuple["Tensor", list[dict[str, Any]]]:
        """The first hidden states, and what each layer is called with besides."""
        embedding = self.model.get_input_embeddings()
        used, places = np.unique(ids, return_inverse=True)
        weights = self.by_name[EMBEDDING].weights
        if used[-1] >= weights.shape[0]:
            raise CalibrationError(
                f"{self.source.path}: the text has the token {used[-1]}, beyond the"
                f" {weights.shape[0]} rows of the embedding"
            )
        table = np.concatenate([weights.read(int(i), int(i) + 1) for i in used])
        if rows_of is not None:
            table = rows_of(table)
        kept = embedding.weight
        embedding.weight = torch().nn.Parameter(torch().from_numpy(table), requires_grad=False)
        notes = _Notes(self.n_layers)
        layers = self.model.model.layers
        try:
            self.model.model.layers = torch().nn.ModuleList(notes.takers())
            with _ended_by_notes():
                self.model.model(
                    input_ids=torch().from_numpy(places.reshape(ids.shape).astype(np.int64)),
                    use_cache=False,
                )
        finally:
            self.model.model.layers = layers
            embedding.weight = kept
        return notes.hidden, notes.arguments

    @property
    def head(self) -> str:
        """The name of the output matrix in the checkpoint; where it is tied, the embedding's."""
        return HEAD if HEAD in self.by_name else EMBEDDING


class _Notes:
    """What each layer of a model is called with."""

    def __init__(self, n_layers: int) -> None:
        self.n_layers = n_layers
        self.arguments: list[dict[str, Any]] = []
        self.hidden: Any = None

    def takers(self) -> list["Module"]:
        """Layers that take notes; the last one ends the computation."""
        notes = self

        class Taker(torch().nn.Module):  # type: ignore[misc]  # known at run time only
            def forward(self, hidden: "Tensor", **arguments: Any) -> "Tensor":
                notes.hidden = hidden
                notes.arguments.append(arguments)
                if len(notes.arguments) == notes.n_layers:
                    raise Reached
                return hidden

        return [Taker() for _ in range(self.n_layers)]


@contextmanager
def _ended_by_notes() -> Iterator[None]:
    try:
        with torch().no_grad():
            yield
    except Reached:
        return


def open_skeleton(source: Source) -> Skeleton:
    """The model of a checkpoint's folder, without weights. Raises CalibrationError.

    Its class is the one that config.json names, as everywhere in llmq, or where that has several
    parts the class of the text alone: the folder's own code is never asked for, and `model_type`
    may be missing.
    """
    architecture = architecture_for(read_json_object(source.path / "config.json", CheckpointError))
    named = architecture.hf_name
    try:
        kind = getattr(transformers(), named)
        config = kind.config_class.from_pretrained(source.path, local_files_only=True, **OVERRULED)
        if architecture.nested:
            config = config.get_text_config()
            config.update(OVERRULED)
            kind = transformers().AutoModelForCausalLM._model_mapping[type(config)]
        attention = "sdpa" if kind._supports_sdpa else "eager"  # Gemma 2 caps what sdpa hides
        with torch().device("meta"):
            model = kind._from_config(config, dtype=torch().float32, attn_implementation=attention)
        _make_buffers(model, config)
    except Exception as error:  # what a strange setting raises depends on the setting
        raise CalibrationError(
            f"{source.path}: transformers cannot build {named} of its config.json"
            f" ({one_line(str(error))})"
        ) from None
    model.eval()
    return Skeleton(source, model)


def _make_buffers(model: Any, config: Any) -> None:
    """Give modules the numbers that follow from the settings, and lie in no checkpoint."""
    for name, module in list(model.named_modules()):
        if hasattr(module, "scalar_embed_scale"):  # an embedding of Gemma's
            module.embed_scale = torch().tensor(module.scalar_embed_scale)
        if any(True for _ in module.parameters()) or not any(True for _ in module.buffers()):
            continue
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, type(module)(config))


def groups_of(layer: Layer, hidden: "Tensor") -> list[tuple[str, ...]]:
    """The matrices that are multiplied with the same input, group by group in order of use."""
    names: list[list[str]] = []
    last: list[Any] = [None]

    def note(name: str) -> Any:
        def hook(_module: "Module", inputs: tuple["Tensor", ...]) -> None:
            if last[0] is not inputs[0]:
                last[0] = inputs[0]
                names.append([])
            names[-1].append(name)

        return hook

    with hooked({module: note(name) for name, module in layer.linears().items()}):
        layer(hidden)
    return [tuple(group) for group in names]


@contextmanager
def hooked(hooks: Mapping["Module", Any]) -> Iterator[None]:
    """Call each hook before its module, for a while."""
    handles = [module.register_forward_pre_hook(hook) for module, hook in hooks.items()]
    try:
        with torch().no_grad():
            yield
    finally:
        for handle in handles:
            handle.remove()


def batches(n_windows: int, size: int) -> Sequence[slice]:
    """The windows, `size` at a time."""
    return [slice(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]
