"""Multiple choice as people write it: what the choices are, and which of them is meant as right."""

from collections import Counter
from collections.abc import Sequence

from llmq.errors import SuiteError
from llmq.suites.fields import Record, brief, field, label, some_text, text, written
from llmq.suites.items import Choice

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def read_choice(
    record: Record, where: str, *, choices: str = "choices", answer: str = "answer"
) -> Choice:
    """The item of a record that holds its choices and its answer under these keys."""
    question = some_text(record, "question", where)
    texts, labels = _options(field(record, choices, where), choices, where)
    if len(texts) < 2:
        raise SuiteError(f"{where}: {len(texts)} of {choices!r} is no choice; give two or more")
    twice = next((each for each, n in Counter(texts).items() if n > 1), None)
    if twice is not None:
        raise SuiteError(f"{where}: the choice {brief(twice)} stands twice; change one of them")
    right = _index(field(record, answer, where), texts, labels, f"{where}: {answer!r}")
    groups = label(record, "subject", where), label(record, "source", where)
    return Choice(text(record, "id", where), question, tuple(texts), right, *groups)


def _options(value: object, key: str, where: str) -> tuple[list[str], list[str]]:
    """The texts and their labels, which are letters where none are given."""
    if isinstance(value, dict):  # as ARC has them: {"text": [...], "label": [...]}
        texts, labels = field(value, "text", where), value.get("label")
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        texts = [field(each, "text", where) for each in value]
        labels = [each.get("label") for each in value]
    else:
        texts, labels = value, None
    if not isinstance(texts, list):
        raise SuiteError(f"{where}: {key!r} must be a list of texts, not {type(texts).__name__}")
    read = [written(each, f"{key} {i}", where) for i, each in enumerate(texts, start=1)]
    if not isinstance(labels, list) or labels == [None] * len(labels):
        return read, list(LETTERS[: len(read)])
    named = [written(each, f"label {i}", where) for i, each in enumerate(labels, start=1)]
    if len(named) != len(read) or len(set(named)) != len(named):
        raise SuiteError(f"{where}: {key!r} needs a label of its own for each text")
    return read, named


def _index(value: object, texts: Sequence[str], labels: Sequence[str], where: str) -> int:
    """The choice that `value` names: by index from 0, by label, or by the text itself.

    Digits in quotes are an index only where no choice is made of digits.
    """
    named = str(value).strip() if isinstance(value, str | int) else ""
    in_digits = any(text.isdecimal() for text in texts)
    if named not in labels and (type(value) is int or (named.isdecimal() and not in_digits)):
        if 0 <= (index := int(named[:9])) < len(texts):
            return index
        raise SuiteError(f"{where} is {brief(value)}, but indices go from 0 to {len(texts) - 1}")
    found = {list(names).index(named) for names in (labels, texts) if named in names}
    if len(found) == 1:
        return found.pop()
    if found:
        raise SuiteError(
            f"{where} {brief(value)} is one choice's label and another's text; write the index"
        )
    raise SuiteError(
        f"{where} is {brief(value)}, which names no choice; write the index (from 0), the label or the text"
    )
