"""The sizes of a decoder, which the shapes of its tensors are made of."""

from llmq.architectures.table import Config, Sizes, required_int
from llmq.errors import ArchitectureError


def sizes(config: Config) -> Sizes:
    """Numbers of rows or columns, of `layers`, `heads` and `experts`; `q` and `kv`: of all heads.

    Raises `ArchitectureError` for sizes that are missing or do not divide.
    """
    heads = required_int(config, "num_attention_heads")
    embd = required_int(config, "hidden_size")
    head = required_int(config, "head_dim", embd // heads)
    kv_heads = required_int(config, "num_key_value_heads", heads)
    if head < 2 or head % 2 or heads % kv_heads:
        raise ArchitectureError(
            f"config.json: {heads} heads of {head} with {kv_heads} for keys do not divide"
        )
    return {
        "vocab": required_int(config, "vocab_size"),
        "embd": embd,
        "ff": required_int(config, "intermediate_size"),
        "layers": required_int(config, "num_hidden_layers"),
        "heads": heads,
        "kv_heads": kv_heads,
        "experts": 0,
        "head": head,
        "q": heads * head,
        "kv": kv_heads * head,
    }


def head_size(config: Config) -> int:
    """The numbers in one head's vector."""
    return sizes(config)["head"]
