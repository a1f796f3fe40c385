"""A chat template of Jinja as one of Go's, for Ollama.

Nothing is translated by its source. What a template writes around messages is cut out of what it
writes for a few of them, and put together anew; then both are held against each other on other
conversations, as Go would write them. A template that is more than texts around messages is thereby
found out, and has no translation.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

from llmq.errors import ModelError
from llmq.runtime.chat_template import ChatTemplate
from llmq.suites import Message

SYSTEM, ASKED, REPLY, AGAIN = "Inertsystem", "Inertquestion", "Inertreply", "Inertanswer"
TALK = (Message("user", ASKED), Message("assistant", REPLY), Message("user", AGAIN))
SAMPLES = (
    "Hello",
    "How much is 3/4 of 20?",
    "One line,\n\nand another",
    "x < 3 & y > 2",
    "Ja, 5 €!",
)
LONGEST = 5  # turns of a student in what both are tried on
NOT_IN_GO = ("{{", '"""')  # a text that holds these would end where it should not


@dataclass(frozen=True)
class Pieces:
    """What stands around messages.

    `before` and `after` a system text, which is the first of all, or with `late` in front of the
    student's last words, as Mistral's templates have it; `start` where there is none, or it is
    late. `asked` follows a student's words, but `opening` the last of them, where the reply begins;
    `replied` follows a reply.
    """

    before: str
    after: str
    start: str
    asked: str
    opening: str
    replied: str
    late: bool = False

    def written(self, system: str, turns: Sequence[Message]) -> str:
        """What Go writes."""
        told = f"{self.before}{system}{self.after}" if system else ""
        parts = [told if told and not self.late else self.start]
        for i, turn in enumerate(turns):
            last = i == len(turns) - 1
            parts.append(told if last and self.late else "")
            closing = self.opening if last else self.asked
            parts += [turn.content, closing if turn.role == "user" else self.replied]
        return "".join(parts)

    def source(self) -> str:
        """The template in Go's words (text/template). Ollama gives it .System and .Messages."""
        told = f"{self.before}{{{{ $.System }}}}{self.after}"
        first = f"{{{{ if .System }}}}{told}{{{{ else }}}}{self.start}{{{{ end }}}}"
        with_last = f"{{{{ if and $last $.System }}}}{told}{{{{ end }}}}"
        closing = self.opening
        if self.asked != self.opening:
            closing = f"{{{{ if $last }}}}{self.opening}{{{{ else }}}}{self.asked}{{{{ end }}}}"
        return (
            f"{self.start if self.late else first}"
            "{{ range $i, $_ := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
            f'{{{{ if eq .Role "user" }}}}{with_last if self.late else ""}{{{{ .Content }}}}{closing}'
            f'{{{{ else if eq .Role "assistant" }}}}{{{{ .Content }}}}{self.replied}'
            "{{ end }}{{ end }}"
        )


def translated(template: ChatTemplate, *, without_bos: bool) -> str | None:
    """The template for Ollama; None where it has none.

    `without_bos`: llama.cpp puts the beginning of text in front itself.
    """
    try:
        pieces = _pieces(template)
        if pieces is None or not _same(template, pieces):
            return None
    except ModelError:
        return None
    bos = template.bos if without_bos else ""
    start, before = pieces.start.removeprefix(bos), pieces.before.removeprefix(bos)
    texts = [text for text in astuple(pieces) if isinstance(text, str)]
    if any(mark in text for text in texts for mark in NOT_IN_GO):
        return None
    return replace(pieces, start=start, before=before).source()


def _pieces(template: ChatTemplate) -> Pieces | None:
    bare = _cut(template, TALK, [ASKED, REPLY, AGAIN])
    if bare is None:
        return None
    start, asked, replied, opening = bare
    told = [Message("system", SYSTEM), *TALK]
    if first := _cut(template, told, [SYSTEM, ASKED, REPLY, AGAIN]):
        return Pieces(first[0], first[1], start, asked, opening, replied)
    if last := _cut(template, told, [ASKED, REPLY, SYSTEM, AGAIN]):
        before = last[2].removeprefix(replied)
        return Pieces(before, last[3], start, asked, opening, replied, late=True)
    return None


def _cut(
    template: ChatTemplate, messages: Sequence[Message], words: Sequence[str]
) -> list[str] | None:
    """What is written around the words; None where they do not stand there once, in this order."""
    text, parts = template.render(messages, add_generation_prompt=True), []
    for word in words:
        if text.count(word) != 1:
            return None
        part, _, text = text.partition(word)
        parts.append(part)
    return [*parts, text]


def _same(template: ChatTemplate, pieces: Pieces) -> bool:
    """Whether both write the same of conversations of other lengths and words."""
    for n in range(1, LONGEST + 1):
        texts = [SAMPLES[(n + i) % len(SAMPLES)] for i in range(2 * n - 1)]
        turns = [Message("assistant" if i % 2 else "user", t) for i, t in enumerate(texts)]
        for system in ("", "Be kind."):
            messages = [Message("system", system), *turns] if system else turns
            rendered = template.render(messages, add_generation_prompt=True)
            if rendered != pieces.written(system, turns):
                return False
    return True
