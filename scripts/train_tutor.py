"""Train the bundled tutor from nothing, on dialogues of llmq.practice: about an hour on two cores.

Deterministic for a seed, a number of threads and a torch version. Every --save-every steps the whole state is saved
into --work, and a run that finds a state there goes on from it.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F  # noqa: N812 - the name every torch program uses
from tokenizers import Tokenizer
from torch import Tensor
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from llmq.practice.dialogues import Role, Turn, dialogues
from llmq.practice.phrases import FORMS, Verdict
from llmq.practice.topics import Split
from scripts.muon import Muon
from scripts.tutor_drill import drill
from scripts.tutor_guide import LOOKUP_LAYER, READING_LAYER, Guide, Guides
from scripts.tutor_tokenizer import END, OPENERS, VOCABULARY, save_tokenizer, train_tokenizer

CONTEXT = 1024
DRILLS = (128, 64)  # in the first pools, of POOL examples; the last stays
GUIDING = 1.0  # weight of the guides
GUIDED = range(700, 1100)  # steps in which the guides fade to nothing
WARM_UP, COOL_DOWN = 40, 1000  # steps
TOKENIZER_DIALOGUES = 5000
POOL = 1024  # dialogues that are sorted by length together, so that a batch needs little padding
WEIGHTS = {Role.SYSTEM: 0.3, Role.STUDENT: 0.6, Role.TUTOR: 1.0}
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
    lookups: Tensor  # (n, 3): row, from, to
    readings: Tensor  # likewise


@cache
def guides_for(tokenizer: Tokenizer) -> Guides:
    """The finder of values, made once."""
    return Guides(tokenizer)


def encode(turns: Sequence[Turn], tokenizer: Tokenizer) -> Example:
    """The tokens of the chat template, turn by turn."""
    ids: list[int] = []
    weights: list[float] = []
    openings = []
    for turn in turns:
        said = tokenizer.encode(f"{OPENERS[turn.role]}{turn.text}{END}").ids
        weight = WEIGHTS[turn.role]
        if turn.meaning:
            openings.append((len(ids) + 1, turn.meaning.verdict))
        ids += said
        weights += [0.1] + [weight] * (len(said) - 1)
    for index, _ in openings:
        weights[index] = VERDICT_WEIGHT
    return Example(ids, weights, openings, guides_for(tokenizer).of(ids))


def batches(examples: list[Example], tokens: int) -> Iterator[Batch]:
    """Batches of at most `tokens` tokens, padding included, of examples of like length."""
    waiting: list[Example] = []
    for example in sorted(examples, key=lambda item: len(item.ids)):
        if len(example.ids) * (len(waiting) + 1) > tokens and waiting:
            yield collate(waiting)
            waiting = []
        waiting.append(example)
    yield collate(waiting)


def collate(examples: list[Example]) -> Batch:
    """One padded batch; padding has weight 0 and stands after everything that could see it."""
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


def pool(seed: int, tokenizer: Tokenizer, tokens: int, *, drills: int) -> list[Batch]:
    """The shuffled batches of one pool of training dialogues and some drills."""
    rng = Random(seed)
    examples = [encode(item.turns, tokenizer) for item in islice(dialogues(seed), POOL - drills)]
    examples += [encode(drill(rng), tokenizer) for _ in range(drills)]
    shuffled = list(batches([item for item in examples if len(item.ids) <= CONTEXT], tokens))
    rng.shuffle(shuffled)
    return shuffled


def pool_at(number: int, tokenizer: Tokenizer, arguments: argparse.Namespace) -> list[Batch]:
    """The pool of that number: the first is mostly drills, later ones have few and then none."""
    drills = DRILLS[min(number, len(DRILLS) - 1)]
    return pool(1_000_000 * arguments.seed + number, tokenizer, arguments.tokens, drills=drills)


def new_model() -> LlamaForCausalLM:
    """The tutor's architecture: every row a multiple of 256, so that every GGUF block format fits."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=256,
            intermediate_size=768,
            num_hidden_layers=6,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            max_position_embeddings=CONTEXT,
            rope_theta=10000.0,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=None,
            use_cache=False,
        )
    )


