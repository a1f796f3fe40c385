"""Families near Llama: what is refused and why, what a window means, where rope settings stand."""

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers

from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.architectures.longrope import attention_factor
from llmq.errors import ArchitectureError
from llmq.sources.opening import open_source
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from llmq_peer.variants.phi import longrope
from llmq_peer.variants.ropes import LINEAR, LLAMA3, YARN

SIZES: dict[str, Any] = {
    "hidden_size": 96,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 257,
}


@pytest.mark.parametrize(
    ("family", "config", "message"),
    [
        ("SmolLM3", {"no_rope_layers": [1, 0, 1, 0]}, "layers without rope are 1, 3, and llama"),
        ("SmolLM3", {"no_rope_layers": [1, 1, 1, 1]}, "layers without rope are none"),
        ("SmolLM3", {"no_rope_layer_interval": 2}, "smollm3 has every fourth"),
        ("SmolLM3", {"attention_bias": True}, "attention_bias is on, and llama.cpp's smollm3"),
        ("SmolLM3", {"mlp_bias": True}, "mlp_bias is on"),
        ("SmolLM3", {"rope_scaling": LLAMA3}, "kind 'llama3' is not supported"),
        ("Phi3", {"rope_scaling": LINEAR}, "kind 'linear' is not supported"),
        ("Phi3", {"head_dim": 32}, "6 heads of 32 numbers are not the hidden size 96"),
        ("Granite", {"logits_scaling": 0}, "logits_scaling is 0, and llama.cpp's granite needs"),
        ("Granite", {"residual_multiplier": "1"}, "residual_multiplier is '1'"),
        ("Olmo2", {"attention_bias": True}, "attention_bias is on, and llama.cpp's olmo2"),
        ("Olmo2", {"head_dim": 32}, "llama.cpp's olmo2 knows no others"),
        ("Olmo3", {"rope_theta": 10000.0}, "rope_theta is 10000 and 500000, and llama.cpp's olmo2"),
        (
            "Olmo3",
            {"rope_parameters": {"full_attention": YARN, "sliding_attention": YARN}},
            "kind 'yarn' is not supported",
        ),
        ("Exaone4", {"head_dim": 32}, "llama.cpp's exaone4 knows no others"),
        ("Exaone4", {}, "layers without rope in a model of 4 layers"),
        ("Exaone4", {"sliding_window_pattern": "LLG"}, "layers without rope in a model of 4"),
        (
            "Exaone4",
            {"sliding_window": None, "num_hidden_layers": 64},
            "64 layers without a window; llama.cpp's exaone4 has one there",
        ),
        (
            "Exaone4",
            {"layer_types": ["sliding_attention"] * 60, "num_hidden_layers": 64},
            "layer_types are 60 for 64 layers",
        ),
        ("Ministral3", {"rope_scaling": YARN | {"truncate": False}}, "truncate is False"),
        ("Ministral3", {"model_type": "ministral3"}, "rope_parameters is missing"),
        (
            "Ministral3",
            {"model_type": "ministral3", "rope_theta": 5.0},
            "rope_parameters is missing",
        ),
    ],
)
def test_settings_that_llama_cpp_does_not_compute(
    family: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArchitectureError, match=message):
        architecture_for({"architectures": [f"{family}ForCausalLM"]} | SIZES | config)


@pytest.mark.parametrize(
    ("family", "config", "window"),
    [
        ("Phi3", {"sliding_window": 100}, 100),
        ("Phi3", {}, None),
        ("SmolLM3", {"sliding_window": 100, "use_sliding_window": True}, 100),
        ("SmolLM3", {"sliding_window": 100}, None),
        ("Ministral3", {"sliding_window": 100}, 100),
        ("Exaone4", {"sliding_window": 100, "layer_types": ["sliding_attention"] * 4}, 100),
        ("Exaone4", {"sliding_window": 100, "num_hidden_layers": 64}, None),  # in the graph
    ],
)
def test_windows_that_llama_cpp_does_not_apply(
    family: str, config: dict[str, Any], window: int | None
) -> None:
    architecture = ARCHITECTURES[f"{family}ForCausalLM"]
    assert architecture.window(architecture.settings(SIZES | config)) == window


