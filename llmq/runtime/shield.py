"""Messages whose marks are out of sight: what a template writes around them is its own.

A shield puts stand-ins, characters that occur nowhere else, for what could become a mark in a
message. A template treats them as the ordinary characters that they are. Where the text that it
then writes is the ordinary one once the stand-ins are taken back, every mark that is still in sight
was written by the template.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from llmq.suites import Message

PRIVATE_USE = ((0xE000, 0xF900), (0xF0000, 0xFFFFE), (0x100000, 0x10FFFE))  # Unicode 23.5


@dataclass(frozen=True)
class Shield:
    """`stand_ins` by the text that they stand for; `border` goes in front of each content.

    `words`: names that an assistant's turn may hold, since the model itself writes them there.
    """

    stand_ins: Mapping[str, str]
    border: str
    words: Collection[str]

    def hide(self, message: Message) -> Message:
        """The message with stand-ins."""
        words = self.words if message.role == "assistant" else ()
        core = message.content.lstrip()
        space = message.content[: len(message.content) - len(core)]
        return replace(message, content=space + (core and self.border + self._hidden(core, words)))

    def _hidden(self, text: str, words: Collection[str]) -> str:
        chars = {name: name if name in words else char for name, char in self.stand_ins.items()}
        names = sorted({*chars, *words}, key=len, reverse=True)
        pattern = "|".join(map(re.escape, names))
        return re.sub(pattern, lambda m: chars.get(m[0], m[0]), text) if names else text

    def restore(self, text: str) -> str:
        """`text` with everything as it was."""
        back = {ord(char): name for name, char in self.stand_ins.items()}
        return text.translate(back | ({ord(self.border): ""} if self.border else {}))


def shields(
    messages: Sequence[Message], taken: str, *, marks: Collection[str], words: Collection[str]
) -> Iterator[Shield]:
    """First a shield that lets nothing of a message become a part of a mark, then a lighter one.

    The first hides every character with which a mark can begin, the second whole marks and no more,
    for templates that look at what is written. `taken` is text that stand-ins must not occur in;
    `words` are those of the `marks` that an assistant may write.
    """
    texts = [message.content for message in messages]
    beginnings = sorted({mark[0] for mark in marks})
    present = [mark for mark in marks if any(mark in text for text in texts)]
    used = set(taken).union(*texts)
    for names, bordered in ((beginnings, True), (present, False)):
        spare = (char for char in _private_use() if char not in used)
        chars = list(islice(spare, len(names) + 1))
        if len(chars) > len(names):
            stand_ins = dict(zip(names, chars, strict=False))
            yield Shield(stand_ins, chars[-1] if bordered else "", words)


def _private_use() -> Iterator[str]:
    return map(chr, chain.from_iterable(range(*block) for block in PRIVATE_USE))
