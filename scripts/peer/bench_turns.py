"""Measure how quick a chat is: turn by turn, beside llama.cpp alone, and when it is stopped.

    scripts/bench turns MODEL.gguf [--threads 1] [--runs 5]

Three figures. The time to the first token in turn 20 beside turn 2: what was said before has been
read already. Tokens a second of a reply as a terminal gets it, safe and split into thoughts and
speech, beside a loop that does nothing but call llama.cpp with the same settings. And how long
after Ctrl-C a prompt is still being read. All on one machine, one after the other, in turns.
"""

import argparse
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from llama_cpp import llama_cpp as lib

from llmq.chat.speaking import ModelSpeaker
from llmq.runtime import CHAT, Model, open_model
from llmq.runtime.decoder import BATCH_TOKENS, OUTPUT_ROWS
from llmq.runtime.how import CACHE_TYPES
from llmq.runtime.opening import FLASH_ATTENTION_OFF, scores_bytes
from llmq.suites import Message

SYSTEM = Message("system", "You are a patient maths tutor. Ask one short question at a time. " * 16)
TURNS, EARLY, LATE = 20, 2, 20
REPLY_TOKENS, N_CTX = 40, 4096
WRITTEN = 200  # tokens, at least
LONG = 3000  # tokens of a prompt that is stopped
STOPS = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with open_model(arguments.model, n_ctx=N_CTX, threads=arguments.threads) as model:
        early, late = zip(*(lesson(model) for _ in range(arguments.runs)), strict=True)
        print(
            f"first token: turn {EARLY} {1000 * median(early):.0f} ms, turn {LATE} "
            f"{1000 * median(late):.0f} ms, ratio {median(late) / median(early):.2f}"
        )
        bare = Bare(arguments.model, arguments.threads)
        prompt = model.prompt([SYSTEM, Message("user", "Why do we invert and multiply?")])
        pairs = [(chat_rate(model, prompt), bare.rate(prompt)) for _ in range(arguments.runs)]
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        print(
            f"tokens a second: {ours:.1f} as a chat, {theirs:.1f} by llama.cpp alone, ratio "
            f"{median(a / b for a, b in pairs):.3f}"
        )
        late_by = sorted(stopped(model, seed) for seed in range(STOPS))
        print(
            f"Ctrl-C while a prompt is read: median {1000 * median(late_by):.0f} ms, "
            f"slowest of {STOPS} {1000 * late_by[-1]:.0f} ms"
        )
    return 0


def lesson(model: Model) -> tuple[float, float]:
    """The seconds to the first token of an early and of a late turn."""
    speaker, turns = ModelSpeaker(model), [SYSTEM]
    seconds = {}
    for turn in range(1, TURNS + 1):
        turns.append(
            Message("user", f"Step {turn:02}: I think that it is {turn + 13}, or {turn + 34}?")
        )
        pieces = list(speaker.speak(turns, max_tokens=REPLY_TOKENS))
        seconds[turn] = speaker.timings.first_seconds
        turns.append(Message("assistant", "".join(p.text for p in pieces).strip() or "Yes."))
    list(model.generate([0], max_tokens=1))  # the next lesson begins with nothing read
    return seconds[EARLY], seconds[LATE]


def chat_rate(model: Model, prompt: Sequence[int]) -> float:
    """Tokens a second of a reply as a chat has it, ends aside."""
    speaker, written = ModelSpeaker(model), 0
    spent, begun = 0.0, 0
    while written < WRITTEN:  # a model may end its reply early
        for _ in speaker.pieces(prompt, max_tokens=WRITTEN):
            pass
        timings = speaker.timings
        written += timings.n_tokens
        spent += timings.last_seconds - timings.first_seconds
        begun += 1
    return (written - begun) / spent


class Bare:
    """llama.cpp with the settings of a chat, and nothing around it."""

    def __init__(self, path: Path, threads: int) -> None:
        loading = lib.llama_model_default_params()
        loading.n_gpu_layers = 0
        loading.load_mode = 0  # LLAMA_LOAD_MODE_NONE, as a chat has it
        self.model = lib.llama_load_model_from_file(str(path).encode(), loading)
        settings = lib.llama_context_default_params()
        settings.n_ctx, settings.n_outputs_max = N_CTX, OUTPUT_ROWS
        settings.n_batch = settings.n_ubatch = BATCH_TOKENS
        settings.n_threads = settings.n_threads_batch = threads
        settings.type_k = settings.type_v = CACHE_TYPES[CHAT.cache_type].number
        if scores_bytes(lib.llama_model_n_head(self.model), N_CTX, CHAT):
            settings.flash_attn_type = FLASH_ATTENTION_OFF
        self.context = lib.llama_init_from_model(self.model, settings)
        self.vocab = lib.llama_model_get_vocab(self.model)
        self.sampler = lib.llama_sampler_init_greedy()

    def rate(self, prompt: Sequence[int]) -> float:
        """Tokens a second of the same reply, as many times as it takes."""
        written, begun, spent = 0, 0, 0.0
        while written < WRITTEN:
            lib.llama_memory_clear(lib.llama_get_memory(self.context), True)
            for at in range(0, len(prompt), BATCH_TOKENS):
                self._decode(prompt[at : at + BATCH_TOKENS])
            first, n, token = None, 0, -1
            while n < WRITTEN and not (n and lib.llama_vocab_is_eog(self.vocab, token)):
                if n:
                    self._decode([token])
                token = lib.llama_sampler_sample(self.sampler, self.context, -1)
                first = first or time.perf_counter()
                n += 1
            spent += time.perf_counter() - (first or 0)
            written, begun = written + n, begun + 1
        return (written - begun) / spent

    def _decode(self, tokens: Sequence[int]) -> None:
        array = (lib.llama_token * len(tokens))(*tokens)
        lib.llama_decode(self.context, lib.llama_batch_get_one(array, len(tokens)))


def stopped(model: Model, seed: int) -> float:
    """The seconds from a Ctrl-C at a random moment of a long prompt to its arrival here."""
    rng, pressed = random.Random(seed), []
    prompt = [rng.randrange(300, model.n_vocab) for _ in range(LONG)]

    def press() -> None:
        pressed.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(rng.uniform(0.05, 2.0), press)
    try:
        timer.start()
        list(model.generate(prompt, max_tokens=1))
        raise SystemExit("the prompt was read before Ctrl-C came: take a larger model")
    except KeyboardInterrupt:
        return time.perf_counter() - pressed[0]


if __name__ == "__main__":
    sys.exit(main())
