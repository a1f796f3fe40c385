"""Hold llmq's figure for the memory of a chat against the peak of real chats.

    scripts/measure-memory MODEL [--recipes BF16 Q4_K_M ...] [--contexts 512 2048 4096] [--words N]
        [--cache-type F16]

MODEL is a checkpoint folder. For each recipe a file is written, and for each context `llmq chat` is
run on it with a text of --words words to read; the peak is the most resident memory of the process,
anonymous and mapped (VmHWM, Linux). The keys and values of the whole context are touched when the
model is opened, so that a long text takes no more than a short one of a full batch.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from llmq.errors import LlmqError
from llmq.files.gguf import open_gguf
from llmq.memory import memory_of
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.runtime.how import CACHE_TYPES, CHAT
from llmq.sources.opening import open_source
from llmq_peer.chat_memory import peak_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    recipes = ["BF16", "Q8_0", "Q4_K_M", "Q4_0", "IQ4_NL", "Q2_K"]
    parser.add_argument("--recipes", nargs="+", default=recipes)
    parser.add_argument("--contexts", nargs="+", type=int, default=[512, 2048, 4096])
    parser.add_argument("--words", type=int, default=300)
    parser.add_argument("--cache-type", choices=CACHE_TYPES, default=CHAT.cache_type)
    arguments = parser.parse_args()
    worst = 0.0
    print("recipe  context  said, MB  measured, MB  off by")
    try:
        for recipe in arguments.recipes:
            with tempfile.TemporaryDirectory() as scratch:
                file = Path(scratch) / "model.gguf"
                plan = make_plan(open_source(arguments.model), recipe=recipe)
                execute(plan, file, load_check=False)
                for context in arguments.contexts:
                    kept = arguments.cache_type
                    said, peak = (
                        memory_of(open_gguf(file), context, cache_type=kept),
                        peak_of(file, context, words=arguments.words, cache_type=kept),
                    )
                    if said is None:
                        parser.exit(1, f"{arguments.model}: its memory is not known\n")
                    off = said / peak - 1
                    worst = max(worst, abs(off))
                    print(
                        f"{recipe:6}  {context:7}  {said / 1e6:8.1f}  {peak / 1e6:12.1f}  {off:+.1%}",
                        flush=True,
                    )
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    return 0 if worst <= 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
