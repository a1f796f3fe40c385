"""Whether llama.cpp does with a file what transformers does with the folder it was made of."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from llmq.files.gguf import open_gguf
from llmq.runtime import EXACT, Model, open_model
from llmq.suites import Message
from llmq_peer.texts import probe_texts
from tests.field.case import Case, Converts
from tests.oracles.llama_vocab import LlamaVocabulary

TOLERANCE = 1e-4
"""Of a logit, against the largest logit where that is above one."""
CHAT = (("user", "What is 3/4 of 20?"), ("assistant", "Half of it first?"), ("user", "10"))


def check_like_transformers(case: Case, folder: Path, path: Path) -> None:
    """Assert that tokens, ends of a reply, prompts and logits are those of transformers."""
    assert isinstance(case.right, Converts)
    # Of an adapter that was merged, transformers would add what it finds once more.
    (folder / "adapter_config.json").unlink(missing_ok=True)
    original = AutoTokenizer.from_pretrained(folder)
    theirs: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with open_model(path, how=EXACT, threads=1) as model:
        check_ids(case, case.right, original, model, path)
        check_ends(case.right, original, theirs, model)
        if case.right.prompts:
            check_prompts(case, original, model)
        check_logits(theirs, model)


def gets_another_prefix(case: Case, text: str) -> bool:
    """What the defect "prefix" is about: a space in front, or text behind a special token."""
    pieces = [text]
    for special in case.base.special:
        pieces = [part for piece in pieces for part in piece.split(special)]
    return text.startswith(" ") or any(pieces[1:])


EXPLAINED: dict[str, Callable[[Case, str], bool]] = {
    "prefix": gets_another_prefix,
    "": lambda _case, _text: False,
}


def check_ids(case: Case, right: Converts, original: Any, model: Model, path: Path) -> None:
    """The same ids for every text, with and without the tokens that are added by themselves."""
    explained = EXPLAINED[case.base.unlike]
    texts = [t for t in probe_texts(case.base.special, case.n_texts) if not explained(case, t)]
    if case.known_only:
        letters = {" "} | {token for token in original.get_vocab() if len(token) == 1}
        texts = [text for text in texts if letters.issuperset(text)]
    assert len(texts) >= 200
    with LlamaVocabulary(open_gguf(path).metadata, path.parent) as vocabulary:
        for text in texts:
            expected = original.encode(text, add_special_tokens=False)
            assert model.tokenize(text, special=True) == expected, text
            if right.around:
                assert vocabulary.ids(text) == original.encode(text), text


def check_ends(right: Converts, original: Any, theirs: Any, model: Model) -> None:
    """A reply ends where transformers' `generate` ends it, and at no ordinary token."""
    wanted = set(original.convert_tokens_to_ids(list(right.ends)))
    named = theirs.generation_config.eos_token_id
    wanted |= set(named if isinstance(named, list) else [named]) - {None}
    missing = [token for token in wanted if token < model.n_vocab and not model.is_end(token)]
    assert missing == []
    special = {*original.all_special_ids, *original.added_tokens_decoder}
    ends = {token for token in range(model.n_vocab) if model.is_end(token)}
    assert ends <= wanted | special


def check_prompts(case: Case, original: Any, model: Model) -> None:
    """The tokens of a chat by the folder's template."""
    chat = [{"role": role, "content": content} for role, content in CHAT]
    for count in (1, 3):
        text = original.apply_chat_template(
            chat[:count], tokenize=False, add_generation_prompt=True
        )
        if not EXPLAINED[case.base.unlike](case, text):
            expected = original.encode(text, add_special_tokens=False)
            assert model.prompt([Message(*turn) for turn in CHAT[:count]]) == expected, text


def check_logits(theirs: Any, model: Model) -> None:
    """The same logits after every token of two texts, to rounding."""
    for seed, count in ((0, 24), (1, 7)):
        tokens = np.random.default_rng(seed).integers(0, model.n_vocab, count).tolist()
        with torch.no_grad():
            expected = theirs(torch.tensor([tokens])).logits[0].numpy()
        found = model.logits(tokens)
        assert found.shape == expected.shape
        scale = max(1.0, float(np.abs(expected).max()))
        assert float(np.abs(found - expected).max()) <= TOLERANCE * scale
        assert spread(expected) > 1  # agreement means something


def spread(logits: Sequence[Any]) -> float:
    """How far from uniform the distributions are: the mean standard deviation of their logits."""
    return float(np.std(np.asarray(logits), axis=1).mean())
