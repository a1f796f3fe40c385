"""Train the bundled tutor from nothing on dialogues of llmq.practice.

It takes about half an hour on two cores, and is deterministic for a seed, a number of threads and a
torch version. The whole state is saved into --work from time to time; a run that finds one there
goes on from it.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from llmq.practice.dialogues import dialogues
from scripts.tutor.examples import Batch, Encoder
from scripts.tutor.model import Judge, loss_of, new_model, save
from scripts.tutor.muon import Muon
from scripts.tutor.tokenizer import train_tokenizer

TOKENIZER_DIALOGUES = 5000
MUON_RATE, ADAM_RATE = 0.003, 0.001
WARM_UP, COOL_DOWN = 40, 1000  # steps
GUIDED = range(700, 1100)  # steps in which the guides fade to nothing
REPORT_EVERY, SAVE_EVERY = 20, 100  # steps
JUDGED = 80  # held-out dialogues in each measurement


def guiding_at(step: int) -> float:
    """The guides' weight: 1, then linearly to 0."""
    return min(1.0, max(0.0, (GUIDED.stop - step) / len(GUIDED)))


def rate_at(step: int, steps: int) -> float:
    """A learning rate factor: up over the warm-up, level, linearly to 0 over the last steps."""
    return min(1.0, (step + 1) / WARM_UP, (steps - step) / COOL_DOWN)


@dataclass(slots=True)
class Position:
    """How far a run is: steps, pools finished, batches of the current pool used, tokens seen."""

    step: int = 0
    pools: int = 0
    used: int = 0
    tokens: int = 0


class Training:
    """A model, its optimizers and how far they are."""

    def __init__(self, seed: int) -> None:
        """Begin anew."""
        self.model = new_model(seed)
        hidden = {n for n, p in self.model.named_parameters() if p.ndim == 2 and "embed" not in n}
        named = dict(self.model.named_parameters())
        self.others = [p for n, p in named.items() if n not in hidden]
        self.muon = Muon(p for n, p in named.items() if n in hidden)
        self.adam = torch.optim.AdamW(self.others, betas=(0.9, 0.98), weight_decay=0.0)
        self.position = Position()

    def learn(self, batch: Batch, rate: float) -> tuple[float, float]:
        """One step at learning rate factor `rate`; returns the text's loss and the guides'."""
        loss, guided = loss_of(self.model, batch, guiding_at(self.position.step))
        torch.autograd.backward(guided)
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        for group in self.adam.param_groups:
            group["lr"] = ADAM_RATE * rate
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        self.muon.step(MUON_RATE * rate)
        self.position.step += 1
        self.position.used += 1
        self.position.tokens += int((batch.weights > 0).sum())
        return float(loss.detach()), float(guided.detach() - loss.detach())

    def save(self, file: Path) -> None:
        """Write everything that a later `resume` needs."""
        position = self.position
        state = {
            "model": self.model.state_dict(),
            "adam": self.adam.state_dict(),
            "momenta": self.muon.momenta,
            "position": (position.step, position.pools, position.used, position.tokens),
        }
        partial = file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(file)

    def resume(self, file: Path) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(file)
        self.model.load_state_dict(state["model"])
        self.adam.load_state_dict(state["adam"])
        for mine, saved in zip(self.muon.momenta, state["momenta"], strict=True):
            mine.copy_(saved)
        self.position = Position(*state["position"])
        say(f"going on from step {self.position.step}")


def batches_from(
    position: Position, encoder: Encoder, *, seed: int, tokens: int
) -> Iterator[Batch]:
    """All batches from `position` on, which the taker moves; pools follow each other endlessly."""
    while True:
        yield from encoder.pool(position.pools, seed=seed, tokens=tokens)[position.used :]
        position.pools, position.used = position.pools + 1, 0


def run(training: Training, encoder: Encoder, arguments: argparse.Namespace) -> None:
    """Train to the end, reporting and saving on the way."""
    judge, position = Judge(encoder, JUDGED), training.position
    state, steps = arguments.work / "state.pt", arguments.steps
    clock, first, sums = time.monotonic(), position.step, [0.0, 0.0]
    source = batches_from(position, encoder, seed=arguments.seed, tokens=arguments.tokens)
    while position.step < steps:
        losses = training.learn(next(source), rate_at(position.step, steps))
        sums = [total + loss for total, loss in zip(sums, losses, strict=True)]
        if position.step % REPORT_EVERY == 0:
            text, guides = (total / REPORT_EVERY for total in sums)
            pace = (time.monotonic() - clock) / (position.step - first)
            say(
                f"step {position.step} loss {text:.4f} guides {guides:.3f} "
                f"tokens {position.tokens} {pace:.3f} s/step"
            )
            sums = [0.0, 0.0]
        if position.step % SAVE_EVERY == 0 or position.step == steps:
            figures = judge.measure(training.model)
            say("held out " + " ".join(f"{name} {value:.4f}" for name, value in figures.items()))
            training.save(state)


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("eval/tutor"))
    parser.add_argument("--work", type=Path, default=Path("build/tutor"), help="for the state")
    parser.add_argument("--steps", type=int, default=1900)
    parser.add_argument("--tokens", type=int, default=1536, help="tokens a step")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    spoken = islice(dialogues(arguments.seed), TOKENIZER_DIALOGUES)
    tokenizer = train_tokenizer(turn.text for item in spoken for turn in item.turns)
    training = Training(arguments.seed)
    if (arguments.work / "state.pt").exists():
        training.resume(arguments.work / "state.pt")
    run(training, Encoder(tokenizer), arguments)
    save(training.model, tokenizer, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
