"""Practice dialogues as batches of token ids, with the weight of every token as a target."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor

from llmq.practice.dialogues import Role, Turn, dialogues
from llmq.practice.phrases import Verdict
from scripts.tutor.drill import drill
from scripts.tutor.guide import Guide, Guides
from scripts.tutor.tokenizer import CONTEXT, END, OPENERS

POOL = 1024  # examples that are sorted by length together, so that a batch needs little padding
DRILLS = (900, 900, 768, 512, 256, 64)  # of each pool; the last number stays
WEIGHTS = {Role.SYSTEM: 0.3, Role.STUDENT: 0.6, Role.TUTOR: 1.0}
OPENER_WEIGHT = 0.1  # of the token that opens a turn: no model has to choose it
VERDICT_WEIGHT = 3.0  # of a tutor turn's first token


@dataclass(frozen=True, slots=True)
class Example:
    """A dialogue as token ids, the weight of each as a target, and where tutor turns begin."""

    ids: list[int]
    weights: list[float]
    openings: list[tuple[int, Verdict]]  # index of a tutor turn's first token, its verdict
    guide: Guide


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples: ids and weights are (n, longest)."""

    ids: Tensor
    weights: Tensor
    openings: list[tuple[int, int, Verdict]]  # row, index, verdict
    lookups: Tensor  # (pairs, 3): row, from, to
    readings: Tensor  # likewise


class Encoder:
    """Makes examples of turns, and pools of batches of the generators' dialogues."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Encode with `tokenizer`."""
        self.tokenizer = tokenizer
        self.guides = Guides(tokenizer)

    def example(self, turns: Sequence[Turn]) -> Example:
        """The tokens that the chat template makes of `turns`."""
        ids: list[int] = []
        weights: list[float] = []
        openings = []
        for turn in turns:
            said = self.tokenizer.encode(f"{OPENERS[turn.role]}{turn.text}{END}").ids
            if turn.meaning:
                openings.append((len(ids) + 1, turn.meaning.verdict))
            ids += said
            weights += [OPENER_WEIGHT] + [WEIGHTS[turn.role]] * (len(said) - 1)
        for index, _ in openings:
            weights[index] = VERDICT_WEIGHT
        return Example(ids, weights, openings, self.guides.of(ids))

    def pool(self, number: int, *, seed: int, tokens: int) -> list[Batch]:
        """The shuffled batches of one pool: dialogues, and drills in place of some of them."""
        seed = 1_000_000 * seed + number
        rng = Random(seed)
        drills = DRILLS[min(number, len(DRILLS) - 1)]
        examples = [self.example(item.turns) for item in islice(dialogues(seed), POOL - drills)]
        examples += [self.example(drill(rng)) for _ in range(drills)]
        shuffled = list(batches([item for item in examples if len(item.ids) <= CONTEXT], tokens))
        rng.shuffle(shuffled)
        return shuffled


def batches(examples: list[Example], tokens: int) -> Iterator[Batch]:
    """Batches of at most `tokens` tokens, padding included, of examples of like length."""
    waiting: list[Example] = []
    for example in sorted(examples, key=lambda item: len(item.ids)):
        if len(example.ids) * (len(waiting) + 1) > tokens and waiting:
            yield _padded(waiting)
            waiting = []
        waiting.append(example)
    yield _padded(waiting)


def _padded(examples: list[Example]) -> Batch:
    """One batch; padding has weight 0 and stands after everything that could see it."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    weights = torch.zeros(len(examples), longest)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        weights[row, : len(example.ids)] = torch.tensor(example.weights)
    openings = [(r, i, v) for r, example in enumerate(examples) for i, v in example.openings]
    lookups = [(r, i, j) for r, example in enumerate(examples) for i, j in example.guide.lookups]
    readings = [(r, i, j) for r, example in enumerate(examples) for i, j in example.guide.readings]
    return Batch(ids, weights, openings, torch.tensor(lookups), torch.tensor(readings))
