"""What the post-processor of tokenizer.json says of special tokens: their texts, and what is added.

The rules are those of gguf-py's SpecialVocab (gguf/vocab.py).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.json_values import as_list, as_object

Part = Mapping[str, Any]


class Special(NamedTuple):
    """By kind (bos, eos, ...): the token's text, and whether it is added to a text by itself."""

    texts: dict[str, str | None]
    added: dict[str, bool]
    around: tuple[str, ...] = ()
    """All tokens that a template puts around a text, in order."""


def post_processed(folder: TokenizerFolder, texts: dict[str, str | None]) -> Special:
    """`texts` with the special tokens that only the post-processor names, and which it adds."""
    special = Special(texts, {})
    where = folder.where("tokenizer.json", "post_processor")
    if folder.tokenizer.get("post_processor") is None:
        return special
    outer = as_object(folder.tokenizer["post_processor"], where)
    for entry in as_list(outer.get("processors", [outer]), where):
        processor = as_object(entry, where)
        rule = RULES.get(str(processor.get("type")))
        if rule:
            special = rule(processor, special, where)
    return special


def _byte_level(_processor: Part, special: Special, _where: str) -> Special:
    """It adds nothing, unless another step does."""
    kept = {kind: special.added.get(kind, False) for kind in ("bos", "eos")}
    return special._replace(added=special.added | kept)


def _roberta(processor: Part, special: Special, _where: str) -> Special:
    """<s> A </s></s> B </s>, the texts given as cls and sep."""
    texts = dict(special.texts)
    for kind, twin in (("cls", "bos"), ("sep", "eos")):
        pair = processor.get(kind)
        own = pair[0] if isinstance(pair, list) and pair else texts[twin]
        texts[kind] = texts[kind] or (own if isinstance(own, str) else None)
    return special._replace(
        texts=texts, added=special.added | {"bos": True, "eos": True, "sep": True}
    )


def _template(processor: Part, special: Special, where: str) -> Special:
    """A template such as "<s> $A </s>": what stands before and behind the text is added to it."""
    single, pair = (
        [as_object(part, where) for part in as_list(processor.get(name, []), where)]
        for name in ("single", "pair")
    )
    first, last = (_text(single[0]), _text(single[-1])) if len(single) > 1 else (None, None)
    around = tuple(text for part in single if (text := _text(part)) is not None)
    return _with_separator(
        _inner(pair, first, last), last, _with_end(last, _with_begin(first, special))
    )._replace(around=around)


def _with_begin(first: str | None, special: Special) -> Special:
    """`first` stands before the text: it is bos and cls, where these have no text yet."""
    if not first:
        return special
    texts = special.texts | {kind: special.texts[kind] or first for kind in ("bos", "cls")}
    return special._replace(
        texts=texts, added=special.added | {"bos": first in (texts["bos"], texts["cls"])}
    )


def _with_end(last: str | None, special: Special) -> Special:
    """`last` stands behind the text: it is eos, and an eos of another text ends a turn instead."""
    if not last:
        return special
    texts, named = special.texts, special.texts["eos"]
    if named not in (None, last):
        texts = texts | {"eom" if "eot" in texts else "eot": named}
    return special._replace(texts=texts | {"eos": last}, added=special.added | {"eos": True})


def _inner(pair: Sequence[Part], first: str | None, last: str | None) -> Sequence[Part]:
    """A template of two texts without what stands before and behind one text, too."""
    if pair and first and _text(pair[0]) == first:
        pair = pair[1:]
    if pair and last and _text(pair[-1]) == last:
        pair = pair[:-1]
    return pair


def _with_separator(pair: Sequence[Part], last: str | None, special: Special) -> Special:
    """sep or eos between A and B separates the two, the one that ends A not counted."""
    if len(pair) < 3 or (_sequence(pair[0]), _sequence(pair[-1])) != ("A", "B"):
        return special
    known = {special.texts["sep"], special.texts["eos"]} - {None}
    between = [_text(part) in known for part in pair[1:-1]]
    separates = (between[0] and not last) or (len(between) == 2 and between[1])
    texts = special.texts
    if separates:
        texts = texts | {"sep": texts["sep"] or texts["eos"]}
    return special._replace(texts=texts, added=special.added | {"sep": separates})


def _text(part: Part) -> str | None:
    entry = part.get("SpecialToken")
    text = entry.get("id") if isinstance(entry, dict) else None
    return text if isinstance(text, str) and text else None


def _sequence(part: Part) -> object:
    entry = part.get("Sequence")
    return entry.get("id") if isinstance(entry, dict) else None


RULES: Mapping[str, Callable[[Part, Special, str], Special]] = {
    "ByteLevel": _byte_level,
    "RobertaProcessing": _roberta,
    "TemplateProcessing": _template,
}
"""By the type of a step; steps of other types say nothing of special tokens."""
