"""config.json as versions of transformers, other tools and hands write it."""

from collections.abc import Mapping
from typing import Any

from tests.field.bases import LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts, refused
from tests.field.folder import Step, config, file, generation, rewritten, without

BOM = "\ufeff".encode()


def rope(kind: str, **numbers: Any) -> Step:
    """The scaling of the rope, as transformers 4 wrote it."""
    return config(rope_scaling={"rope_type": kind, **numbers}, rope_theta=10000.0)


OLD_ROPE = without("config.json", "rope_parameters")
LLAMA3: Mapping[str, Any] = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
PAD = 2

CASES = (
    Case("config: rope_theta a whole number", LLAMA, (OLD_ROPE, config(rope_theta=1000000))),
    Case("config: no rope_theta", PIECE_LLAMA, (OLD_ROPE,)),
    Case("config: rope_scaling null", QWEN2, (OLD_ROPE, config(rope_scaling=None, rope_theta=5e5))),
    Case(
        "config: rope_theta a text",
        LLAMA,
        (OLD_ROPE, config(rope_theta="10000")),
        refused("config.json", "rope_theta", "'10000'"),
    ),
    Case("config: linear rope", LLAMA, (OLD_ROPE, rope("linear", factor=2.0))),
    Case(
        "config: linear rope by its old name",
        METASPACE,
        (OLD_ROPE, config(rope_scaling={"type": "linear", "factor": 4.0}, rope_theta=10000.0)),
    ),
    Case("config: Llama 3's rope", LLAMA, (OLD_ROPE, rope("llama3", **LLAMA3))),
    Case(
        "config: Llama 3's rope without its numbers",
        LLAMA,
        (OLD_ROPE, rope("llama3", factor=8.0)),
        refused("low_freq_factor"),
    ),
    Case(
        "config: yarn",
        QWEN3,
        (OLD_ROPE, rope("yarn", factor=4.0, original_max_position_embeddings=64)),
    ),
    Case(
        "config: dynamic rope",
        LLAMA,
        (OLD_ROPE, rope("dynamic", factor=2.0)),
        refused("config.json", "'dynamic'"),
    ),
    Case("config: heads that are not hidden / heads", LLAMA, model={"head_dim": 32}),
    Case("config: Mistral's small heads", MISTRAL, model={"head_dim": 8}),
    Case("config: Qwen3's wide heads", QWEN3, model={"head_dim": 32}),
    Case(
        "config: Qwen2 with heads of its own size",
        QWEN2,
        right=refused("config.json", "4 heads of 32"),
        model={"head_dim": 32},
    ),
    Case("config: untied", QWEN2, model={"tie_word_embeddings": False}),
    Case(
        "config: tie_word_embeddings missing",
        LLAMA,
        (without("config.json", "tie_word_embeddings"),),
        model={"tie_word_embeddings": False},
    ),
    Case(
        "config: a head for each key",
        LLAMA,
        (without("config.json", "num_key_value_heads"),),
        model={"num_key_value_heads": 4},
    ),
    Case("config: one head for all keys", QWEN3, model={"num_key_value_heads": 1}),
    Case("config: biases of attention", LLAMA, model={"attention_bias": True}),
    Case("config: biases of the MLP", PIECE_LLAMA, model={"mlp_bias": True}),
    Case(
        "config: Qwen3 with biases",
        QWEN3,
        right=refused("self_attn.k_proj.bias", "Qwen3ForCausalLM"),
        model={"attention_bias": True},
    ),
    Case(
        "config: a window",
        MISTRAL,
        right=Converts(notes=("longer than 32 tokens",)),
        model={"sliding_window": 32},
    ),
    Case(
        "config: a window that is off",
        QWEN2,
        (config(use_sliding_window=False, sliding_window=16, max_window_layers=1),),
    ),
    Case("config: another activation", LLAMA, (config(hidden_act="gelu"),), refused("'gelu'")),
    Case(
        "config: torch_dtype",
        LLAMA,
        (without("config.json", "dtype"), config(torch_dtype="float32")),
    ),
    Case("config: dtype null", QWEN2, (config(dtype=None, torch_dtype=None),)),
    Case(
        "config: null fields",
        LLAMA,
        (config(head_dim=None, pad_token_id=None, rope_scaling=None, bos_token_id=None),),
    ),
    Case(
        "config: whole numbers with a point",
        LLAMA,
        (config(num_hidden_layers=2.0),),
        refused("config.json", "num_hidden_layers", "2.0"),
    ),
    Case(
        "config: a size that is a text",
        QWEN2,
        (config(hidden_size="64"),),
        refused("config.json", "hidden_size", "'64'"),
    ),
    Case(
        "config: an epsilon that is a text",
        LLAMA,
        (config(rms_norm_eps="1e-5"),),
        refused("config.json", "layer_norm_rms_epsilon", "'1e-5'"),
    ),
    Case(
        "config: fields of other tools",
        LLAMA,
        (config(unsloth_version="2025.1", _name_or_path="/home/x", auto_map={"AutoModel": "x.y"}),),
    ),
    Case(
        "config: no architectures",
        LLAMA,
        (without("config.json", "architectures"),),
        refused("config.json", "architectures"),
    ),
    Case(
        "config: an unknown class",
        LLAMA,
        (config(architectures=["LlamaForSequenceClassification"]),),
        refused("LlamaForSequenceClassification"),
    ),
    Case(
        "config: a byte order mark",
        LLAMA,
        (rewritten("config.json", lambda text: BOM + text),),
        Converts(as_before=True),
    ),
    Case(
        "config: lines that end as on Windows",
        QWEN2,
        (rewritten("config.json", lambda text: text.replace(b"\n", b"\r\n")),),
    ),
    Case(
        "config: a key twice",
        LLAMA,
        (rewritten("config.json", lambda text: text.replace(b"{", b'{"hidden_size": 32,', 1)),),
        refused("config.json", "'hidden_size' stands twice"),
    ),
    Case("config: empty", LLAMA, (file("config.json", ""),), refused("config.json")),
    Case("config: a list", LLAMA, (file("config.json", "[]"),), refused("config.json")),
    Case(
        "config: cut short",
        LLAMA,
        (rewritten("config.json", lambda text: text[:90]),),
        refused("config.json"),
    ),
    Case(
        "config: Infinity in it",
        LLAMA,
        (rewritten("config.json", lambda text: text.replace(b"{", b'{"max_loss": Infinity,', 1)),),
    ),
    Case(
        "config: sampling in generation_config.json",
        LLAMA,
        (generation(temperature=0.6, top_k=40, do_sample=True),),
    ),
    Case(
        "config: more positions than anyone has",
        LLAMA,
        (config(max_position_embeddings=1 << 20),),
    ),
)
