"""Types that are named tensor by tensor: they override a recipe.

They are llama-quantize's --tensor-type, --output-tensor-type, --token-embedding-type and --pure.
Two things differ: a type is also obeyed where the recipe is F32, F16 or BF16, and a named type that
does not fit the rows falls back as all others do, where llama-quantize would stop.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from llmq.errors import RecipeError
from llmq.spelling import did_you_mean, nearest
from llmq_kernels import FORMATS


class TensorType(NamedTuple):
    """Tensors whose GGUF name holds `pattern`, in any case, get `format`."""

    pattern: str
    format: str

    def matches(self, name: str) -> bool:
        """Whether the pattern is found in this name."""
        return re.search(self.pattern, name, re.IGNORECASE) is not None


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """The formats that are named; of `tensors` the first that matches wins.

    >>> Overrides(tensors=(tensor_type("attn_v=Q6_K"),)).format_for("blk.0.attn_v.weight")
    'Q6_K'
    """

    tensors: tuple[TensorType, ...] = ()
    output: str | None = None
    embedding: str | None = None
    pure: bool = False
    """The recipe's base everywhere else, without its mix."""

    def format_for(self, name: str) -> str | None:
        """The name of the format that is asked for by name, or None."""
        whole = {"token_embd.weight": self.embedding, "output.weight": self.output}
        rest = {"per_layer_token_embd.weight": self.embedding}  # where no pattern matches
        asked = (each.format for each in self.tensors if each.matches(name))
        return whole.get(name) or next(asked, None) or rest.get(name)

    def check(self, names: Iterable[str]) -> None:
        """Raise `RecipeError` for a pattern that matches none of the matrices of these names."""
        names = list(names)
        for each in self.tensors:
            if not any(each.matches(name) for name in names):
                raise RecipeError(
                    f"{each.pattern!r} matches no matrix of this model; {_near(each, names)}"
                )


def tensor_type(text: str) -> TensorType:
    """`REGEX=TYPE`; `RecipeError` where it is anything else.

    >>> tensor_type("attn_v=q6_k")
    TensorType(pattern='attn_v', format='Q6_K')
    """
    pattern, equals, kind = text.rpartition("=")
    if not equals or not pattern:
        raise RecipeError(f"{text!r} is not REGEX=TYPE, such as attn_v=Q6_K")
    try:
        re.compile(pattern)
    except re.error as error:
        raise RecipeError(f"{pattern!r} is no regular expression: {error}") from None
    return TensorType(pattern, format_named(kind))


def format_named(name: str) -> str:
    """The name of a format as `FORMATS` has it; `RecipeError` suggests the nearest."""
    plain = name.upper().replace("-", "_")
    if plain not in FORMATS:
        hint = did_you_mean(plain, FORMATS, otherwise=f"known are {', '.join(FORMATS)}", cutoff=0.5)
        raise RecipeError(f"there is no type {name!r}; {hint}")
    return plain


def _near(asked: TensorType, names: list[str]) -> str:
    """The parts of names that are most like the pattern."""
    parts = list(dict.fromkeys(re.sub(r"^blk\.\d+\.|\.weight$", "", name) for name in names))
    words = set(re.findall(r"[a-z_]{3,}", asked.pattern.lower())) - {"blk", "weight"}
    near = [part for word in words for part in nearest(word, parts, cutoff=0.5)]
    return f"the nearest are {', '.join(near)}" if near else f"it has {', '.join(parts)}"
