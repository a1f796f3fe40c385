"""Let a model write a text of its own, such as stories to calibrate on or to measure on.

    scripts/sample-text MODEL.gguf --n 300 --seed 1 -o stories.txt

Each piece begins as the model's texts begin, every token is drawn from all that the model holds
possible (temperature 1), and the piece ends where the model ends it or where the context is full.
One empty line separates pieces. The same model and seed give the same text; no piece of one seed is
one of another's, up to a million pieces each.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from llmq.errors import LlmqError, ModelError
from llmq.runtime import Model, Sampling, open_model

SEEDS = 1_000_000  # pieces of one --seed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--n", type=int, default=300, help="how many pieces")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    if not 0 < arguments.n <= SEEDS or not 0 <= arguments.seed < 4000:
        parser.error(f"--n takes 1 to {SEEDS}, --seed 0 to 3999")
    try:
        with open_model(arguments.model, threads=arguments.threads) as model:
            text = "\n\n".join(pieces(model, seed=arguments.seed, n=arguments.n))
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    arguments.output.write_text(text + "\n", encoding="utf-8", newline="\n")
    print(f"{arguments.output}: {arguments.n} pieces, {len(text):,} characters", file=sys.stderr)
    return 0


def pieces(model: Model, *, seed: int, n: int) -> Iterator[str]:
    """So many texts of the model's own, without empty lines inside."""
    opening = model.tokenize("", add_bos=True)
    if not opening:
        raise ModelError(f"{model.path} has no token with which a text begins; it cannot begin one")
    for number in range(n):
        chance = Sampling(temperature=1.0, top_p=1.0, seed=SEEDS * seed + number)
        tokens = model.generate(opening, max_tokens=model.n_ctx, sampling=chance)
        text = b"".join(map(model.piece, tokens)).decode("utf-8", "replace")
        yield "\n".join(line for line in text.strip().splitlines() if line.strip())


if __name__ == "__main__":
    sys.exit(main())
