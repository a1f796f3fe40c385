"""Showing the tutor where to look: two attention heads are given their targets at first.

Judging a step means: find the same calculation in the system turn, read its value, compare. From
random weights gradient descent finds that circuit late and suddenly (Olsson et al. 2022,
"In-context Learning and Induction Heads"), and an hour on two cores is short. So one head is asked
to look from each token of a student's value to the equal token of the worked step, or to the first
token of all if it differs; a later head is asked to look from the tutor's turn to those tokens.
What both do with what they see is left to training, and so is everything once the guiding ends.

A calculation is found by its three tokens before the "=". A turn that states the answer alone ("The
answer is 43.") is not: it is sent to the first token like a wrong one, and what to make of it is
learned after the guiding.
"""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

LOOKUP_LAYER, READING_LAYER = 1, 3
NOWHERE = 0  # where a value that differs is sent: the first token


@dataclass(frozen=True, slots=True)
class Guide:
    """Pairs of token indices (from, to) for each of the two heads."""

    lookups: list[tuple[int, int]]
    readings: list[tuple[int, int]]


@torch.no_grad()
def start_matching(model: LlamaForCausalLM) -> None:
    """Start the lookup head with equal query and key weights: tokens attend to their like.

    After Trockman and Kolter 2023, "Mimetic Initialization of Self-Attention Layers".
    """
    attention = model.model.layers[LOOKUP_LAYER].self_attn
    width = attention.head_dim
    attention.k_proj.weight[:width] *= 2.0
    attention.q_proj.weight[:width] = attention.k_proj.weight[:width]


class Guides:
    """Finds the values in encoded dialogues."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Note which tokens begin a value, which belong to one, and which open and end a turn."""
        texts = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size())]
        self.anchors = {i for i, text in enumerate(texts) if text.startswith("=") or text == " is"}
        self.inside = {i for i, t in enumerate(texts) if t.isdecimal() or t in ("/", " ", " -")}
        self.end = tokenizer.token_to_id("<|end|>")
        self.system = tokenizer.token_to_id("<|system|>")
        self.user = tokenizer.token_to_id("<|user|>")

    def of(self, ids: list[int]) -> Guide:
        """What the two heads should look at in one dialogue."""
        guide = Guide([], [])
        if ids[0] != self.system:
            return guide
        turns = self._turns(ids)
        known = {
            tuple(ids[a - 3 : a]): self._value(ids, a) for a in self._anchors_in(ids, *turns[0])
        }
        for start, stop in turns[1:]:
            anchors = self._anchors_in(ids, start, stop)
            if ids[start] != self.user or not anchors or not known:
                continue
            said = self._value(ids, anchors[-1])
            right = known.get(tuple(ids[anchors[-1] - 3 : anchors[-1]]), [])
            right = [*right, *[NOWHERE] * (len(said) - len(right))]
            for mine, theirs in zip(said, right, strict=False):
                guide.lookups.append((mine, theirs if ids[mine] == ids[theirs] else NOWHERE))
                guide.readings.append((stop, mine))
        return guide

    def _turns(self, ids: list[int]) -> list[tuple[int, int]]:
        ends = [index + 1 for index, token in enumerate(ids) if token == self.end]
        return list(zip([0, *ends[:-1]], ends, strict=True))

    def _anchors_in(self, ids: list[int], start: int, stop: int) -> list[int]:
        return [index for index in range(start + 3, stop) if ids[index] in self.anchors]

    def _value(self, ids: list[int], anchor: int) -> list[int]:
        stop = anchor + 1
        while ids[stop] in self.inside:
            stop += 1
        return list(range(anchor + 1, stop))