def test_factors_that_llama_cpp_takes_by_its_context_are_noted(
    tmp_path: Path, byte_tokenizer: dict[str, Any]
) -> None:
    """Nothing is said where the two sets are one, or the context never reaches the second."""
    save_random_model(tmp_path, "Phi3ForCausalLM", VARIANTS["Phi3ForCausalLM"][2].settings)
    (tmp_path / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    config = json.loads((tmp_path / "config.json").read_text())
    factors = config["rope_parameters"]
    one = factors | {"long_factor": factors["short_factor"]}
    reach = config["original_max_position_embeddings"]
    for changes, said in (
        ({}, True),
        ({"rope_parameters": one}, False),
        ({"max_position_embeddings": reach}, False),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config | changes))
        notes = [note for note in open_source(tmp_path).notes if f"-c {reach} " in note]
        assert len(notes) == said


@pytest.mark.parametrize("pattern", [4, "LLLG"])
def test_the_layers_that_have_a_window(pattern: int | str) -> None:
    """As `Exaone4Config` lays them out for a number, and published configurations for letters."""
    architecture = ARCHITECTURES["Exaone4ForCausalLM"]
    config = SIZES | {"num_hidden_layers": 64, "sliding_window_pattern": pattern}
    row = next(row for row in architecture.late_metadata if row.key.endswith("window_pattern"))
    theirs = transformers.Exaone4Config(num_hidden_layers=64).layer_types or []
    assert row.value(architecture.settings(config)) == [
        kind == "sliding_attention" for kind in theirs
    ]


PHI: dict[str, Any] = {
    "original_max_position_embeddings": 64,
    "max_position_embeddings": 256,
    "rope_theta": 5.0,
}


@pytest.mark.parametrize(
    "config",
    [
        {"rope_scaling": longrope(8)},
        {"rope_scaling": longrope(8) | {"rope_type": "su", "original_max_position_embeddings": 64}},
        {"rope_scaling": longrope(8) | {"rope_type": "yarn"}},
        {"rope_scaling": longrope(8) | {"factor": 32.0}},
        {"rope_scaling": longrope(8) | {"attention_factor": 1.5}},
        {"rope_scaling": longrope(8), "max_position_embeddings": 64},
        {"rope_scaling": longrope(8) | {"original_max_position_embeddings": 9}},
        {"rope_parameters": longrope(6) | {"partial_rotary_factor": 0.75}},
        {"rope_scaling": longrope(6), "partial_rotary_factor": 0.75},
    ],
)
def test_longrope_is_read_as_transformers_reads_it(config: dict[str, Any]) -> None:
    config = SIZES | PHI | config
    architecture = ARCHITECTURES["Phi3ForCausalLM"]
    settings = architecture.settings(config)
    theirs: Any = transformers.Phi3Config(**copy.deepcopy(config) | {"pad_token_id": None})
    long, scale = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["longrope"](
        theirs, None, seq_len=257
    )
    assert attention_factor(settings) == pytest.approx(scale, rel=1e-12)
    factors = architecture.computed["rope_factors_long.weight"](settings)
    assert factors is not None
    if len(long) == len(factors):
        base = theirs.rope_parameters["rope_theta"]
        exponents = np.arange(len(factors)) / len(factors)
        assert 1 / (factors * base**exponents) == pytest.approx(long.numpy(), rel=1e-5)
    rotated = next(row for row in architecture.metadata if row.key == "rope.dimension_count")
    assert rotated.value(settings) == 2 * len(long)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"long_factor": [1.0]}, r"long_factor is \[1.0\] instead of a list of 8 positive numbers"),
        ({"short_factor": [math.nan] * 8}, "short_factor is .* instead of a list of 8"),
        ({"short_factor": None}, "short_factor is None"),
        ({"partial_rotary_factor": 0.7}, "partial_rotary_factor 0.7 rotates 11 of 16 numbers"),
        ({"partial_rotary_factor": 2.0}, "rotates 32 of 16 numbers"),
    ],
)
def test_longrope_that_no_file_can_hold(changes: dict[str, Any], message: str) -> None:
    config = SIZES | PHI | {"rope_scaling": longrope(8) | changes}
    architecture = ARCHITECTURES["Phi3ForCausalLM"]
    settings = architecture.settings(config)
    with pytest.raises(ArchitectureError, match=message):
        [compute(settings) for compute in architecture.computed.values()]


