"""Whether llama.cpp reads texts with both files as the same tokens, and ends replies alike.

Headers can agree and texts still differ, and the other way round: here both files are opened (the
vocabulary alone) and asked.
"""

from collections.abc import Iterator
from pathlib import Path

from llmq.errors import ModelError, one_line
from llmq.files.gguf import open_gguf
from llmq.runtime import Reader, open_reader
from llmq.suites import Message
from llmq.tokenizer.probe_texts import probe_texts
from llmq_eval.gate.evidence import Check

TEXT_CHECKS = ("chat template", "tokens of texts", "end tokens")
SYSTEM = Message("system", "You are a patient tutor.\nGive hints, no answers.")
ASKED = Message("user", "What is 3/4 + 1/8?")
HINT = Message("assistant", "Which denominator do both have in common?\n\n- 8\n- 16")
MORE = Message("user", "  8, I think  ")
# What a chat may hold, with and without a reply that is to come.
CHATS = ([ASKED], [SYSTEM, ASKED], [ASKED, HINT], [SYSTEM, ASKED, HINT, MORE])


def text_checks(base: Path, quant: Path) -> list[Check]:
    """The three of TEXT_CHECKS. Raises ModelError for a base without a chat template."""
    with open_reader(base, fixed_date=True) as one, open_reader(quant, fixed_date=True) as other:
        if one.chat_template.is_plain:
            raise ModelError(
                f"{base}: has no chat template, so that no dialogue can be measured; add it with llmq"
                " metadata, or convert a folder that has one"
            )
        if one.n_vocab != other.n_vocab:
            counts = f"{one.n_vocab} and {other.n_vocab} tokens"
            raise ModelError(f"{base} and {quant} are not of one model ({counts})")
        answers = (_template(one, other), _tokens(one, other), _ends(one, other))
    same = (
        f"it writes {2 * len(CHATS)} chats as the base's",
        "texts become the base's tokens, and these the same texts again",
        "the tokens that end a reply are the base's",
    )
    return [
        Check("integrity", name, "fail" if wrong else "pass", wrong or words)
        for name, wrong, words in zip(TEXT_CHECKS, answers, same, strict=True)
    ]


def _template(base: Reader, quant: Reader) -> str:
    """How the first chat differs that does; nothing where none does."""
    for messages in CHATS:
        for opened in (False, True):
            one, other = (_written(reader, messages, opened) for reader in (base, quant))
            if one != other:
                return _where(one, other)
    return ""


def _written(reader: Reader, messages: list[Message], opened: bool) -> str:
    """The text; where the template refuses the messages, what it says."""
    try:
        return reader.chat_template.render(messages, add_generation_prompt=opened)
    except ModelError as error:
        return str(error).replace(reader.path.name, "it")


def _where(one: str, other: str) -> str:
    """Both texts around the first character that differs."""
    pairs = zip(one, other, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    ours, theirs = (one_line(repr(text[max(at - 12, 0) : at + 12])) for text in (one, other))
    return f"the base writes {ours} where the file writes {theirs}"


def _tokens(base: Reader, quant: Reader) -> str:
    """The first text that is cut in another way, or comes back as another."""
    for text in _texts(base.path):
        one, other = (reader.tokenize(text) for reader in (base, quant))
        if one != other:
            return f"{text!r:.60}: {len(one)} tokens in the base, {len(other)} others in the file"
        ours, theirs = (_joined(reader, one) for reader in (base, quant))
        if ours != theirs:
            return f"{text!r:.60}: comes back as {theirs!r:.60}"
    return ""


def _texts(path: Path) -> Iterator[str]:
    keys = open_gguf(path).metadata
    return probe_texts(*(str(keys.get(f"tokenizer.ggml.{key}", "")) for key in ("model", "pre")))


def _joined(reader: Reader, tokens: list[int]) -> bytes:
    return b"".join(reader.vocabulary.piece(token, special=True) for token in tokens)


def _ends(base: Reader, quant: Reader) -> str:
    """The tokens that end a reply in one file alone."""
    ends = [
        {token for token in range(reader.n_vocab) if reader.is_end(token)}
        for reader in (base, quant)
    ]
    for side, tokens in (("base", ends[0] - ends[1]), ("file", ends[1] - ends[0])):
        if tokens:
            token = min(tokens)
            text = base.vocabulary.text(token)
            return f"{text!r:.40} ({token}) ends a reply in the {side} alone"
    return ""
