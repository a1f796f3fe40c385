"""The only package that imports llama_cpp: open a GGUF file, score tokens, generate tokens.

It uses llama.cpp's batch interface, not `llama_cpp.Llama`, for two reasons.
`Llama(logits_all=True)` allocates context x vocabulary floats (1.2 GB at 2048 x 151,936), while
`Model.score` asks only for the logits that are scored, at most OUTPUT_ROWS rows at a time. And
llama.cpp writes its log to the terminal; here it is kept, and its error lines become part of our
own one-line message.

What a message says is read as text: no mark in it ends a turn or opens one (`transcript`).

Everything runs on the CPU, unless `How.gpu_layers` says otherwise. The same file, tokens and number
of threads give the same logits.
Importing this package loads nothing heavy: llama_cpp comes with the first model.

    with open_model(Path("tutor.gguf")) as model:
        for token in model.generate(model.prompt([Message("user", "Hello")]), max_tokens=50):
            print(model.piece(token))
"""

from llmq.runtime.binding import llama_cpp_version
from llmq.runtime.how import CHAT, EXACT, How
from llmq.runtime.model import Model
from llmq.runtime.opening import check_magic, open_model, open_reader
from llmq.runtime.reader import Reader
from llmq.runtime.sampling import GREEDY, Sampling
from llmq.runtime.together import Ask, Writer

__all__ = [
    "CHAT", "EXACT", "GREEDY", "Ask", "How", "Model", "Reader", "Sampling", "Writer", "check_magic",
    "llama_cpp_version", "open_model", "open_reader",
]  # fmt: skip
