"""Model folders with tokenizers as Gemma's: SentencePiece with white space and tags as words.

Gemma 1 to 3 are published with tokenizer.model and tokenizer.json, Gemma 4 with the latter alone.
"""

from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from tokenizers import pre_tokenizers as pre
from transformers.convert_slow_tokenizer import generate_merges

from llmq_peer.tokenizer_folders import train_sentencepiece, write

TAGS = ("<table>", "</table>", "<h1>")
LINES = tuple("\n" * n for n in range(1, 9))
RUNS = tuple("▁" * n for n in range(2, 9))
TURNS = ("<start_of_turn>", "<end_of_turn>")
NAMED = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}


def train_gemma(turns: tuple[str, ...] = TURNS) -> bytes:
    """A tokenizer.model with Gemma's first ids, its words and no space in front of a text."""
    return train_sentencepiece(
        vocab_size=1200,
        add_dummy_prefix=False,
        control_symbols=list(turns),
        user_defined_symbols=["<unused0>", *TAGS, *LINES, *RUNS],
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        bos_piece="<bos>",
        eos_piece="<eos>",
    )


def save_gemma(
    folder: Path, model: bytes, *, model_type: str = "gemma3_text", **tokenizer_config: Any
) -> dict[str, Any]:
    """Write tokenizer.model, tokenizer_config.json and config.json; returns the last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model)
    settings = {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True, "add_eos_token": False}
    write(folder / "tokenizer_config.json", {**settings, **NAMED, **tokenizer_config})
    config = {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": model_type,
        "vocab_size": 1216,
        "bos_token_id": 2,
        "eos_token_id": [1, 5],
        "pad_token_id": 0,
    }
    write(folder / "config.json", config)
    return config


def gemma_json(model: bytes, *, words: bool = True, adds_bos: bool = True) -> Tokenizer:
    """The tokenizer.json of such a model as it is published: merges in the order of the scores.

    With `words`, those of the author are added tokens, as in Gemma 1 to 3; in Gemma 4 merges alone
    make them, and no bos is added.
    """
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    vocab = {pieces.id_to_piece(i): i for i in range(pieces.vocab_size())}
    scores = {text: pieces.get_score(i) for text, i in vocab.items()}
    named = ("<pad>", "<eos>", "<bos>", "<unk>")
    special = [text for text, i in vocab.items() if pieces.is_control(i) or text in named]
    merges = generate_merges(vocab, scores, skip_tokens=special)
    bpe = models.BPE(
        vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_special_tokens(special)
    if words:
        added = ["<unused0>", *TAGS, *LINES, *RUNS]
        tokenizer.add_tokens([AddedToken(text, normalized=False) for text in added])
    bos = "<bos> $A" if adds_bos else "$A"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=bos, pair=f"{bos} $B", special_tokens=[("<bos>", 2)]
    )
    return tokenizer


def save_gemma_json(
    folder: Path, tokenizer: Tokenizer, *, model_type: str, **tokenizer_config: Any
) -> dict[str, Any]:
    """The same without tokenizer.model."""
    config = save_gemma(folder, b"", model_type=model_type, **tokenizer_config)
    (folder / "tokenizer.model").unlink()
    tokenizer.save(str(folder / "tokenizer.json"))
    return config
