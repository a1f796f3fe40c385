"""A process that writes a reply with a file and may open no socket: `python -m` this, with a path.

It prints a line of JSON for whatever it finds: a socket that Python opened, why the kernel does not
watch, the number of tokens at the end. The filter comes before llama.cpp and NumPy, so that all
their threads are under it.
"""

import sys
from pathlib import Path

from llmq.children import private_output
from llmq_eval.gate.sockets import forbid, listening

TOKENS = 16
CONTEXT = 512


def main() -> None:
    """Watch, and let the file that the command line names write a reply."""
    say = private_output()
    say({"unwatched": forbid()})
    with listening(lambda family: say({"sockets": [family]})):
        try:
            say({"n_tokens": reply(Path(sys.argv[1]))})
        except Exception as error:  # the parent says it; the check is then skipped
            say({"error": str(error)})


def reply(file: Path) -> int:
    """The number of tokens that the file has written."""
    from llmq.runtime import GREEDY, open_model
    from llmq.suites import Message

    with open_model(file, n_ctx=CONTEXT, threads=1) as model:
        prompt = model.prompt([Message("user", "What is 7 + 5?")])
        return sum(1 for _ in model.generate(prompt, max_tokens=TOKENS, sampling=GREEDY))


if __name__ == "__main__":
    main()
