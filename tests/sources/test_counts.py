"""The weights of a file, counted beside gguf-py's writer."""

import gguf
import numpy as np

from llmq.sources.counts import counted


def test_counts_are_those_of_the_writer() -> None:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (11, 8),
        "blk.0.ffn_norm.weight": (8,),
        "blk.0.ffn_up_exps.weight": (4, 3, 8),
        "blk.0.ffn_down_exps.weight": (4, 8, 3),
        "blk.1.ffn_up_exps.weight": (6, 3, 8),
        "blk.1.ffn_gate_inp.weight": (6, 8),
    }
    for names in (list(shapes), list(shapes)[:2]):
        writer = gguf.GGUFWriter(path=None, arch="qwen3moe")
        for name in names:
            writer.add_tensor(name, np.zeros(shapes[name], np.float32))
        assert counted((n, shapes[n]) for n in names) == writer.get_total_parameter_count()
