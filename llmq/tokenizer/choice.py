"""Which file counts where there are both a tokenizer.model and a tokenizer.json.

transformers reads tokenizer.json wherever there is one. Where both hold the same tokens,
tokenizer.model is read: its scores say exactly how SentencePiece merges.
"""

from llmq.errors import TokenizerError
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.sentencepiece_model import SentencePieceModel, read_sentencepiece_model
from llmq.tokenizer.vocabulary import TokenType


def model_in_use(folder: TokenizerFolder) -> tuple[SentencePieceModel | None, tuple[str, ...]]:
    """The tokenizer.model to read, or None for tokenizer.json, and what to say of the choice."""
    path = folder.path / "tokenizer.model"
    if not path.is_file():
        return None, ()
    if not folder.tokenizer:
        return read_sentencepiece_model(path), ()
    try:
        model = read_sentencepiece_model(path)
    except TokenizerError:
        return None, ("tokenizer.model is no SentencePiece model; tokenizer.json is read",)
    difference = _difference(folder, model)
    if not difference:
        return model, ()
    used, rows = "tokenizer.json", folder.vocab_size
    if rows is not None and _size(folder) > rows >= len(model.pieces):
        used = f"tokenizer.model, which fits the embedding's {rows} rows,"
    note = f"tokenizer.model and tokenizer.json disagree ({difference}): {used} is read"
    return model if used.startswith("tokenizer.model") else None, (note,)


def _difference(folder: TokenizerFolder, model: SentencePieceModel) -> str:
    """Where the two hold different tokens or merge in another order; "" where they do not."""
    vocab = _vocab(folder)
    texts = {number: text for text, number in vocab.items()}
    added = {token.id: token.text for token in folder.json_added_tokens}
    for number, piece in enumerate(model.pieces):
        other = added.get(number, texts.get(number))
        if other != piece.text:
            named = "nothing" if other is None else repr(other)
            return f"the id {number} is {piece.text!r} in one, {named} in the other"
    later = [text for text, number in vocab.items() if number >= len(model.pieces)]
    unknown = [text for text in later if text not in added.values()]
    if unknown:
        return f"only tokenizer.json has {unknown[0]!r}"
    return _other_order(folder, model)


def _other_order(folder: TokenizerFolder, model: SentencePieceModel) -> str:
    """The first merge that stands behind one of a lower score."""
    scores = {p.text: p.score for p in model.pieces if p.type == TokenType.NORMAL}
    section = folder.tokenizer.get("model")
    merges = section.get("merges") if isinstance(section, dict) else None
    last = float("inf")
    for merge in merges if isinstance(merges, list) else ():
        parts = merge.split(" ") if isinstance(merge, str) else merge
        text = "".join(map(str, parts)) if isinstance(parts, list) else ""
        score = scores.get(text, last)
        if score > last:
            return f"they merge {text!r} in another order"
        last = score
    return ""


def _vocab(folder: TokenizerFolder) -> dict[str, int]:
    """`model.vocab`; {} where there is none, or Unigram's list, which says how to cut by itself."""
    model = folder.tokenizer.get("model")
    vocab = model.get("vocab") if isinstance(model, dict) else None
    entries = vocab.items() if isinstance(vocab, dict) else ()
    return {text: number for text, number in entries if isinstance(number, int)}


def _size(folder: TokenizerFolder) -> int:
    """One more than the highest id of tokenizer.json's own vocabulary."""
    return max(_vocab(folder).values(), default=-1) + 1
