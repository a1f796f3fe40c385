"""Where the tutor's training starts from: a network that can already look a value up and compare it.

Judging a step means: find the place in the system turn where the same calculation stands, read the value after it,
compare it with what the student wrote. Gradient descent finds this circuit from random weights too, but late and
suddenly (Olsson et al. 2022, "In-context Learning and Induction Heads"), and an hour on two cores is short. So the
first three layers start from the circuit itself, written down below; training then changes every weight freely.

    residual, 256 wide:  code | code 1 back | 2 back | 3 back | 4 back | predicted | predicted 1 back | free, constant
    layer 0   four heads, each looks a fixed number of tokens back and copies the code found there
    layer 1   two heads look for the place whose 4 previous codes are the last 4 here, and copy its code
    layer 2   one head copies the prediction of the token before; the MLP multiplies prediction and code
"""

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

CODE = 32  # width of a token's random code of +-1, and of every slot
HEAD = 64
CONSTANT = 255
PREDICTED, PREDICTED_BACK, MATCH = 5 * CODE, 6 * CODE, 7 * CODE
SMALL = 0.1  # the residual stream's scale: logits are products with the tied embedding
FAST = 14  # rotary pairs that turn fast enough to tell neighbours apart
SLOW = range(20, 32)  # rotary pairs that hardly turn within a dialogue
FOCUS, LOOKUP = 48.0, 5.6  # products of query and key scales: about 6 nats between neighbours


@torch.no_grad()
def start_comparing(model: LlamaForCausalLM) -> None:
    """Write the circuit over the random weights of `model`."""
    embedding = model.model.embed_tokens.weight  # (vocabulary, hidden)
    embedding[:, :CODE] = SMALL * (2.0 * torch.randint(0, 2, (len(embedding), CODE)) - 1.0)
    embedding[:, CODE : MATCH] = 0.0
    embedding[:, MATCH:] = 0.5 * SMALL * torch.randn(len(embedding), 256 - MATCH)
    embedding[:, CONSTANT] = 3 * SMALL
    first, second, third = (layer for layer in model.model.layers[:3])
    for head in range(4):
        look_back(first.self_attn, head, distance=head + 1)
        copy_code(first.self_attn, head, source=0, target=(head + 1) * CODE)
    for head in (0, 2):
        look_up(second.self_attn, head)
        copy_code(second.self_attn, head, source=0, target=PREDICTED)
    look_back(third.self_attn, 0, distance=1)
    copy_code(third.self_attn, 0, source=PREDICTED, target=PREDICTED_BACK)
    compare(third.mlp)


def look_back(attention: torch.nn.Module, head: int, *, distance: int) -> None:
    """Make query head `head` attend to the token `distance` back, by rotary phase alone."""
    pairs = torch.arange(FAST)
    angle = distance * 10000.0 ** (-pairs / 32.0)
    scale = FOCUS**0.5 / 4.0  # the constant is about 4 after normalisation
    query, key = _rows(attention.q_proj, head), _rows(attention.k_proj, head // 2)
    query.zero_()
    query[pairs, CONSTANT] = scale * torch.cos(angle)
    query[pairs + 32, CONSTANT] = -scale * torch.sin(angle)
    key.zero_()
    key[pairs, CONSTANT] = scale


def look_up(attention: torch.nn.Module, head: int) -> None:
    """Make query head `head` attend to where the four codes before are the last four codes here."""
    slots = torch.tensor([*SLOW, *(pair + 32 for pair in SLOW)])  # 24: six code bits of four tokens
    query, key = _rows(attention.q_proj, head), _rows(attention.k_proj, head // 2)
    query.zero_()
    key.zero_()
    bits = torch.arange(6) + (6 * (head // 2))
    for back in range(4):
        rows = slots[6 * back : 6 * back + 6]
        query[rows, back * CODE + bits] = LOOKUP**0.5
        key[rows, (back + 1) * CODE + bits] = LOOKUP**0.5


def copy_code(attention: torch.nn.Module, head: int, *, source: int, target: int) -> None:
    """Make what head `head` reads at `source` arrive at `target`, at the residual stream's scale."""
    bits = torch.arange(CODE)
    value = _rows(attention.v_proj, head // 2)
    value[:CODE] = 0.0
    value[bits, source + bits] = 1.0
    attention.o_proj.weight[target + bits, head * HEAD + bits] += 0.6 * SMALL


def compare(mlp: torch.nn.Module) -> None:
    """Make the MLP put the scalar product of code and predicted code into MATCH.

    silu(a) b + silu(-a) (-b) = a b: two hidden units multiply two numbers exactly.
    """
    bits = torch.arange(CODE)
    for units, sign in ((bits, 1.0), (bits + CODE, -1.0)):
        for matrix, source in ((mlp.gate_proj.weight, PREDICTED_BACK), (mlp.up_proj.weight, 0)):
            matrix[units] = 0.0
            matrix[units, source + bits] = sign
        mlp.down_proj.weight[:, units] = 0.0
        mlp.down_proj.weight[MATCH, units] = 0.15 * SMALL


def _rows(projection: torch.nn.Linear, head: int) -> Tensor:
    return projection.weight[head * HEAD : (head + 1) * HEAD]
