"""From messages to tokens: only what the template itself writes becomes a mark, text stays text.

A template puts marks such as <|im_end|> around messages, and the vocabulary has a token for each.
A student may write the same characters. Read as tokens they would end the turn, and forge the next
one; so a message's text is read as text, and only the template's own marks are read as tokens.

Which marks are its own, the template shows by writing the messages again with their marks hidden
(`Shield`). Where that cannot be told, because the template changes what it is given, the marks of
the text must at least be those that it writes around messages without any. What remains open is a
template that makes a mark out of pieces of a message, none of which is one, by a change of its own.

Marks are the names of control tokens and of all that end a reply, and those words with a token of
their own that the template uses as if they were marks (gpt-oss builds its turns of them, Qwen3 its
thoughts); the assistant, who writes such words as tokens, keeps them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from llmq.errors import ModelError
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.ends import Ends
from llmq.runtime.shield import Shield, shields
from llmq.runtime.special_tokens import CONTROL, SpecialToken, at_marks, partition
from llmq.runtime.vocabulary import Vocabulary
from llmq.suites import Message

# A word such as <think>, and no word of a language; in one way only, for a name may be very long.
BRACKETED = re.compile(r"\W+\w.*\W")

Part = tuple[str, int | None]  # a text, or the name of a mark and its token


@dataclass(frozen=True)
class Transcript:
    """Messages as their model reads them."""

    text: str
    tokens: list[int]


class Transcriber:
    """Writes messages by `template` for the model with this `vocabulary` and these `ends`."""

    def __init__(self, vocabulary: Vocabulary, template: ChatTemplate, ends: Ends) -> None:
        self._vocabulary = vocabulary
        self._template = template
        self._ends = ends

    def write(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> Transcript:
        """The messages, with the opening of the assistant's next turn if asked for.

        Raises ModelError where a mark in a message cannot be told from the template's own.
        """
        text = self._template.render(messages, add_generation_prompt=add_generation_prompt)
        tokens = self._vocabulary.tokenize(text, special=True)
        if self._marks:
            own, every = self._own(messages, text, add_generation_prompt), self._parts(text)
            if own != every:
                if self._tokens(every) != tokens:  # llama.cpp cuts in other places than we
                    raise self._cannot_tell(messages)
                tokens = self._tokens(own)
        return Transcript(text, self._vocabulary.begun(tokens))

    def _own(self, messages: Sequence[Message], text: str, prompt: bool) -> list[Part]:
        """`text` cut at the marks that are the template's own."""
        words = [token.text for token in self._words]
        names = [token.text for token in self._marks.values()]
        for shield in shields(messages, text, marks=names, words=words):
            shown = self._render([shield.hide(message) for message in messages], prompt)
            if shield.restore(shown) == text:
                found = self._parts(shown, shield)
                if shield.border or self._as_around_plain_text(found, messages, prompt):
                    return found
        found = self._parts(text)
        if self._held(messages) and not self._as_around_plain_text(found, messages, prompt):
            raise self._cannot_tell(messages)
        return found

    def _as_around_plain_text(
        self, parts: list[Part], messages: Sequence[Message], prompt: bool
    ) -> bool:
        """Whether the marks are those that the template writes around messages without any."""
        inert = [replace(m, content=m.content.strip() and "Inert") for m in messages]
        return _marks(parts) == _marks(self._parts(self._render(inert, prompt)))

    def _render(self, messages: Sequence[Message], prompt: bool) -> str:
        try:
            return self._template.render(messages, add_generation_prompt=prompt)
        except ModelError:  # it refuses the stand-ins, or that a message has been replaced
            return ""

    def _parts(self, text: str, shield: Shield | None = None) -> list[Part]:
        spans = partition(text, self._vocabulary.special_tokens)
        parts: list[Part] = []
        for span in at_marks(spans, frozenset(self._marks)):
            part = text[span.start : span.stop]
            mark = span.token.id if span.token else None
            parts.append((shield.restore(part) if shield else part, mark))
        return parts

    def _tokens(self, parts: Sequence[Part]) -> list[int]:
        tokens: list[int] = []
        for text, mark in parts:
            tokens += self._plain(text) if mark is None else [mark]
        return tokens

    def _plain(self, text: str) -> list[int]:
        """The tokens of `text`, where no name stands for a mark.

        llama.cpp reads the names of words nevertheless, and in a SentencePiece vocabulary smaller
        tokens may be joined to the name of a control token.
        """
        tokens: list[int] = []
        for token in self._vocabulary.tokenize(text):
            mark = self._marks.get(token)
            is_name = mark and (mark.attributes & CONTROL or not mark.is_control)
            tokens += self._vocabulary.spelled(token) if is_name else [token]
        return tokens

    def _held(self, messages: Sequence[Message]) -> str | None:
        """The first mark that a message holds."""
        names = (token.text for token in self._marks.values())
        return next((name for name in names if any(name in m.content for m in messages)), None)

    def _cannot_tell(self, messages: Sequence[Message]) -> ModelError:
        held = self._held(messages)
        what = f"holds {held!r}, a mark" if held else "completes a mark"
        return ModelError(
            f"a message {what} of {self._template.name}, whose chat template changes what it is given, so that the two cannot be told apart; leave the mark out"
        )

    @cached_property
    def _marks(self) -> dict[int, SpecialToken]:
        special = self._vocabulary.special_tokens
        marks = [token for token in special if token.is_control or token.id in self._ends]
        return {token.id: token for token in (*marks, *self._words)}

    @cached_property
    def _words(self) -> list[SpecialToken]:
        """The words among the marks."""
        talk = [Message(role, "Inert") for role in ("user", "assistant")]
        used = self._template.source + self._render(talk, prompt=True)
        special = self._vocabulary.special_tokens
        tokens = (t for t in special if not t.is_control and t.id not in self._ends)
        return [t for t in tokens if BRACKETED.fullmatch(t.text) and t.text in used]


def _marks(parts: Sequence[Part]) -> list[int]:
    return [mark for _, mark in parts if mark is not None]
