"""The bundled tutor's network, what it is trained to minimise, and how well it judges meanwhile."""

from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name every torch program uses
from tokenizers import Tokenizer
from torch import Tensor
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from llmq.practice.dialogues import dialogues
from llmq.practice.phrases import FORMS, Verdict
from llmq.practice.topics import Split
from scripts.tutor.examples import Batch, Encoder, batches
from scripts.tutor.guide import LOOKUP_LAYER, NOWHERE, READING_LAYER, start_matching
from scripts.tutor.tokenizer import CONTEXT, VOCABULARY, save_tokenizer

EMBEDDING_SCALE = 0.1  # large enough that numbers stay distinct while all of them drift together
HELD_OUT_SEED = 77


def new_model(seed: int) -> LlamaForCausalLM:
    """A fresh tutor: every row a multiple of 256, so that every GGUF block format fits."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=256,
            intermediate_size=768,
            num_hidden_layers=6,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=None,
            use_cache=False,
        )
    )
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=EMBEDDING_SCALE)
    start_matching(model)
    return model


def loss_of(model: LlamaForCausalLM, batch: Batch, guiding: float) -> tuple[Tensor, Tensor]:
    """The text's loss, and its sum with `guiding` times the guides' loss; both in nats."""
    model.set_attn_implementation("eager" if guiding else "sdpa")  # only eager shows where it looks
    out = model(input_ids=batch.ids, output_attentions=guiding > 0)
    loss = text_loss(out.logits, batch)
    guided = loss
    if guiding and len(batch.lookups):
        for layer, pairs in ((LOOKUP_LAYER, batch.lookups), (READING_LAYER, batch.readings)):
            attention = out.attentions[layer][:, 0]  # (n, longest, longest) of the first head
            losses = -(attention[pairs[:, 0], pairs[:, 1], pairs[:, 2]] + 1e-6).log()
            somewhere = pairs[:, 2] != NOWHERE
            for part in (losses[somewhere], losses[~somewhere]):
                guided = guided + guiding * part.mean() if len(part) else guided
    return loss, guided


def text_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Weighted cross entropy of every token but the first, in nats."""
    losses = F.cross_entropy(
        logits[:, :-1].flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none"
    )
    weights = batch.weights[:, 1:].flatten()
    return (losses * weights).sum() / weights.sum()


class Judge:
    """Held-out dialogues; how often the likeliest first token of a tutor turn judges rightly."""

    def __init__(self, encoder: Encoder, count: int) -> None:
        """Encode `count` held-out dialogues once."""
        held_out = islice(dialogues(HELD_OUT_SEED, Split.HELD_OUT), count)
        self.batches = list(batches([encoder.example(item.turns) for item in held_out], 8192))
        self.verdicts = {
            encoder.tokenizer.encode(opening).ids[0]: form.verdict
            for form in FORMS.values()
            for opening in form.openings
        }

    @torch.no_grad()
    def measure(self, model: LlamaForCausalLM) -> dict[str, float]:
        """Loss in nats, and the share judged rightly by the verdict that is due."""
        right: dict[Verdict, list[bool]] = {verdict: [] for verdict in Verdict}
        loss = 0.0
        for batch in self.batches:
            logits = model(input_ids=batch.ids).logits
            loss += float(text_loss(logits, batch)) / len(self.batches)
            for row, index, verdict in batch.openings:
                said = self.verdicts.get(int(logits[row, index - 1].argmax()))
                right[verdict].append(said is verdict)
        shares = {str(verdict): sum(hits) / len(hits) for verdict, hits in right.items()}
        return {"loss": loss} | shares


def save(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the checkpoint folder, every weight rounded to BF16 once."""
    folder.mkdir(parents=True, exist_ok=True)
    model.bfloat16()
    model.config.use_cache = True
    settings = {"do_sample": False, "bos_token_id": 0, "eos_token_id": 0}
    model.generation_config = GenerationConfig.from_dict(settings)
    model.save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