def loss_of(model: LlamaForCausalLM, batch: Batch, guiding: float) -> tuple[Tensor, Tensor]:
    """Weighted cross entropy of every token but the first, in nats; and with the guides' added."""
    out = model(input_ids=batch.ids, output_attentions=guiding > 0)
    logits = out.logits[:, :-1]  # (n, longest - 1, vocabulary)
    losses = F.cross_entropy(logits.flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none")
    weights = batch.weights[:, 1:].flatten()
    loss = (losses * weights).sum() / weights.sum()
    guided = loss
    if guiding > 0 and len(batch.lookups):
        for layer, pairs in ((LOOKUP_LAYER, batch.lookups), (READING_LAYER, batch.readings)):
            attention = out.attentions[layer][:, 0]  # (n, longest, longest) of the first head
            told = attention[pairs[:, 0], pairs[:, 1], pairs[:, 2]]
            guided = guided - guiding * (told + 1e-6).log().mean()
    return loss, guided


class Judge:
    """Held-out dialogues, and how often the model's most likely first token has the right verdict."""

    def __init__(self, tokenizer: Tokenizer, count: int) -> None:
        """Encode `count` held-out dialogues once."""
        held_out = [encode(d.turns, tokenizer) for d in islice(dialogues(77, Split.HELD_OUT), count)]
        self.batches = list(batches(held_out, 8192))
        self.verdicts = {
            tokenizer.encode(opening).ids[0]: form.verdict
            for form in FORMS.values()
            for opening in form.openings
        }

    @torch.no_grad()
    def measure(self, model: LlamaForCausalLM) -> dict[str, float]:
        """Loss, and accuracy over turns that judge, by verdict."""
        right = {verdict: [0, 0] for verdict in Verdict}
        loss = 0.0
        for batch in self.batches:
            logits = model(input_ids=batch.ids).logits
            losses = F.cross_entropy(logits[:, :-1].flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none")
            weights = batch.weights[:, 1:].flatten()
            loss += float((losses * weights).sum() / weights.sum()) / len(self.batches)
            for row, index, verdict in batch.openings:
                said = self.verdicts.get(int(logits[row, index - 1].argmax()))
                right[verdict][0] += said is verdict
                right[verdict][1] += 1
        return {"loss": loss} | {str(v): hits / total for v, (hits, total) in right.items()}


def guiding_at(step: int) -> float:
    """The guides' weight: level, then linearly to 0."""
    return GUIDING * min(1.0, max(0.0, (GUIDED.stop - step) / len(GUIDED)))


def rate_at(step: int, steps: int) -> float:
    """A learning rate factor: up over the warm-up, level, then linearly to 0 over the last steps."""
    return min(1.0, (step + 1) / WARM_UP, (steps - step) / COOL_DOWN)


def trained(arguments: argparse.Namespace, tokenizer: Tokenizer) -> LlamaForCausalLM:
    """The model after all steps."""
    torch.manual_seed(arguments.seed)
    model = new_model()
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.1)
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0)
    judge = Judge(tokenizer, arguments.judged)
    step = pools = used = tokens = 0
    state_file = arguments.work / "state.pt"
    if state_file.exists():
        state = torch.load(state_file)
        model.load_state_dict(state["model"])
        adam.load_state_dict(state["adam"])
        for mine, saved in zip(muon.momenta, state["momenta"], strict=True):
            mine.copy_(saved)
        step, pools, used, tokens = state["position"]
        print(f"going on from step {step}", flush=True)
    started, running, told = time.monotonic(), 0.0, 0.0
    first = step
    while step < arguments.steps:
        for batch in pool_at(pools, tokenizer, arguments)[used:]:
            guiding = guiding_at(step)
            model.set_attn_implementation("eager" if guiding > 0 else "sdpa")
            loss, guided = loss_of(model, batch, guiding)
            guided.backward()
            torch.nn.utils.clip_grad_norm_(others, 1.0)
            rate = rate_at(step, arguments.steps)
            for group in adam.param_groups:
                group["lr"] = arguments.adam_rate * rate
            adam.step()
            adam.zero_grad(set_to_none=True)
            muon.step(arguments.muon_rate * rate)
            step, used = step + 1, used + 1
            tokens += int((batch.weights > 0).sum())
            running += float(loss.detach())
            told += float(guided.detach() - loss.detach())
            if step % 20 == 0:
                seconds = (time.monotonic() - started) / (step - first)
                print(f"step {step} loss {running / 20:.4f} guide {told / 20:.3f} tokens {tokens} {seconds:.3f} s/step", flush=True)
                running = told = 0.0
            if step % arguments.save_every == 0 or step == arguments.steps:
                model.eval()
                print("held out", {k: round(v, 4) for k, v in judge.measure(model).items()}, flush=True)
                model.train()
                position = (step, pools, used, tokens)
                partial = state_file.with_suffix(".partial")
                torch.save(
                    {"model": model.state_dict(), "adam": adam.state_dict(), "momenta": muon.momenta, "position": position},
                    partial,
                )
                partial.replace(state_file)
            if step == arguments.steps:
                break
        else:
            pools, used = pools + 1, 0
    return model


def save(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the checkpoint folder, every weight rounded to BF16 once."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.to(torch.bfloat16)
    model.generation_config = GenerationConfig(do_sample=False, bos_token_id=0, eos_token_id=0)
    model.save_pretrained(folder)
    save_tokenizer(tokenizer, folder, context=CONTEXT)


def main() -> int:
    """Train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("eval/tutor"))
    parser.add_argument("--work", type=Path, default=Path("build/tutor"), help="where the state is kept")
    parser.add_argument("--steps", type=int, default=3600)
    parser.add_argument("--tokens", type=int, default=1536, help="tokens a step")
    parser.add_argument("--muon-rate", type=float, default=0.01)
    parser.add_argument("--adam-rate", type=float, default=0.001)
    parser.add_argument("--save-every", type=int, default=200)
    parser.add_argument("--judged", type=int, default=80, help="held-out dialogues in each measurement")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    texts = (turn.text for item in islice(dialogues(arguments.seed), TOKENIZER_DIALOGUES) for turn in item.turns)
    tokenizer = train_tokenizer(texts)
    model = trained(arguments, tokenizer)
    save(model, tokenizer, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
