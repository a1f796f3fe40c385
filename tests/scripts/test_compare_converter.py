"""What holds of the comparison with llama.cpp's converter before it is run."""

from llmq.architectures import ARCHITECTURES
from scripts.peer.expected import Found, reason_for, reasons_table
from scripts.peer.typical_tokenizers import kinds_of


def test_every_class_has_a_tokenizer() -> None:
    assert all(kinds_of(name) for name in ARCHITECTURES)


def test_only_what_has_a_reason_is_on_purpose() -> None:
    ours = "key llama.rope.scaling.attn_factor: ours float32 1.2, theirs"
    assert reason_for(Found("LlamaForCausalLM", f"{ours} nothing (F32, converter)"))
    assert reason_for(Found("LlamaForCausalLM", f"{ours} float32 1.3 (F32, converter)")) is None
    assert reason_for(Found("LlamaForCausalLM", "tensor output.weight: only ours")) is None
    assert reason_for(Found("Olmo2ForCausalLM", "tensor output.weight: only ours"))


def test_the_table_counts_what_is_on_purpose() -> None:
    text = "key llama.rope.scaling.attn_factor: ours float32 1.2, theirs nothing (F32, converter)"
    lines = list(reasons_table([Found("A", text), Found("A", text), Found("A", "key b: ours")]))
    assert lines[0].split() == ["difference", "class", "files", "why"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["key", "llama.rope.scaling.attn_factor", "A", "2"]
    ]
