"""The tokens of one GGUF file: what they say, and how text becomes tokens."""

import ctypes
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from llmq.errors import ModelError
from llmq.runtime.binding import library
from llmq.runtime.special_tokens import BYTE, CONTROL, UNKNOWN, USER_DEFINED, SpecialToken
from llmq.runtime.unbroken import longest_allowed, longest_run


class Vocabulary:
    """llama.cpp's vocabulary behind `pointer`, which lives as long as its model is open.

    `pre` is the file's name for how text is cut into words before bytes are merged.
    """

    def __init__(self, path: Path, pointer: Any, *, pre: str) -> None:
        self._lib = library()
        self._pointer = pointer
        self.path = path
        self._pre = pre
        self._is_bpe = self._lib.llama_vocab_type(pointer) == self._lib.LLAMA_VOCAB_TYPE_BPE
        self.n_tokens: int = self._lib.llama_vocab_n_tokens(pointer)
        self.bos: int = self._lib.llama_vocab_bos(pointer)  # -1: none
        self.eos: int = self._lib.llama_vocab_eos(pointer)  # -1: none

    @cached_property
    def special_tokens(self) -> tuple[SpecialToken, ...]:
        """Every token that is cut out of a text by its name, the longest name first."""
        found = [
            SpecialToken(name, token, attributes)
            for token, attributes in enumerate(self._attributes)
            if attributes & (CONTROL | UNKNOWN | USER_DEFINED) and (name := self._name(token))
        ]
        return tuple(sorted(found, key=lambda token: -len(token.text.encode())))

    def __contains__(self, token: int) -> bool:
        return 0 <= token < self.n_tokens

    def is_end(self, token: int) -> bool:
        """Whether llama.cpp ends a generation at `token`."""
        return bool(self._lib.llama_vocab_is_eog(self._pointer, token))

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of `text`; with `special`, names of control tokens become their token."""
        self._check_runs(text)
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (self._lib.llama_token * room)()
            count = self._lib.llama_tokenize(
                self._pointer, data, len(data), tokens, room, False, special
            )
            if count >= 0:
                ids: list[int] = tokens[:count]
                return ids
            room = -count  # the room it needs: a space without a token of its own is three bytes

    def _check_runs(self, text: str) -> None:
        allowed = longest_allowed(self._pre) if self._is_bpe else None
        found = 0 if allowed is None else longest_run(text, self._pre, allowed=allowed)
        if found:
            raise ModelError(
                f"the text holds {found} characters without a break between words; the tokenizer of {self.path.name} ({self._pre}) can take {allowed}: put a space between them"
            )

    def spelled(self, token: int) -> list[int]:
        """The text of a special token in smaller tokens, none of them special."""
        text = self._name(token)
        names = [f"<0x{byte:02X}>" for byte in text.encode()]
        if self._bytes.keys() >= set(names):
            return [self._bytes[name] for name in names]
        smaller = [*self.tokenize(text[:1]), *self.tokenize(text[1:])]
        if token in smaller:
            raise ModelError(
                f"{self.path.name} has no tokens for {text!r} but the mark of this name, so it cannot be read as text; leave it out of the message"
            )
        return smaller

    def begun(self, tokens: Sequence[int]) -> list[int]:
        """`tokens` behind the beginning of text where the file asks for one and none is there."""
        wanted = self._lib.llama_vocab_get_add_bos(self._pointer)
        return [self.bos, *tokens] if wanted and tokens[:1] != [self.bos] else [*tokens]

    def text(self, token: int) -> str:
        """The text of a token, control tokens too; nothing for -1, llama.cpp's word for none."""
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of one token; of control tokens only with `special`."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length: int = self._lib.llama_token_to_piece(
                self._pointer, token, buffer, size, 0, special
            )
            if length >= 0:
                return buffer.raw[:length]
            size = -length  # the room it needs

    @cached_property
    def _attributes(self) -> list[int]:
        attribute, pointer = self._lib.llama_vocab_get_attr, self._pointer
        return [attribute(pointer, token) for token in range(self.n_tokens)]

    @cached_property
    def _bytes(self) -> dict[str, int]:
        """The tokens of single bytes, by name; a byte-level vocabulary has none of this kind."""
        return {self._name(i): i for i, bits in enumerate(self._attributes) if bits & BYTE}

    def _name(self, token: int) -> str:
        name: bytes = self._lib.llama_vocab_get_text(self._pointer, token)
        return name.decode("utf-8", "replace")