def test_an_attention_factor_of_its_own_is_made_good() -> None:
    """llama.cpp takes 0.1 ln(4) + 1, and with `mscale_all_dim` a quotient with a numerator of 1."""
    own = 0.1 * math.log(4) + 1
    for family, yarn, expected in (
        ("Llama", {}, None),
        ("Llama", {"attention_factor": own}, None),
        ("Llama", {"attention_factor": 1.3}, 1.3 / own),
        ("Llama", {"mscale": 1.0, "mscale_all_dim": 1.0}, 1 / own),
        ("Llama", {"mscale_all_dim": 1.0}, None),
        ("Ministral3", {"mscale": 1.0, "mscale_all_dim": 1.0}, None),
        ("Ministral3", {"mscale_all_dim": 1.0}, own),
    ):
        architecture = ARCHITECTURES[f"{family}ForCausalLM"]
        row = next(row for row in architecture.metadata if row.key == "rope.scaling.attn_factor")
        found = row.value(architecture.settings(SIZES | {"rope_parameters": YARN | yarn}))
        assert found == (expected and pytest.approx(expected))


def test_a_tied_output_that_the_graph_lacks_is_a_copy() -> None:
    architecture = ARCHITECTURES["Olmo2ForCausalLM"]
    for tied, source in ((True, "model.embed_tokens.weight"), (False, "lm_head.weight")):
        settings = architecture.settings(SIZES | {"tie_word_embeddings": tied})
        outputs = [
            row.source
            for row in architecture.rows(settings, 4)
            if row.target == "output.weight" and row.present(settings)
        ]
        assert outputs == [source]


@pytest.mark.parametrize(
    ("around", "inside", "stored", "found"),
    [
        (True, False, False, True),  # as transformers 5 saves it, which asks the settings around
        (True, False, True, False),  # as it was published
        (False, True, True, False),
        (None, None, True, False),
        (None, None, False, True),
        (None, True, False, True),
        (False, False, True, False),
    ],
)
def test_an_output_of_which_two_places_speak(
    make_checkpoint: Callable[..., Path],
    around: bool | None,
    inside: bool | None,
    stored: bool,
    found: bool,
) -> None:
    """Whether `found` is tied, where `stored` says whether the checkpoint has the matrix."""
    folder = wrapped_checkpoint(make_checkpoint, around=around, inside=inside, stored=stored)
    assert open_source(folder).facts.tied == found


@pytest.mark.parametrize(
    ("tied", "stored", "message"),
    [(False, False, "lm_head.weight' is missing"), (True, True, "the two differ")],
)
def test_an_output_that_is_not_as_both_places_say(
    make_checkpoint: Callable[..., Path], tied: bool, stored: bool, message: str
) -> None:
    folder = wrapped_checkpoint(make_checkpoint, around=tied, inside=tied, stored=stored)
    with pytest.raises(ArchitectureError, match=message):
        open_source(folder)


def wrapped_checkpoint(
    make_checkpoint: Callable[..., Path], *, around: bool | None, inside: bool | None, stored: bool
) -> Path:
    """A Mistral 3 whose settings say twice whether the output is tied."""

    def change(tensors: dict[str, Any]) -> None:
        if stored:
            tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] + 1

    folder = make_checkpoint(change=change, architectures=["Mistral3ForConditionalGeneration"])
    path = folder / "config.json"
    config = json.loads(path.read_text())
    text = config | {"tie_word_embeddings": inside, "head_dim": 16}
    path.write_text(json.dumps(config | {"tie_word_embeddings": around, "text_config": text}))
    return folder
