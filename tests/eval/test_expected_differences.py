"""What holds of the comparison with llama.cpp's converter before it is run."""

from llmq.architectures import ARCHITECTURES
from llmq_peer.expected_differences import Found, reason_for, reasons_table
from llmq_peer.typical_tokenizers import kinds_of


def test_every_class_has_a_tokenizer() -> None:
    assert all(kinds_of(name) for name in ARCHITECTURES)


def test_only_what_has_a_reason_is_on_purpose() -> None:
    ours = "key llama.rope.scaling.attn_factor: ours float32 1.2, theirs"
    assert known("LlamaForCausalLM", f"{ours} nothing")
    assert not known("LlamaForCausalLM", f"{ours} float32 1.3")
    assert not known("LlamaForCausalLM", "tensor output.weight: only ours")
    assert known("Olmo2ForCausalLM", "tensor output.weight: only ours")


def known(hf_name: str, text: str) -> bool:
    return reason_for(Found(hf_name, text, ("F32",))) is not None


def test_the_table_counts_what_is_on_purpose() -> None:
    text = "key llama.rope.scaling.attn_factor: ours float32 1.2, theirs nothing"
    found = [Found("A", text, ("F32", "BF16")), Found("A", text, ("F32",)), Found("A", "b", ("F",))]
    lines = list(reasons_table(found))
    assert lines[0].split() == ["difference", "class", "files", "why"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["key", "llama.rope.scaling.attn_factor", "A", "3"]
    ]
